package render

import (
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// driftLines says what a record tells of a drift, in the words of a plan: the rounds
// where it is contested, else the addresses.
func driftLines(strays []history.Stray, rounds []history.Round, contested bool) []string {
	d := plan.Drift{Contested: contested}
	for _, s := range strays {
		d.Addresses = append(d.Addresses, plan.Stray{
			Address: s.Address, Change: plan.Change(s.Change), RightAt: s.RightAt, Since: s.Since, Who: (*inventory.Actor)(s.Who),
		})
	}
	for _, r := range rounds {
		d.Rounds = append(d.Rounds, plan.Round{Action: r.Action, Corrected: r.Corrected, Undone: r.Undone, Who: (*inventory.Actor)(r.Who)})
	}
	return d.Lines()
}
