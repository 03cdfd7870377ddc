package reconcile

import (
	"net/netip"

	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// The record has types of its own: it must outlive these.

func strays(list []history.Stray) []plan.Stray {
	var out []plan.Stray
	for _, s := range list {
		out = append(out, plan.Stray{Address: s.Address, Change: plan.Change(s.Change), RightAt: s.RightAt, Since: s.Since, Who: (*inventory.Actor)(s.Who)})
	}
	return out
}

func strayRecords(list []plan.Stray) []history.Stray {
	var out []history.Stray
	for _, s := range list {
		out = append(out, history.Stray{Address: s.Address, Change: string(s.Change), RightAt: s.RightAt, Since: s.Since, Who: (*history.Actor)(s.Who)})
	}
	return out
}

func roundRecords(list []plan.Round) []history.Round {
	var out []history.Round
	for _, r := range list {
		out = append(out, history.Round{Action: r.Action, Corrected: r.Corrected, Undone: r.Undone, Who: (*history.Actor)(r.Who)})
	}
	return out
}

// parseTexts takes addresses and prefixes apart.
func parseTexts(list []plan.Stray) (addresses []netip.Addr, prefixes []netip.Prefix) {
	for _, s := range list {
		if ip, err := netip.ParseAddr(s.Address); err == nil {
			addresses = append(addresses, ip)
		} else if p, err := netip.ParsePrefix(s.Address); err == nil {
			prefixes = append(prefixes, p)
		}
	}
	return addresses, prefixes
}
