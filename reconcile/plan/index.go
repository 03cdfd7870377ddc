package plan

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// index is one target's inventory, made ready for as many questions as there are
// specs. What is costly to prepare is prepared when it is first asked for.
type index struct {
	inv        *inventory.Inventory
	gateways   lookup[inventory.NatGateway]
	interfaces lookup[inventory.NetworkInterface]
	subnets    map[string]inventory.Subnet

	held   map[string]*space[holding]  // by VPC: who has what now; see holdings
	wanted map[string]*space[struct{}] // by VPC: what specs ask for; "" where the VPC is not known
	next   map[searchKey]netip.Addr    // where the search for a free address goes on
}

func newIndex(inv *inventory.Inventory) *index {
	x := &index{
		inv:        inv,
		gateways:   newLookup(inv.NatGateways, func(g inventory.NatGateway) (string, map[string]string) { return g.ID, g.Tags }),
		interfaces: newLookup(inv.NetworkInterfaces, func(n inventory.NetworkInterface) (string, map[string]string) { return n.ID, n.Tags }),
		subnets:    map[string]inventory.Subnet{},
		wanted:     map[string]*space[struct{}]{},
		next:       map[searchKey]netip.Addr{},
	}
	for _, s := range inv.Subnets {
		x.subnets[s.ID] = s
	}
	return x
}

// want takes note of what a spec asks for in a VPC.
func (x *index) want(vpc string, cidr netip.Prefix) {
	if x.wanted[vpc] == nil {
		x.wanted[vpc] = &space[struct{}]{}
	}
	x.wanted[vpc].add(cidr, struct{}{})
}

// holding is one address row or prefix that a resource has now.
type holding struct {
	id     string // nat-… or eni-…
	kind   inventory.Kind
	row    inventory.Address // the zero value for a prefix
	prefix netip.Prefix      // invalid for an address
}

// holdings returns who has what in a VPC, from everything that was observed. A
// gateway stands for the interfaces that EC2 shows for it.
func (x *index) holdings(vpc string) *space[holding] {
	if x.held == nil {
		x.held = map[string]*space[holding]{}
		x.observe()
	}
	if x.held[vpc] == nil {
		x.held[vpc] = &space[holding]{}
	}
	return x.held[vpc]
}

// observe fills in who has what. One interface may be reported three times, as a
// gateway's, as its own and as a holder in a subnet: seen takes the first, which knows
// most, so that nothing is in its own way.
func (x *index) observe() {
	add := func(vpc, id string, kind inventory.Kind, addresses []inventory.Address, prefixes []netip.Prefix) {
		if x.held[vpc] == nil {
			x.held[vpc] = &space[holding]{}
		}
		for _, a := range addresses {
			if a.IP.IsValid() {
				x.held[vpc].add(single(a.IP), holding{id: id, kind: kind, row: a})
			}
		}
		for _, p := range prefixes {
			x.held[vpc].add(p, holding{id: id, kind: kind, prefix: p})
		}
	}
	seen := map[string]bool{}
	for _, g := range x.gateways.all {
		if g.State == "deleted" || g.State == "failed" {
			continue
		}
		rows := slices.Clone(g.Addresses)
		for i, a := range rows {
			rows[i].Primary = a.Primary && g.State != "deleting" // then even the primary is let go
			seen[a.NetworkInterfaceID] = a.NetworkInterfaceID != ""
		}
		add(g.VpcID, g.ID, inventory.KindNatGateway, rows, nil)
	}
	for _, n := range x.interfaces.all {
		if !seen[n.ID] {
			add(n.VpcID, n.ID, inventory.KindNetworkInterface, n.Addresses, n.Prefixes)
			seen[n.ID] = true
		}
	}
	for _, s := range x.inv.Subnets {
		for _, h := range s.Holders {
			if !seen[h.NetworkInterfaceID] {
				add(s.VpcID, h.NetworkInterfaceID, inventory.KindNetworkInterface, h.Addresses, h.Prefixes)
			}
		}
	}
}

// lookup finds resources by id and by tags, in the order of their ids.
type lookup[R any] struct {
	all   []R
	ids   map[string]int
	tags  map[[2]string][]int
	facts func(R) (id string, tags map[string]string)
}

func newLookup[R any](list []R, facts func(R) (string, map[string]string)) lookup[R] {
	l := lookup[R]{all: slices.Clone(list), ids: map[string]int{}, facts: facts}
	slices.SortStableFunc(l.all, func(a, b R) int {
		x, _ := facts(a)
		y, _ := facts(b)
		return cmp.Compare(x, y)
	})
	for i, r := range l.all {
		id, _ := facts(r)
		l.ids[id] = i
	}
	return l
}

// tagged returns the resources that carry all of the tags.
func (l *lookup[R]) tagged(wanted map[string]string) []R {
	if l.tags == nil {
		l.tags = map[[2]string][]int{}
		for i, r := range l.all {
			_, tags := l.facts(r)
			for k, v := range tags {
				l.tags[[2]string{k, v}] = append(l.tags[[2]string{k, v}], i)
			}
		}
	}
	var fewest []int
	first := true
	for k, v := range wanted {
		if list := l.tags[[2]string{k, v}]; first || len(list) < len(fewest) {
			fewest, first = list, false
		}
	}
	var found []R
	for _, i := range fewest {
		if _, tags := l.facts(l.all[i]); hasTags(tags, wanted) {
			found = append(found, l.all[i])
		}
	}
	return found
}

func hasTags(tags, wanted map[string]string) bool {
	for k, v := range wanted {
		if got, ok := tags[k]; !ok || got != v {
			return false
		}
	}
	return true
}
