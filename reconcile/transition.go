package reconcile

import (
	"net/netip"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// Transition is an address that EC2 was at work on when a turn looked.
type Transition struct {
	Target  string
	ID      string     // nat-…
	Address netip.Addr // the zero Addr while EC2 has not named it
	Status  inventory.Status
	Since   time.Time // when this process first saw it so
	Until   time.Time // of a drain that sluice began, its end at the latest; else zero
}

// deadline says when a drain that sluice began is over at the latest.
type deadline func(target, id string, addr netip.Addr) (time.Time, bool)

// transitions lists what is in transition now. What was so before keeps the time
// at which it was first seen; what could not be read keeps all.
func transitions(before []Transition, inventories []inventory.Inventory, until deadline, now time.Time) []Transition {
	type key struct {
		target, id string
		addr       netip.Addr
		status     inventory.Status
	}
	seen := map[key]Transition{}
	for _, t := range before {
		seen[key{t.Target, t.ID, t.Address, t.Status}] = t
	}
	var list []Transition
	for i := range inventories {
		inv := &inventories[i]
		for _, g := range inv.NatGateways {
			for _, a := range g.Addresses {
				if a.Status.Settled() {
					continue
				}
				t, known := seen[key{inv.Target, g.ID, a.IP, a.Status}]
				if !known {
					t = Transition{Target: inv.Target, ID: g.ID, Address: a.IP, Status: a.Status, Since: now}
				}
				if a.Status == inventory.StatusUnassigning {
					t.Until = drainEnd(t, until)
				}
				list = append(list, t)
			}
		}
		for _, t := range before {
			if _, read := inv.NatGateway(t.ID); t.Target == inv.Target && !read && len(inv.Unread) > 0 {
				list = append(list, t)
			}
		}
	}
	return slices.Clip(list)
}

// drainEnd is the end of a drain at the latest, or zero: an end that was past when
// the drain was first seen is that of an earlier one, and this one somebody else's.
func drainEnd(t Transition, until deadline) time.Time {
	end, ok := until(t.Target, t.ID, t.Address)
	if !ok || end.Add(time.Minute).Before(t.Since) { // EC2's clock is not ours
		return time.Time{}
	}
	return end
}
