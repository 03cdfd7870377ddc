package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/reconcile/calendar"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// states are the states of a resource, the gravest first, and what each waits for:
// sluice comes to the end of the change by itself only where there is nothing to wait
// for but EC2.
var states = [...]struct {
	state plan.State
	word  string
	count func(plan.Summary) int
	waits string
}{
	{plan.Error, "error", func(s plan.Summary) int { return s.Error }, "when the error is mended"},
	{plan.Denied, "denied", func(s plan.Summary) int { return s.Denied }, "never: policy denies it"},
	{plan.Held, "held", func(s plan.Summary) int { return s.Held }, "when it is approved"},
	{plan.Blocked, "blocked", func(s plan.Summary) int { return s.Blocked }, "when what blocks it is gone"},
	{plan.Pending, "pending", func(s plan.Summary) int { return s.Pending }, ""},
	{plan.Converging, "converging", func(s plan.Summary) int { return s.Converging }, "when EC2 has settled what is in transition"},
	{plan.InSync, "in sync", func(s plan.Summary) int { return s.InSync }, "now"},
}

// PlanMarkdown writes a plan for a comment on a pull request: what would be done,
// what policy says of it, and when it converges. Of the commit, author and message
// may be empty.
func PlanMarkdown(w io.Writer, p plan.Plan, commit render.Commit) error {
	_, err := io.WriteString(w, planComment(p, commit))
	return err
}

func planComment(p plan.Plan, commit render.Commit) string {
	var c comment
	c.begin("plan", "`sluice plan -o json` lists them all.")
	var kinds []string
	for _, s := range states {
		kinds = append(kinds, some(s.count(p.Summary), s.word))
	}
	c.line(tally(plural(len(p.Resources), "resource"), kinds...) + "\n")
	c.line(planHead(p, commit) + "\n")
	if p.Hold != "" {
		c.line("**The commit is held:** " + prose(render.Clean(p.Hold)) + "\n")
	}
	var rows, synced [][]string
	for _, r := range inOrder(p.Resources) {
		if r.State == plan.InSync {
			synced = append(synced, []string{planResource(r), code(render.Clean(r.ID))})
			continue
		}
		word, waits := wordsOf(r.State)
		rows = append(rows, []string{"**" + word + "**", planResource(r), planSteps(r), planSays(r), converges(r, waits)})
	}
	if len(rows) > 0 {
		c.table([]string{"state", "resource", "steps", "policy and reason", "converges"}, rows)
	}
	c.folded(plural(len(synced), "resource")+" in sync", []string{"resource", "id"}, synced)
	return c.b.String()
}

// rank is where a state stands among the states, -1 when it is not known.
func rank(state plan.State) int {
	for i, s := range states {
		if s.state == state {
			return i
		}
	}
	return -1
}

// wordsOf says a state and what it waits for; one that is not known stands for itself.
func wordsOf(state plan.State) (word, waits string) {
	if i := rank(state); i >= 0 {
		return states[i].word, states[i].waits
	}
	return prose(render.Clean(string(state))), "not known"
}

// inOrder puts the gravest states first, and before them what is not known.
func inOrder(resources []plan.Resource) []plan.Resource {
	resources = slices.Clone(resources)
	slices.SortStableFunc(resources, func(a, b plan.Resource) int { return cmp.Compare(rank(a.State), rank(b.State)) })
	return resources
}

// planHead says what was planned. The hash of the plan is whole: an approval names it.
func planHead(p plan.Plan, commit render.Commit) string {
	labelled := func(label, text string) string {
		if text == "" {
			return ""
		}
		return label + " " + text
	}
	subject, _, _ := strings.Cut(strings.TrimSpace(commit.Message), "\n")
	return joined("<br>",
		labelled("Commit", joined(" ", code(short(render.Clean(cmp.Or(p.Commit, commit.ID)))), labelled("by", prose(render.Clean(commit.Author))))),
		prose(render.Clean(subject)),
		joined(", ", labelled("Policy", code(short(render.Clean(p.PolicyDigest)))), labelled("mode", code(render.Clean(p.Mode)))),
		labelled("Plan", code(render.Clean(p.PlanHash))))
}

func planResource(r plan.Resource) string {
	target := r.Target
	if target == "default" {
		target = "" // the only one there is, where nobody named one
	}
	at := check{file: render.Clean(r.Spec.File), line: r.Spec.Line}.place()
	return joined("<br>", code(subject{kind: render.Clean(string(r.Kind)), name: render.Clean(cmp.Or(r.Spec.Name, r.ID))}.label()),
		code(render.Clean(target)), code(at))
}

// planSteps numbers the waves: what has one number may be done together. Those of a
// resource that was stopped are shown for reading.
func planSteps(r plan.Resource) string {
	var steps []string
	for i, wave := range r.Waves {
		for _, a := range wave {
			text := fmt.Sprintf("%d. %s", i+1, code(render.Clean(a.String())))
			if a.MaxDrainSeconds > 0 {
				text += ", drain up to " + render.FormatSeconds(a.MaxDrainSeconds)
			}
			steps = append(steps, text)
		}
	}
	return strings.Join(steps, "<br>")
}

// planSays is what policy said, then the reason as far as it says more.
func planSays(r plan.Resource) string {
	var says []string
	for _, v := range r.Verdicts {
		says = append(says, joined(" ", "**"+prose(render.Clean(v.Decision))+"**", code(render.Clean(v.Rule)), prose(cleanLines(v.Msg))))
	}
	says = append(says, prose(cleanLines(render.Reason(r))))
	for _, line := range r.Drift.Lines() {
		says = append(says, "**drift** "+prose(cleanLines(line)))
	}
	if r.Drift != nil && r.Drift.Adopt != "" {
		says = append(says, "To keep it: "+code(render.Clean(r.Drift.Adopt)))
	}
	return joined("<br>", says...)
}

// converges says when a resource is as its spec says. Drains of one wave run
// together, waves one after another; how long EC2 takes to assign is not known.
func converges(r plan.Resource, waits string) string {
	switch {
	case r.State == plan.Held && !render.NeedsApproval(r) && r.Opens != nil:
		return "begins by itself " + prose(render.Clean(calendar.Clock(*r.Opens)))
	case r.State == plan.Held && !render.NeedsApproval(r):
		return "when the calendar lets it"
	case r.State == plan.Held && r.Opens != nil:
		return waits + ", and not before " + prose(render.Clean(calendar.Clock(*r.Opens)))
	case r.State != plan.Pending:
		return waits
	}
	drain := 0
	for _, wave := range r.Waves {
		longest := 0
		for _, a := range wave {
			longest = max(longest, a.MaxDrainSeconds)
		}
		drain += longest
	}
	text := "after " + plural(len(r.Waves), "step")
	if drain > 0 {
		text += ", with at most " + render.FormatSeconds(drain) + " of draining"
	}
	return text
}
