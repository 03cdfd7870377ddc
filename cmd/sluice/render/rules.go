package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/ruling"
)

// RuleList is the rules in force, and what people decided beside them.
type RuleList struct {
	Rules     []ListedRule     `json:"rules"`     // by id
	Approvals []ListedApproval `json:"approvals"` // by file
	now       time.Time
}

// ListedRule is a rule and its waivers.
type ListedRule struct {
	policy.Rule
	Waivers []ListedWaiver `json:"waivers,omitempty"`
}

// ListedWaiver is a waiver as it stands now.
type ListedWaiver struct {
	Name     string          `json:"name"`
	Selector ruling.Selector `json:"selector"`
	Owner    string          `json:"owner"`
	Reason   string          `json:"reason"`
	Expires  time.Time       `json:"expires"`
	Standing ruling.Standing `json:"standing"`
	File     string          `json:"file"`
	Line     int             `json:"line"`
}

// ListedApproval is an approval as it stands now.
type ListedApproval struct {
	Name     string          `json:"name"`
	PlanHash string          `json:"planHash"`
	Approver string          `json:"approver"`
	Reason   string          `json:"reason"`
	Expires  time.Time       `json:"expires"`
	Standing ruling.Standing `json:"standing"`
	File     string          `json:"file"`
	Line     int             `json:"line"`
}

// NewRuleList puts waivers beside their rules, as all of it stands at an instant.
func NewRuleList(rules []policy.Rule, rulings ruling.Set, now time.Time) RuleList {
	list := RuleList{Rules: []ListedRule{}, Approvals: []ListedApproval{}, now: now}
	for _, r := range rules {
		listed := ListedRule{Rule: r}
		for _, w := range rulings.Waivers {
			if w.Rule == r.ID {
				listed.Waivers = append(listed.Waivers, ListedWaiver{w.Name, w.Selector, w.Owner, w.Reason, w.Expires, w.Standing(now), w.File, w.Line})
			}
		}
		list.Rules = append(list.Rules, listed)
	}
	for _, a := range rulings.Approvals {
		list.Approvals = append(list.Approvals, ListedApproval{a.Name, a.PlanHash, a.Approver, a.Reason, a.Expires, a.Standing(now), a.File, a.Line})
	}
	return list
}

// RulesJSON writes the list as JSON.
func RulesJSON(w io.Writer, list RuleList) error { return writeJSON(w, list) }

// Rules prints the list, with what belongs to a rule below it.
func (s *Style) Rules(list RuleList) error {
	return s.print(func(p *page) {
		var rows []row
		for _, r := range list.Rules {
			rows = append(rows, row{
				cells: []span{{strong, r.ID}, {plain, string(r.Level)}, {plain, r.Title}},
				below: list.below(r),
			})
		}
		p.table(0, rows)
		for _, a := range list.Approvals {
			p.newline()
			p.flowTo(2, 2, span{strong, "approval " + a.Name}, span{plain, "of plan " + shortID(a.PlanHash) + " by " + a.Approver + ": " + a.Reason})
			p.under(2, list.standing(a.Standing, a.Expires))
			p.under(2, span{quiet, position(a.File, a.Line)})
		}
		p.newline()
		p.flow(span{plain, list.Summary()})
	})
}

// below is all that there is to say of a rule but its title.
func (l RuleList) below(r ListedRule) []span {
	lines := []span{{quiet, string(r.Scope) + " rule, " + RulePlace(r.Rule)}}
	if r.LoweredFrom != "" {
		lines = append(lines, span{due, "advisory by configuration; its own level is " + string(r.LoweredFrom)})
	}
	for _, param := range RuleParams(r.Rule) {
		lines = append(lines, span{plain, param})
	}
	for _, w := range r.Waivers {
		state := l.standing(w.Standing, w.Expires)
		lines = append(lines, span{state.ink, fmt.Sprintf("waiver %s for %s, %s, owner %s: %s (%s)",
			w.Name, SelectorWords(w.Selector), state.text, w.Owner, w.Reason, position(w.File, w.Line))})
	}
	return lines
}

// standing says how long a ruling counts.
func (l RuleList) standing(s ruling.Standing, expires time.Time) span {
	text := l.StandingWords(s, expires)
	switch s {
	case ruling.Expired:
		return span{bad, text}
	case ruling.EndsSoon:
		return span{due, text}
	}
	return span{plain, text}
}

// StandingWords says how long a ruling counts, or that it does not.
func (l RuleList) StandingWords(s ruling.Standing, expires time.Time) string {
	day := expires.UTC().Format(time.DateOnly)
	switch s {
	case ruling.Expired:
		return "EXPIRED on " + day + ", does not count"
	case ruling.EndsSoon:
		days := int(expires.Sub(l.now) / (24 * time.Hour))
		if days == 0 {
			return "until " + day + ", ENDS WITHIN A DAY"
		}
		return "until " + day + ", ENDS IN " + strings.ToUpper(count(days, "day", "days"))
	}
	return "until " + day
}

// Summary counts what is listed.
func (l RuleList) Summary() string {
	own, by := 0, map[ruling.Standing]int{}
	for _, r := range l.Rules {
		if !r.Shipped {
			own++
		}
		for _, w := range r.Waivers {
			by[w.Standing]++
		}
	}
	parts := []string{fmt.Sprintf("%s of yours, %d shipped", count(own, "rule", "rules"), len(l.Rules)-own)}
	if n := by[ruling.InForce] + by[ruling.EndsSoon]; n > 0 {
		text := count(n, "waiver", "waivers") + " in force"
		if soon := by[ruling.EndsSoon]; soon > 0 {
			text += fmt.Sprintf(" (%d within %d days of the end)", soon, int(ruling.Notice/(24*time.Hour)))
		}
		parts = append(parts, text)
	}
	if n := by[ruling.Expired]; n > 0 {
		parts = append(parts, count(n, "expired waiver", "expired waivers"))
	}
	if n := len(l.Approvals); n > 0 {
		parts = append(parts, count(n, "approval", "approvals"))
	}
	return strings.Join(parts, ", ")
}

// RulePlace is where a rule is defined.
func RulePlace(r policy.Rule) string {
	if r.Shipped {
		return "shipped"
	}
	return position(r.File, r.Line)
}

// RuleParams are a rule's parameters in force, each as name=value with the value as
// JSON, by name.
func RuleParams(r policy.Rule) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(r.Params)) {
		var value bytes.Buffer
		e := json.NewEncoder(&value)
		e.SetEscapeHTML(false)       // people read it
		_ = e.Encode(r.Params[name]) // it came from JSON
		out = append(out, name+"="+strings.TrimSpace(value.String()))
	}
	return out
}

// SelectorWords says what a waiver selects.
func SelectorWords(s ruling.Selector) string {
	var parts []string
	for _, p := range [][2]string{{"kind", s.Kind}, {"name", s.Name}, {"target", s.Target}} {
		if p[1] != "" {
			parts = append(parts, p[0]+" "+p[1])
		}
	}
	for _, k := range slices.Sorted(maps.Keys(s.Labels)) {
		parts = append(parts, k+"="+s.Labels[k])
	}
	return strings.Join(parts, " and ")
}
