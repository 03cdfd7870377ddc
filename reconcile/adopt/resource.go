package adopt

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// Resource is one live resource, in what both kinds have in common.
type Resource struct {
	Target    string
	Kind      inventory.Kind
	ID        string
	Tags      map[string]string
	Addresses []inventory.Address
	Prefixes  []netip.Prefix // network interfaces only

	service bool // an AWS service owns it, a NAT gateway's own interface included
	passing bool // a NAT gateway that is not available: not yet, or never again
}

// Resources lists what inventories hold, by target, kind and id.
func Resources(inventories []inventory.Inventory) []Resource {
	var list []Resource
	for _, inv := range inventories {
		for _, g := range inv.NatGateways {
			list = append(list, Resource{inv.Target, inventory.KindNatGateway, g.ID, g.Tags, g.Addresses, nil, false, g.State != "available"})
		}
		for _, n := range inv.NetworkInterfaces {
			service := n.RequesterManaged || n.OperatorManaged || plan.OfGateway(n)
			list = append(list, Resource{inv.Target, inventory.KindNetworkInterface, n.ID, n.Tags, n.Addresses, n.Prefixes, service, false})
		}
	}
	slices.SortFunc(list, compare)
	return list
}

func compare(a, b Resource) int {
	return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
}

// secondary returns the addresses that a spec would list: those that serve, without
// the primary. One that failed serves nobody, and the planner leaves it alone.
func (r Resource) secondary() []netip.Addr {
	list := []netip.Addr{}
	for _, a := range r.Addresses {
		if !a.Primary && a.Status.Serving() && a.IP.IsValid() {
			list = append(list, a.IP)
		}
	}
	slices.SortFunc(list, netip.Addr.Compare)
	return list
}

func (r Resource) prefixes() []netip.Prefix {
	list := append([]netip.Prefix{}, r.Prefixes...)
	inventory.SortPrefixes(list)
	return list
}

// NamedBy returns the document that means the resource, by its id or its tags. A
// document with problems counts too: its owner has not given the resource up.
func (r Resource) NamedBy(docs []spec.Document) (spec.Document, bool) {
	i := slices.IndexFunc(docs, func(d spec.Document) bool {
		if d.Target != r.Target || d.Kind != r.Kind {
			return false
		}
		return d.ID == r.ID || d.ID == "" && len(d.SelectorTags) > 0 && r.HasTags(d.SelectorTags)
	})
	if i < 0 {
		return spec.Document{}, false
	}
	return docs[i], true
}

// HasTags reports whether the resource carries all of the tags.
func (r Resource) HasTags(wanted map[string]string) bool {
	for k, v := range wanted {
		if got, ok := r.Tags[k]; !ok || got != v {
			return false
		}
	}
	return true
}

// foreign says whose business the resource's addresses are, where EC2 itself does
// not: a controller that changes them all the time would be undone by a spec.
func (r Resource) foreign() string {
	const plugin = "node.k8s.amazonaws.com/" // tags of the Amazon VPC CNI plugin
	for key := range r.Tags {
		if strings.HasPrefix(key, plugin) && key != plugin+"no_manage" {
			return "the tag " + key + " says that the Amazon VPC CNI plugin changes its addresses for pods; sluice would undo that"
		}
	}
	return ""
}
