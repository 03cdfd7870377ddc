package notify

import (
	"slices"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/apply"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// Kind is what a notice says. It is the last part of an event's type.
type Kind string

// The kinds, the gravest first.
const (
	Failed    Kind = "failed"    // a spec, the policies, EC2's answers or sluice's own record are broken
	Contested Kind = "contested" // a drift was corrected again and again, and is left alone now
	Denied    Kind = "denied"    // policy says no
	Blocked   Kind = "blocked"   // EC2 refuses, or something outside sluice is in the way
	Held      Kind = "held"      // policy, the budget or the commit's descent wants a person
	Drift     Kind = "drift"     // something differs though no commit asked for it
	Pending   Kind = "pending"   // something is to be done, or under way
	Applied   Kind = "applied"   // everything is as the commit says

	// A newer commit came before this one was applied. It is told where something else
	// was told of it.
	superseded Kind = "superseded"
)

// Kinds are all kinds that a destination can ask for.
func Kinds() []Kind {
	return []Kind{Failed, Contested, Denied, Blocked, Held, Drift, Pending, Applied}
}

// kindOf names what a turn found in a target by the gravest of it.
func kindOf(o reconcile.Outcome) Kind {
	strayed := func(r plan.Resource) bool { return r.Drift != nil }
	blocked := slices.ContainsFunc(o.Resources, func(r plan.Resource) bool { return r.State == plan.Blocked && !strayed(r) })
	switch {
	case o.Failure != "", o.Trouble != "", len(o.Problems) > 0, o.Summary.Error > 0:
		return Failed
	case slices.ContainsFunc(o.Resources, func(r plan.Resource) bool { return strayed(r) && r.Drift.Contested }):
		return Contested
	case o.Summary.Denied > 0:
		return Denied
	case blocked, slices.ContainsFunc(o.Steps, apply.Step.Refused), slices.ContainsFunc(o.Probes, unauthorised):
		return Blocked
	case o.Hold != "", o.Summary.Held > 0:
		return Held
	case slices.ContainsFunc(o.Resources, strayed):
		return Drift
	case o.Applied():
		return Applied
	}
	return Pending
}

func unauthorised(p apply.Probe) bool { return p.Authorised == "no" || p.Authorised == apply.Ignored }
