package reconcile

import (
	"net/netip"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// sightings is what was read of each resource, found at once: a turn asks for every
// one of a fleet.
type sightings map[sighted]sighting

type sighted struct{ target, id string }

type sighting struct {
	addresses []inventory.Address
	prefixes  []netip.Prefix
}

func sight(inventories []inventory.Inventory) sightings {
	seen := sightings{}
	for _, inv := range inventories {
		for _, n := range inv.NetworkInterfaces {
			seen[sighted{inv.Target, n.ID}] = sighting{n.Addresses, n.Prefixes}
		}
		for _, g := range inv.NatGateways {
			seen[sighted{inv.Target, g.ID}] = sighting{g.Addresses, nil}
		}
	}
	return seen
}
