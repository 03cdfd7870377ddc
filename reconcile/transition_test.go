package reconcile

import (
	"net/netip"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

func TestATransitionKeepsWhenItWasFirstSeenAndKnowsItsEndOnlyIfSluiceBeganIt(t *testing.T) {
	start := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	ours, theirs, old := netip.MustParseAddr("10.0.1.20"), netip.MustParseAddr("10.0.1.21"), netip.MustParseAddr("10.0.1.22")
	ends := map[netip.Addr]time.Time{ours: start.Add(5 * time.Minute), old: start.Add(-time.Hour)}
	until := func(_, _ string, a netip.Addr) (time.Time, bool) { end, ok := ends[a]; return end, ok }
	look := func(addresses ...inventory.Address) []inventory.Inventory {
		return []inventory.Inventory{{Target: "prod", NatGateways: []inventory.NatGateway{{ID: "nat-1", Addresses: addresses}}}}
	}
	draining := func(ip netip.Addr) inventory.Address {
		return inventory.Address{IP: ip, Status: inventory.StatusUnassigning}
	}
	first := transitions(nil, look(draining(ours), draining(theirs), draining(old), inventory.Address{IP: netip.MustParseAddr("10.0.1.10"), Status: inventory.StatusSucceeded}), until, start)
	if len(first) != 3 || !first[0].Until.Equal(ends[ours]) || !first[1].Until.IsZero() || !first[2].Until.IsZero() {
		t.Fatalf("first look %+v", first)
	}
	later := start.Add(time.Minute)
	second := transitions(first, look(draining(theirs)), until, later)
	if len(second) != 1 || !second[0].Since.Equal(start) {
		t.Errorf("second look %+v; it was first seen at %s", second, start)
	}
	other := transitions(second, look(inventory.Address{IP: theirs, Status: inventory.StatusAssigning}), until, later)
	if len(other) != 1 || !other[0].Since.Equal(later) {
		t.Errorf("another transition of the address %+v; it began at %s", other, later)
	}
	unread := []inventory.Inventory{{Target: "prod", Unread: []inventory.Unread{{Part: inventory.ReadNatGateways}}}}
	if kept := transitions(second, unread, until, later); len(kept) != 1 {
		t.Errorf("of what was not read, %+v is known", kept)
	}
}
