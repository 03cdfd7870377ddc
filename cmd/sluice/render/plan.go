package render

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seed-6ca89210/sluice/reconcile/calendar"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// Commit is what a person wants to know of the commit that a plan carries out.
// Author and Message may be empty; of the message only the first line is shown.
type Commit struct {
	ID      string
	Author  string
	Message string
}

// Plan prints a plan and what to do next. Resources in sync are folded into one
// line unless verbose.
func (s *Style) Plan(p plan.Plan, c Commit, verbose bool) error {
	return s.print(func(pg *page) {
		pg.plan(p, c, verbose)
		if next := nextStep(p); next != "" {
			pg.flow(span{plain, next})
		}
		if slices.ContainsFunc(p.Resources, NeedsApproval) { // in one piece: it is copied
			pg.line(span{plain, "An approval of this plan names " + p.PlanHash})
		}
	})
}

// plan writes the whole plan up to its summary.
func (p *page) plan(pl plan.Plan, c Commit, verbose bool) {
	p.heading(pl, c)
	p.newline()
	gutter := 0
	for _, r := range pl.Resources {
		gutter = max(gutter, len(stateWord(r.State).text)+2)
	}
	for _, r := range pl.Resources {
		if r.State != plan.InSync {
			p.resource(r, gutter)
			p.newline()
		}
	}
	if pl.Summary.InSync > 0 {
		p.inSync(pl.Resources, gutter, verbose)
		p.newline()
	}
	p.summary(pl)
}

// inSync writes the resources that need nobody's attention: all on one line, by
// name if they fit, or in verbose one on each.
func (p *page) inSync(resources []plan.Resource, gutter int, verbose bool) {
	word := stateWord(plan.InSync)
	var names []string
	var rows []row
	for _, r := range resources {
		if r.State == plan.InSync {
			names = append(names, resourceName(r))
			rows = append(rows, row{cells: []span{word, {plain, resourceName(r)}, {plain, r.ID},
				{quiet, joinWords(targetWord(r.Target), position(r.Spec.File, r.Spec.Line))}}})
		}
	}
	if verbose {
		p.table(0, rows)
		return
	}
	list := Clean(strings.Join(names, ", "))
	if gutter+utf8.RuneCountInString(list) > p.width {
		list = count(len(names), "resource", "resources")
	}
	p.put(word.ink, word.text)
	p.tab(gutter)
	p.line(span{quiet, list})
}

// heading says what was planned: the commit, whose, the policy, the mode.
func (p *page) heading(pl plan.Plan, c Commit) {
	p.flow(span{strong, commitWord(c.ID)}, span{plain, c.Author},
		span{quiet, labelled("policy", shortID(pl.PolicyDigest))}, span{quiet, labelled("mode", pl.Mode)})
	if m := firstLine(c.Message); m != "" {
		p.flow(span{plain, m})
	}
	if pl.Hold != "" {
		p.flow(span{holding, "held"}, span{plain, pl.Hold})
	}
}

// resource writes one resource's block, its state in a gutter.
func (p *page) resource(r plan.Resource, gutter int) {
	word := stateWord(r.State)
	p.put(word.ink, word.text)
	p.tab(gutter)
	p.flow(span{strong, r.Spec.Name}, span{plain, string(r.Kind)}, span{plain, r.ID},
		span{quiet, targetWord(r.Target)}, span{quiet, position(r.Spec.File, r.Spec.Line)})
	reason := Reason(r)
	defer p.drift(r.Drift, gutter)
	if r.State == plan.Pending { // what is done stands first; else why it is not
		p.waves(r.Waves, gutter, false)
		p.verdicts(r.Verdicts, gutter)
		p.under(gutter, span{quiet, reason})
		return
	}
	p.under(gutter, span{plain, reason})
	p.verdicts(r.Verdicts, gutter)
	p.waves(r.Waves, gutter, true)
}

// drift writes what nobody asked for, an address a line.
func (p *page) drift(d *plan.Drift, column int) {
	for _, line := range d.Lines() {
		p.tab(column)
		p.put(due, "drift")
		p.gap(2)
		p.flow(span{plain, line})
	}
	if d != nil && d.Adopt != "" { // in one piece: it is copied
		p.tab(column)
		p.line(span{plain, "To keep it: " + d.Adopt})
	}
}

// verdicts writes what the rules said, each with its id.
func (p *page) verdicts(list []plan.Verdict, column int) {
	for _, v := range list {
		p.under(column, span{decisionInk(v.Decision), v.Decision + " " + v.Rule}, span{plain, v.Msg})
	}
}

// waves writes the steps in the order in which they are carried out. Those of a
// resource that was stopped are shown for reading only, and so without colour.
func (p *page) waves(waves [][]plan.Action, gutter int, stopped bool) {
	number := 0
	for _, wave := range waves {
		number++
		for i, a := range wave {
			sign, words := symbol(a.Verb), plain
			if stopped {
				sign.ink, words = quiet, quiet
			}
			p.tab(gutter)
			if i == 0 {
				p.put(quiet, formatNumber(number))
			}
			p.tab(gutter + 3)
			p.put(sign.ink, sign.text)
			p.tab(gutter + 5)
			p.put(words, string(a.Verb))
			p.tab(gutter + 5 + len(inventory.VerbUnassign) + 1)
			p.flow(span{words, cidrs(a.Addresses, a.Prefixes)}, span{quiet, actionNote(a)})
		}
	}
}

// actionNote is what else there is to know of an action.
func actionNote(a plan.Action) string {
	switch {
	case a.From != "":
		return "from " + a.From
	case a.MaxDrainSeconds > 0:
		return "drain up to " + FormatSeconds(a.MaxDrainSeconds)
	}
	return ""
}

// summary counts the resources by state, the gravest first.
func (p *page) summary(pl plan.Plan) {
	var parts []span
	for _, w := range stateWords {
		if n := w.count(pl.Summary); n > 0 {
			parts = append(parts, span{w.ink, formatNumber(n) + " " + w.word})
		}
	}
	p.total(count(len(pl.Resources), "resource", "resources"), parts)
}

// total writes a number and what it is made of.
func (p *page) total(whole string, parts []span) {
	if len(parts) == 0 {
		p.line(span{strong, whole})
		return
	}
	for i := range parts[:len(parts)-1] {
		parts[i].text += ","
	}
	p.flowTo(0, 1, append([]span{{strong, whole + ":"}}, parts...)...)
}

// nextStep is one sentence on what to do with a plan.
func nextStep(p plan.Plan) string {
	const run = "Run `sluice apply --mode apply --wait` to carry "
	s := p.Summary
	switch {
	case p.Hold != "" && s.Held > 0:
		return "The commit is held, so nothing is carried out until it is acknowledged, or this plan approved by a document in the policy source."
	case p.Hold != "":
		return "The commit is held: nothing is carried out under it until it is acknowledged."
	case s.Pending > 0 && s.Denied+s.Held+s.Blocked+s.Error > 0:
		return run + "out what is pending; the rest stays as it is."
	case s.Pending > 0:
		return run + "it out."
	case s.Error > 0:
		return "Correct what the error says, then run `sluice plan` again; until then nothing is changed there."
	case s.Denied > 0:
		return "Nothing is carried out: change the spec so that the rule above allows it."
	case s.Held > 0 && !slices.ContainsFunc(p.Resources, NeedsApproval):
		return "What is held waits for its time: `sluice serve` goes on by itself then, `sluice apply` when it is run then."
	case s.Held > 0:
		return "What is held waits for an approval, a document in the policy source."
	case s.Blocked > 0:
		return "Nothing can be carried out until what blocks it is gone; then run `sluice plan` again."
	case s.Converging > 0:
		return "EC2 is still at work: run `sluice plan` again later, or `sluice apply --mode apply --wait` to see it through."
	case s.InSync > 0:
		return "Nothing to do."
	}
	return "No spec was found: nothing to do."
}

// resourceName is a resource's name, or its id when its spec has none.
func resourceName(r plan.Resource) string {
	if r.Spec.Name != "" {
		return r.Spec.Name
	}
	return r.ID
}

// targetWord names a target, unless it is the only one there is by default.
func targetWord(target string) string {
	if target == "default" {
		return ""
	}
	return target
}

// Reason is what a resource's reason says beyond its waves and verdicts, which are
// shown anyway; often nothing.
func Reason(r plan.Resource) string {
	return beyondVerdicts(beyondWaves(r.Reason, r.Waves), r.Verdicts)
}

// beyondWaves cuts off the part of a reason that only tells the waves in words.
func beyondWaves(reason string, waves [][]plan.Action) string {
	var steps []string
	for _, wave := range waves {
		var parts []string
		for _, a := range wave {
			parts = append(parts, a.String())
		}
		steps = append(steps, strings.Join(parts, " and "))
	}
	told := strings.Join(steps, ", then ")
	if rest, ok := strings.CutPrefix(reason, told); ok && (rest == "" || rest[0] == ';') {
		return strings.TrimSpace(strings.TrimPrefix(rest, ";"))
	}
	return reason
}

// beyondVerdicts cuts off what repeats a verdict, which is shown anyway.
func beyondVerdicts(reason string, verdicts []plan.Verdict) string {
	for _, v := range verdicts {
		if reason == v.Msg {
			return ""
		}
		if rest, found := strings.CutPrefix(reason, v.Rule+": "+v.Msg); found && (rest == "" || rest[0] == ';') {
			return strings.TrimSpace(strings.TrimPrefix(rest, ";"))
		}
	}
	return reason
}

// NeedsApproval reports whether a resource is held by something that an approval
// lifts, and none has: the calendar's holds end by themselves.
func NeedsApproval(r plan.Resource) bool {
	if r.State != plan.Held {
		return false
	}
	timed, other := false, false
	for _, v := range r.Verdicts {
		switch {
		case v.Rule == "approval" && v.Decision == "allow":
			return false
		case v.Decision == "hold" && calendar.IsRule(v.Rule):
			timed = true
		case v.Decision == "hold":
			other = true
		}
	}
	return other || !timed
}
