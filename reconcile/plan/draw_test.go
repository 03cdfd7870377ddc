package plan

import (
	"fmt"
	"net/netip"
	"slices"

	"pgregory.net/rapid"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// taste says what kind of world is drawn.
type taste struct {
	floors bool // minServing above 1: a circle of gateways may be stuck
	faults bool // failed rows, transitions, primaries that EC2 does not name
	wild   bool // specs that ask for anything, from anybody
	lag    bool // reads that are behind
}

// drawModel draws three subnets in two VPCs, two of which have the same range,
// resources in them, and specs. Unless the taste is wild or has faults or floors,
// the specs can all be met.
func drawModel(t *rapid.T, like taste) *model {
	m := &model{resources: map[string]*modelResource{}, limit: rapid.IntRange(3, 8).Draw(t, "limit")}
	if like.lag {
		m.lag = rapid.IntRange(1, 2).Draw(t, "lag")
	}
	m.subnets = []inventory.Subnet{
		{ID: "sub-1", VpcID: "vpc-1", CIDR: netip.MustParsePrefix("10.0.1.0/24")},
		{ID: "sub-2", VpcID: "vpc-1", CIDR: netip.MustParsePrefix("10.0.2.0/24")},
		{ID: "sub-3", VpcID: "vpc-2", CIDR: netip.MustParsePrefix("10.0.1.0/24")},
	}
	m.subnets[0].Reservations = []inventory.Reservation{{CIDR: netip.MustParsePrefix("10.0.1.8/30"), Type: "explicit"}}
	m.subnets[1].Reservations = []inventory.Reservation{{CIDR: netip.MustParsePrefix("10.0.2.112/28"), Type: "prefix"}}
	free := map[string][]netip.Addr{}
	for _, s := range m.subnets {
		free[s.ID] = shuffle(t, usable(s))
	}
	for i := range rapid.IntRange(2, 8).Draw(t, "resources") {
		m.drawResource(t, like, i, free)
	}
	if like.wild {
		m.drawWildSpecs(t)
	} else {
		m.drawSpecs(t, like, free)
	}
	return m
}

// usable returns the first 40 addresses of a subnet that may be held: few enough
// that specs meet. What lies above is left for prefixes and counts.
func usable(s inventory.Subnet) []netip.Addr {
	var list []netip.Addr
	for ip := s.CIDR.Addr(); len(list) < 40; ip = ip.Next() {
		if !slices.Contains(fiveReserved(s.CIDR), ip) {
			list = append(list, ip)
		}
	}
	return list
}

// shuffle returns a list in another order. It draws numbers, which read better in
// a report than what they stand for.
func shuffle[T any](t *rapid.T, list []T) []T {
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	out := make([]T, 0, len(list))
	for _, i := range rapid.Permutation(order).Draw(t, "order") {
		out = append(out, list[i])
	}
	return out
}

func (m *model) drawResource(t *rapid.T, like taste, i int, free map[string][]netip.Addr) {
	subnet := m.subnets[rapid.IntRange(0, 2).Draw(t, "subnet")]
	r := &modelResource{kind: inventory.KindNatGateway, vpc: subnet.VpcID, subnet: subnet.ID, left: map[netip.Addr]int{}}
	prefix := "nat"
	if rapid.Bool().Draw(t, "interface") {
		r.kind, prefix = inventory.KindNetworkInterface, "eni"
	}
	r.id = fmt.Sprintf("%s-%c", prefix, 'a'+i)
	r.drains = rapid.IntRange(1, 3).Draw(t, "drain")
	take := func() netip.Addr {
		ip := free[subnet.ID][0]
		free[subnet.ID] = free[subnet.ID][1:]
		return ip
	}
	most := min(m.limit-1, len(free[subnet.ID])-1)
	if most < 0 {
		return
	}
	r.rows = []inventory.Address{{IP: take(), Primary: true, Status: inventory.StatusSucceeded}}
	for range rapid.IntRange(0, most).Draw(t, "held") {
		a := inventory.Address{IP: take(), Status: inventory.StatusSucceeded}
		if like.faults && r.kind == inventory.KindNatGateway {
			a.Status = rapid.SampledFrom([]inventory.Status{"succeeded", "succeeded", "succeeded", "failed", "assigning", "unassigning"}).Draw(t, "status")
		}
		r.left[a.IP] = r.drains
		r.rows = append(r.rows, a)
	}
	r.hidden = like.faults && rapid.IntRange(0, 4).Draw(t, "hidden") == 0
	if r.kind == inventory.KindNetworkInterface && rapid.Bool().Draw(t, "has a prefix") {
		// Above what addresses use, one /28 for each.
		for range rapid.IntRange(1, 2).Draw(t, "prefixes") {
			p := netip.PrefixFrom(nth(subnet.CIDR.Addr(), 48+16*(len(r.prefixes)+i)%64), 28)
			if m.holder(r.vpc, p) == "" {
				r.prefixes = append(r.prefixes, p)
			}
		}
	}
	r.managed = like.wild && r.kind == inventory.KindNetworkInterface && rapid.IntRange(0, 4).Draw(t, "managed") == 0
	m.resources[r.id] = r
}

func nth(ip netip.Addr, n int) netip.Addr {
	for range n {
		ip = ip.Next()
	}
	return ip
}

// drawSpecs draws specs that do not contradict each other: it deals out the
// addresses of each subnet. An address that is held by a resource without a spec,
// or kept by a count, is not dealt.
func (m *model) drawSpecs(t *rapid.T, like taste, free map[string][]netip.Addr) {
	listed := map[string]*spec.Document{}
	for _, id := range m.ids() {
		r := m.resources[id]
		d := spec.Document{Kind: r.kind, Name: id, File: "f/" + id + ".yaml", Line: 1, Target: "default", ID: id, Secondary: &spec.Secondary{}}
		switch rapid.IntRange(0, 4).Draw(t, "what "+id+" is") {
		case 0:
			continue // no spec
		case 1:
			n := rapid.IntRange(0, m.limit-1).Draw(t, "count")
			d.Secondary.Count = &n
			if rapid.Bool().Draw(t, "has a pool") { // large enough for all
				d.Secondary.Pool = []netip.Prefix{netip.PrefixFrom(nth(m.subnetOf(r).CIDR.Addr(), 128), 26)}
			}
		}
		if r.kind == inventory.KindNatGateway {
			d.MinServing, d.MaxDrainSeconds = 1, 350
		} else {
			d.AllowReassignment = rapid.Bool().Draw(t, "move")
			if rapid.Bool().Draw(t, "prefixes") {
				n := rapid.IntRange(0, 1).Draw(t, "prefix count")
				d.Prefixes = &spec.Prefixes{Count: &n}
			}
		}
		m.docs = append(m.docs, d)
	}
	for i := range m.docs {
		if m.docs[i].Secondary.Count == nil {
			listed[m.docs[i].ID] = &m.docs[i]
		}
	}
	for _, s := range m.subnets {
		m.deal(t, s, listed)
	}
	for i := range m.docs {
		if d := &m.docs[i]; like.floors && d.Kind == inventory.KindNatGateway {
			n := len(d.Secondary.Addresses)
			if d.Secondary.Count != nil {
				n = *d.Secondary.Count
			}
			d.MinServing = rapid.IntRange(1, n+1).Draw(t, "minServing")
		}
	}
}

func (m *model) deal(t *rapid.T, s inventory.Subnet, listed map[string]*spec.Document) {
	var takers []*spec.Document
	for _, id := range m.ids() {
		if d := listed[id]; d != nil && m.resources[id].subnet == s.ID {
			takers = append(takers, d)
		}
	}
	if len(takers) == 0 {
		return
	}
	for _, ip := range usable(s) {
		owner := m.holder(s.VpcID, netip.PrefixFrom(ip, 32))
		if owner != "" && (listed[owner] == nil || m.resources[owner].rows[0].IP == ip || m.resources[owner].hidden) {
			continue
		}
		n := rapid.IntRange(-2, len(takers)-1).Draw(t, ip.String())
		if n >= 0 && len(takers[n].Secondary.Addresses) < m.limit-1 {
			takers[n].Secondary.Addresses = append(takers[n].Secondary.Addresses, ip)
		}
	}
}

func (m *model) subnetOf(r *modelResource) inventory.Subnet {
	return m.subnets[slices.IndexFunc(m.subnets, func(s inventory.Subnet) bool { return s.ID == r.subnet })]
}

// drawWildSpecs draws specs that ask for anything.
func (m *model) drawWildSpecs(t *rapid.T) {
	ids := append(m.ids(), "nat-missing", "eni-missing")
	anywhere := rapid.Custom(func(t *rapid.T) netip.Addr {
		s := m.subnets[rapid.IntRange(0, 2).Draw(t, "in")]
		return nth(s.CIDR.Addr(), rapid.IntRange(0, 30).Draw(t, "nth"))
	})
	for i := range rapid.IntRange(1, 8).Draw(t, "specs") {
		id := rapid.SampledFrom(ids).Draw(t, "of")
		d := spec.Document{Kind: kindOf(id), Name: fmt.Sprintf("s%d", i), File: fmt.Sprintf("f%d.yaml", i), Line: 1, Target: "default", ID: id,
			MaxDrainSeconds: rapid.IntRange(1, 4000).Draw(t, "drain"), MinServing: rapid.IntRange(0, 8).Draw(t, "minServing"),
			AllowReassignment: rapid.Bool().Draw(t, "move")}
		if rapid.IntRange(0, 9).Draw(t, "manages addresses") > 0 {
			d.Secondary = &spec.Secondary{}
			if rapid.Bool().Draw(t, "counted") {
				n := rapid.IntRange(0, 9).Draw(t, "count")
				d.Secondary.Count = &n
				if rapid.Bool().Draw(t, "pool") {
					d.Secondary.Pool = []netip.Prefix{netip.PrefixFrom(anywhere.Draw(t, "pool of"), rapid.IntRange(24, 32).Draw(t, "bits")).Masked()}
				}
			} else {
				d.Secondary.Addresses = rapid.SliceOfNDistinct(anywhere, 0, 8, rapid.ID[netip.Addr]).Draw(t, "addresses")
			}
		}
		if d.Kind == inventory.KindNetworkInterface && rapid.Bool().Draw(t, "manages prefixes") {
			d.Prefixes = &spec.Prefixes{CIDRs: []netip.Prefix{netip.PrefixFrom(nth(anywhere.Draw(t, "prefix"), 30), 28).Masked()}}
		}
		m.docs = append(m.docs, d)
	}
}
