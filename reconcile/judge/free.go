package judge

import (
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// free counts the addresses that are left in each subnet, in the plan's order: what
// EC2 reported, less what the plan assigns up to there. A subnet of which EC2 told no number is not in it. Addresses that a plan gives back do not
// count: they are taken until their drain has ended.
type free map[subnetKey]int

type subnetKey struct{ target, id string }

func newFree(inventories []inventory.Inventory) free {
	f := free{}
	for _, inv := range inventories {
		for _, s := range inv.Subnets {
			if s.AvailableIPCount != nil {
				f[subnetKey{inv.Target, s.ID}] = *s.AvailableIPCount
			}
		}
	}
	return f
}

func (f free) take(subnet subnetKey, n int) {
	if _, known := f[subnet]; known {
		f[subnet] -= n
	}
}

// after returns what is left, or nil when that is not known.
func (f free) after(subnet subnetKey) *int {
	if n, known := f[subnet]; known {
		return &n
	}
	return nil
}

// takes is how many free addresses an action uses up. A move uses none: the
// address is in use, and stays in its subnet.
func takes(a plan.Action) int {
	if a.Verb != inventory.VerbAssign {
		return 0
	}
	n := len(a.Addresses)
	for _, p := range a.Prefixes {
		n += 1 << (p.Addr().BitLen() - p.Bits())
	}
	return n
}
