package reconcile

import (
	"slices"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// lastRead is what each target's resources held when they were read last, for turns that
// cannot read some of them. It begins empty with each process.
type lastRead map[string]inventory.Inventory

// missed takes over what was read, and returns what was not, as it was before. In a target
// that was read whole, what is not there is gone.
func (m lastRead) missed(now []inventory.Inventory) []inventory.Inventory {
	var list []inventory.Inventory
	for _, inv := range now {
		missing := inventory.Inventory{Target: inv.Target}
		if before := m[inv.Target]; len(inv.Unread) > 0 {
			seen := sight([]inventory.Inventory{inv})
			there := func(id string) bool { _, ok := seen[sighted{inv.Target, id}]; return ok }
			missing.NatGateways = slices.DeleteFunc(slices.Clone(before.NatGateways), func(g inventory.NatGateway) bool { return there(g.ID) })
			missing.NetworkInterfaces = slices.DeleteFunc(slices.Clone(before.NetworkInterfaces), func(n inventory.NetworkInterface) bool { return there(n.ID) })
		}
		m[inv.Target] = inventory.Inventory{
			NatGateways:       slices.Concat(inv.NatGateways, missing.NatGateways),
			NetworkInterfaces: slices.Concat(inv.NetworkInterfaces, missing.NetworkInterfaces),
		}
		list = append(list, missing)
	}
	return list
}
