package commitstatus

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/apply"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/post"
)

// maxLine is the most characters that GitHub takes.
const maxLine = 140

// Describe says in one line what became of a commit in a target.
func Describe(o reconcile.Outcome) Status {
	state, line := describe(o)
	if o.Mode != reconcile.Apply {
		line = string(o.Mode) + ": " + line
	}
	return Status{state, oneLine(line)}
}

// describe names the gravest first: what concerns the whole commit, then the worst
// resource.
func describe(o reconcile.Outcome) (State, string) {
	refused := slices.IndexFunc(o.Steps, apply.Step.Refused)
	drifted := 0
	for _, r := range o.Resources {
		if standing(r) == driftWaits {
			drifted++
		}
	}
	unauthorised := slices.IndexFunc(o.Probes, func(p apply.Probe) bool { return p.Authorised == "no" || p.Authorised == apply.Ignored })
	switch {
	case o.Failure != "":
		return Failure, "nothing was done: " + o.Failure
	case o.Trouble != "":
		return Failure, "nothing was done: sluice could not do its own work; its log says why"
	case o.Hold != "":
		return Failure, "held: " + o.Hold
	case len(o.Problems) > 0:
		return Failure, more(len(o.Problems)-1) + o.Problems[0]
	case refused >= 0:
		s := o.Steps[refused]
		return Failure, fmt.Sprintf("%s was not done for %s: %s", s.Action.Verb, place(s.Spec), cmp.Or(s.Code, string(s.Outcome)))
	case o.Summary.Denied+o.Summary.Error+o.Summary.Blocked > drifted:
		return Failure, counts(o)
	case unauthorised >= 0:
		p := o.Probes[unauthorised]
		return Failure, fmt.Sprintf("%s; AWS does not authorise %s for %s: %s", counts(o), p.Action.Verb, place(p.Spec), p.Code)
	case o.Summary.Held+o.Summary.Pending+o.Summary.Converging+drifted > 0:
		return Pending, counts(o)
	case o.Summary.InSync == 0:
		return Success, "no spec is for this target"
	case o.Summary.InSync == 1:
		return Success, "in sync: 1 resource"
	}
	return Success, fmt.Sprintf("in sync: %d resources", o.Summary.InSync)
}

func more(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d problems, the first: ", n+1)
}

// driftWaits stands for drift that is only reported, or corrected at the next run: it
// is no commit's fault.
const driftWaits plan.State = "drifted"

// standing is a resource's state, told from drift that waits.
func standing(r plan.Resource) plan.State {
	if r.State == plan.Blocked && r.Drift != nil && r.Drift.Waits {
		return driftWaits
	}
	return r.State
}

// graveness orders states by how much they want a person.
var graveness = []plan.State{plan.Denied, plan.Error, plan.Blocked, plan.Held, driftWaits, plan.Pending, plan.Converging}

// counts is "1 denied, 2 pending: RULE at FILE:LINE (NAME)".
func counts(o reconcile.Outcome) string {
	var parts []string
	var worst *plan.Resource
	for _, state := range graveness {
		n := 0
		for i := range o.Resources {
			if r := &o.Resources[i]; standing(*r) == state {
				n++
				if worst == nil {
					worst = r
				}
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, word(state, o.Mode)))
		}
	}
	line := strings.Join(parts, ", ")
	if worst == nil || worst.State == plan.Pending || worst.State == plan.Converging {
		return line
	}
	if rule := rule(worst); rule != "" {
		return fmt.Sprintf("%s: %s at %s", line, rule, place(worst.Spec))
	}
	return line + ": " + place(worst.Spec)
}

func word(state plan.State, mode reconcile.Mode) string {
	switch {
	case state == plan.Pending && mode != reconcile.Apply:
		return "would change"
	case state == plan.Error:
		return "in error"
	}
	return string(state)
}

// rule is the first rule that stopped a resource.
func rule(r *plan.Resource) string {
	want := map[plan.State]string{plan.Denied: "deny", plan.Held: "hold"}[r.State]
	for _, v := range r.Verdicts {
		if v.Decision == want {
			return v.Rule
		}
	}
	return ""
}

func place(s plan.SpecRef) string { return fmt.Sprintf("%s (%s:%d)", s.Name, s.File, s.Line) }

// oneLine makes text fit for any host: the first line of it, no control characters,
// none that GitHub refuses (beyond the basic plane), and not too many.
func oneLine(text string) string {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	return post.Clean(text, maxLine)
}
