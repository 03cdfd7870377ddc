package judge

import (
	"fmt"
	"slices"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// Budget bounds the removals of one target that go ahead without an approval:
// the greater of a number of addresses and a percentage of the managed ones.
type Budget struct {
	Removals int // addresses and prefixes; the zero value lets nothing go
	Percent  int // of those that the target's specs manage, rounded down
}

// DefaultBudget is the budget when nothing is configured.
func DefaultBudget() Budget { return Budget{Removals: 4, Percent: 10} }

// budgets holds back every removal of a target whose specs take away more than
// the budget. All that the specs do not want is counted, what is draining already
// and what follows later included: a large removal must not slip through in small
// cycles. A resource that could not be read counts as it was read last: it may be read
// again when the others are done. Of one that goes nowhere (denied, held, blocked) only
// what drains counts, so that it does not hold up the others.
func (j *judgement) budgets() {
	type total struct{ managed, excess int }
	totals := map[string]total{}
	for i := range j.p.Resources {
		r := &j.p.Resources[i]
		managed, excess := j.count(r)
		t := totals[r.Target]
		totals[r.Target] = total{t.managed + managed, t.excess + excess}
	}
	for _, inv := range j.c.Inventories {
		managed, excess := totals[inv.Target].managed, totals[inv.Target].excess
		allowed := max(j.c.Budget.Removals, managed*j.c.Budget.Percent/100)
		j.left[inv.Target] = max(0, allowed-excess)
		if excess <= allowed {
			continue
		}
		msg := fmt.Sprintf("the specs take away %d addresses in target %q, and the budget is %d (the greater of %d and %d%% of %d managed): split the commit, approve this plan, or raise the budget",
			excess, inv.Target, allowed, j.c.Budget.Removals, j.c.Budget.Percent, managed)
		for i := range j.p.Resources {
			if r := &j.p.Resources[i]; r.Target == inv.Target && removes(r) {
				r.Verdicts = append(r.Verdicts, plan.Verdict{Rule: BudgetRule, Decision: "hold", Msg: msg})
				stop(r, "hold", BudgetRule, msg)
			}
		}
	}
}

// count returns how many addresses and prefixes a resource holds, the primary
// apart, and how many of them its document does not want. A prefix counts as one.
//
// A resource whose state says that it goes nowhere (moves is false) still counts as
// managed: else a denial would make the budget of all others smaller.
func (j *judgement) count(r *plan.Resource) (managed, excess int) {
	doc, ok := j.docs[r.Spec]
	live, found := j.live[keyOf(r)]
	moves := r.State == plan.Pending || r.State == plan.Converging
	if !found {
		live, moves = j.missed[keyOf(r)]
	}
	if !ok || !found && !moves || found && r.State == plan.Error {
		return 0, 0
	}
	if s := doc.Secondary; s != nil {
		var held, unwanted int
		for _, a := range live.addresses {
			if a.Primary || a.Status == inventory.StatusFailed {
				continue
			}
			held++
			if !slices.Contains(s.Addresses, a.IP) {
				unwanted++
			}
		}
		if s.Count != nil {
			unwanted = max(0, held-*s.Count)
		}
		managed, excess = held, unwanted
	}
	if !moves {
		return managed + len(live.prefixes), live.draining()
	}
	if p := doc.Prefixes; p != nil {
		unwanted := 0
		for _, cidr := range live.prefixes {
			if !slices.Contains(p.CIDRs, cidr) {
				unwanted++
			}
		}
		if p.Count != nil {
			unwanted = max(0, len(live.prefixes)-*p.Count)
		}
		managed, excess = managed+len(live.prefixes), excess+unwanted
	}
	return managed, excess
}

// removes reports whether a resource's plan takes an address from anywhere.
func removes(r *plan.Resource) bool {
	return slices.ContainsFunc(slices.Concat(r.Waves...), func(a plan.Action) bool { return a.Verb != inventory.VerbAssign })
}
