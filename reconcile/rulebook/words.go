package rulebook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/ruling"
)

// StandingWords says how long a ruling counts, or that it does not.
func (b Book) StandingWords(s ruling.Standing, expires time.Time) string {
	day := expires.UTC().Format(time.DateOnly)
	switch s {
	case ruling.Expired:
		return "EXPIRED on " + day + ", does not count"
	case ruling.EndsSoon:
		days := int(expires.Sub(b.now) / (24 * time.Hour))
		if days == 0 {
			return "until " + day + ", ENDS WITHIN A DAY"
		}
		return "until " + day + ", ENDS IN " + strings.ToUpper(count(days, "day", "days"))
	}
	return "until " + day
}

// Summary counts what is listed.
func (b Book) Summary() string {
	own, by := 0, map[ruling.Standing]int{}
	for _, r := range b.Rules {
		if !r.Shipped {
			own++
		}
		for _, w := range r.Waivers {
			by[w.Standing]++
		}
	}
	parts := []string{fmt.Sprintf("%s of yours, %d shipped", count(own, "rule", "rules"), len(b.Rules)-own)}
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
	if n := len(b.Approvals); n > 0 {
		parts = append(parts, count(n, "approval", "approvals"))
	}
	return strings.Join(parts, ", ")
}

// Place is where a rule is defined.
func Place(r policy.Rule) string {
	switch {
	case r.Shipped:
		return "shipped"
	case r.Line <= 0:
		return r.File
	}
	return fmt.Sprintf("%s:%d", r.File, r.Line)
}

// Params are a rule's parameters in force, each as name=value with the value as
// JSON, by name.
func Params(r policy.Rule) []string {
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

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
