package judge

import (
	"fmt"
	"slices"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// The ids under which verdicts appear that come from sluice itself.
const (
	GuardRule  = "guard.primary"
	BudgetRule = "guard.removal_budget"
	EngineRule = "policy.engine"
)

// Guard refuses an action that takes a primary address away, or that removes
// anything where EC2 does not say which address is primary. It is the rule in Go
// that no policy can switch off; addresses are those of the resource that loses
// them, as EC2 reports them. The error names the primary address, and is for people; nil
// says no more than that no primary address goes. Only an unassign is looked at: of a
// move, ask about the interface that loses, as if it were one.
func Guard(a plan.Action, addresses []inventory.Address) error {
	if a.Verb != inventory.VerbUnassign {
		return nil
	}
	primary, known := inventory.Primary(addresses)
	switch {
	case !known:
		return fmt.Errorf("EC2 does not say which address is primary, so nothing may be removed")
	case slices.Contains(a.Addresses, primary):
		return fmt.Errorf("%s is the primary address and may never be removed", primary)
	}
	for _, ip := range a.Addresses {
		if row, found := inventory.Find(addresses, ip); found && row.Primary {
			return fmt.Errorf("%s is a primary address and may never be removed", ip)
		}
	}
	return nil
}
