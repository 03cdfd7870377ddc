package plan

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// model is a small EC2 that carries out plans: an assigned address serves in the
// next round, an unassigned one is gone after its drain. It refuses what EC2
// refuses, and keeps a list of the rules of DESIGN.md that a call broke.
type model struct {
	subnets   []inventory.Subnet
	resources map[string]*modelResource
	docs      []spec.Document
	limit     int

	lag     int // rounds that reads are behind
	past    []inventory.Inventory
	calls   []modelCall
	round   int
	refused int
	broken  []string
}

type modelResource struct {
	kind        inventory.Kind
	id          string
	vpc, subnet string
	rows        []inventory.Address // with the true primary
	prefixes    []netip.Prefix
	hidden      bool // EC2 does not say which address is the primary
	managed     bool // by a service
	drains      int  // rounds that an unassign takes
	left        map[netip.Addr]int
}

type modelCall struct {
	intent Intent
	round  int
}

func (m *model) ids() []string { return slices.Sorted(maps.Keys(m.resources)) }

// snapshot is what EC2 would answer now, without subnets.
func (m *model) snapshot() inventory.Inventory {
	inv := inventory.Inventory{Target: "default"}
	for _, id := range m.ids() {
		r := m.resources[id]
		rows := slices.Clone(r.rows)
		for i := range rows {
			rows[i].Primary = rows[i].Primary && !r.hidden
			if r.kind == inventory.KindNetworkInterface {
				rows[i].Status = ""
			}
		}
		if r.kind == inventory.KindNatGateway {
			inv.NatGateways = append(inv.NatGateways, inventory.NatGateway{ID: id, VpcID: r.vpc, SubnetID: r.subnet,
				State: "available", ConnectivityType: "private", AvailabilityMode: "zonal", Addresses: rows})
			continue
		}
		inv.NetworkInterfaces = append(inv.NetworkInterfaces, inventory.NetworkInterface{ID: id, VpcID: r.vpc, SubnetID: r.subnet,
			Type: "interface", Status: "in-use", RequesterManaged: r.managed, Addresses: rows, Prefixes: slices.Clone(r.prefixes)})
	}
	inv.Sort()
	return inv
}

// observe reads as the loop does: resources first, then only the subnets, and
// the reservations, that the plan asks for.
func (m *model) observe(in *Input) {
	inv := m.past[max(0, len(m.past)-1-m.lag)]
	seen := inventory.Inventory{Target: inv.Target, NatGateways: inv.NatGateways}
	for _, n := range inv.NetworkInterfaces { // interfaces are read by id, those of the specs only
		if slices.ContainsFunc(m.docs, func(d spec.Document) bool { return d.ID == n.ID }) {
			seen.NetworkInterfaces = append(seen.NetworkInterfaces, n)
		}
	}
	in.Inventories = []inventory.Inventory{seen}
	q := Subnets(*in)["default"]
	for _, s := range m.subnets {
		if !slices.Contains(q.IDs, s.ID) {
			continue
		}
		if !slices.Contains(q.Reservations, s.ID) {
			s.Reservations = nil
		}
		s.Holders = holdersIn(inv, s.ID)
		seen.Subnets = append(seen.Subnets, s)
	}
	seen.Sort()
	in.Inventories[0] = seen
}

// holdersIn lists every interface of a subnet, those of gateways included.
func holdersIn(inv inventory.Inventory, subnet string) []inventory.Holder {
	var list []inventory.Holder
	for _, g := range inv.NatGateways {
		h := inventory.Holder{NetworkInterfaceID: "eni-of-" + g.ID, Type: "natGateway"}
		for _, a := range g.Addresses {
			if a.Status != inventory.StatusFailed {
				h.Addresses = append(h.Addresses, inventory.Address{IP: a.IP, Primary: a.Primary})
			}
		}
		if g.SubnetID == subnet {
			list = append(list, h)
		}
	}
	for _, n := range inv.NetworkInterfaces {
		if n.SubnetID == subnet {
			list = append(list, inventory.Holder{NetworkInterfaceID: n.ID, Type: "interface", Addresses: n.Addresses, Prefixes: n.Prefixes})
		}
	}
	return list
}

// plan observes and plans.
func (m *model) plan() (Plan, Input) {
	m.past = append(m.past, m.snapshot())
	in := Input{Commit: "c", PolicyDigest: "p", Mode: "apply", Documents: m.docs, GatewayLimit: map[string]int{"default": m.limit}}
	newest := map[string]bool{}
	for _, c := range slices.Backward(m.calls) { // of calls about one address only the last counts
		key := fmt.Sprint(c.intent.ID, c.intent.Addresses, c.intent.Prefixes)
		if m.round-c.round <= m.lag+1 && !newest[key] {
			in.Intents = append(in.Intents, c.intent)
		}
		newest[key] = true
	}
	m.observe(&in)
	return Make(in), in
}

// turn plans, carries out the next action of every pending resource as the
// applier does, and lets a round pass.
func (m *model) turn() Plan {
	p, _ := m.plan()
	before := m.snapshot()
	for _, r := range p.Resources {
		if r.State == Pending {
			m.do(r, r.Waves[0][0], before)
		}
	}
	m.tick()
	return p
}

func (m *model) breaks(r Resource, a Action, rule string, args ...any) {
	m.broken = append(m.broken, fmt.Sprintf("round %d, %s, %s: ", m.round, r.ID, a)+fmt.Sprintf(rule, args...))
}

// do carries out one call. A resource that changed since the plan is left, as the
// applier leaves it.
func (m *model) do(r Resource, a Action, before inventory.Inventory) {
	to := m.resources[r.ID]
	if to == nil || !m.named(r.ID) || a.From != "" && !m.named(a.From) {
		m.breaks(r, a, "touches what no spec names")
		return
	}
	if len(a.Addresses)+len(a.Prefixes) == 0 || len(a.Addresses) > 0 && len(a.Prefixes) > 0 {
		m.breaks(r, a, "names nothing, or two kinds of thing")
	}
	for _, row := range to.rows {
		if !row.Status.Settled() {
			m.breaks(r, a, "%s is %s", row.IP, row.Status)
		}
	}
	if m.changed(r.ID, before) || a.From != "" && m.changed(a.From, before) {
		return
	}
	ok := false
	switch a.Verb {
	case inventory.VerbAssign:
		ok = m.assign(r, a, to)
	case inventory.VerbUnassign:
		ok = m.unassign(r, a, to)
	case inventory.VerbMove:
		ok = m.move(r, a, to, m.resources[a.From])
	}
	if !ok {
		m.refused++
		return
	}
	m.calls = append(m.calls, modelCall{Intent{"default", r.Kind, r.ID, a.Verb, a.Addresses, a.Prefixes, time.Unix(int64(m.round), 0)}, m.round})
	m.checkWorld(r, a)
}

func (m *model) named(id string) bool {
	return slices.ContainsFunc(m.docs, func(d spec.Document) bool { return d.ID == id })
}

func (m *model) changed(id string, before inventory.Inventory) bool {
	now := m.snapshot()
	a, _ := before.NatGateway(id)
	b, _ := now.NatGateway(id)
	x, _ := before.NetworkInterface(id)
	y, _ := now.NetworkInterface(id)
	return digest([]any{a, x}) != digest([]any{b, y})
}

func (m *model) assign(r Resource, a Action, to *modelResource) bool {
	for _, cidr := range cidrsOf(a) {
		if owner := m.holder(to.vpc, cidr); owner != "" {
			if m.lag == 0 {
				m.breaks(r, a, "%s is held by %s", cidr, owner)
			}
			return false
		}
	}
	to.prefixes = append(to.prefixes, a.Prefixes...)
	for _, ip := range a.Addresses {
		row := inventory.Address{IP: ip, Status: inventory.StatusSucceeded}
		if to.kind == inventory.KindNatGateway {
			row.Status = inventory.StatusAssigning
		}
		to.rows = append(to.rows, row)
	}
	return true
}

func (m *model) unassign(r Resource, a Action, to *modelResource) bool {
	if to.hidden {
		m.breaks(r, a, "the primary is not known")
	}
	floor := min(m.minServing(r.ID), to.serving())
	for _, p := range a.Prefixes {
		if !slices.Contains(to.prefixes, p) {
			return false
		}
	}
	for _, ip := range a.Addresses {
		i := slices.IndexFunc(to.rows, func(row inventory.Address) bool { return row.IP == ip && row.Status == inventory.StatusSucceeded })
		switch {
		case i < 0 && m.lag > 0:
			return false
		case i < 0:
			m.breaks(r, a, "%s is not there", ip)
			return false
		case to.rows[i].Primary:
			m.breaks(r, a, "%s is the primary", ip)
		case to.kind == inventory.KindNetworkInterface:
			to.rows = slices.Delete(to.rows, i, i+1)
		default:
			to.rows[i].Status, to.left[ip] = inventory.StatusUnassigning, to.drains
		}
	}
	to.prefixes = slices.DeleteFunc(to.prefixes, func(p netip.Prefix) bool { return slices.Contains(a.Prefixes, p) })
	if to.serving() < floor {
		m.breaks(r, a, "%d serve, and the floor is %d", to.serving(), floor)
	}
	return true
}

func (m *model) move(r Resource, a Action, to, from *modelResource) bool {
	if from.hidden || from.kind != inventory.KindNetworkInterface || to.kind != inventory.KindNetworkInterface {
		m.breaks(r, a, "may not take from %s", from.id)
	}
	for _, d := range m.docs {
		if d.ID == r.ID && !d.AllowReassignment {
			m.breaks(r, a, "the spec does not allow a move")
		}
	}
	for _, ip := range a.Addresses {
		i := slices.IndexFunc(from.rows, func(row inventory.Address) bool { return row.IP == ip })
		if i < 0 {
			if m.lag == 0 {
				m.breaks(r, a, "%s is not on %s", ip, from.id)
			}
			return false
		}
		if from.rows[i].Primary {
			m.breaks(r, a, "%s is the primary of %s", ip, from.id)
		}
		from.rows = slices.Delete(from.rows, i, i+1)
		to.rows = append(to.rows, inventory.Address{IP: ip, Status: inventory.StatusSucceeded})
	}
	return true
}

// checkWorld looks for what may never be, after a call.
func (m *model) checkWorld(r Resource, a Action) {
	for _, id := range m.ids() {
		x := m.resources[id]
		if x.kind == inventory.KindNatGateway && len(x.rows) > m.limit {
			m.breaks(r, a, "%s has %d addresses", id, len(x.rows))
		}
		i := slices.IndexFunc(m.subnets, func(s inventory.Subnet) bool { return s.ID == x.subnet })
		for _, cidr := range x.cidrs() {
			if !m.subnets[i].CIDR.Contains(cidr.Addr()) || slices.ContainsFunc(fiveReserved(m.subnets[i].CIDR), cidr.Contains) {
				m.breaks(r, a, "%s of %s is reserved or outside", cidr, id)
			}
			for _, other := range m.ids() {
				y := m.resources[other]
				if other != id && y.vpc == x.vpc && slices.ContainsFunc(y.cidrs(), cidr.Overlaps) {
					m.breaks(r, a, "%s is on %s and %s", cidr, id, other)
				}
			}
		}
	}
}

// fiveReserved counts them anew, so that the code's own idea is not its judge.
func fiveReserved(cidr netip.Prefix) []netip.Addr {
	b := cidr.Masked().Addr().As4()
	base := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	var list []netip.Addr
	for _, n := range []uint32{0, 1, 2, 3, 1<<(32-cidr.Bits()) - 1} {
		v := base + n
		list = append(list, netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}))
	}
	return list
}

func (m *model) tick() {
	m.round++
	for _, r := range m.resources {
		for i := range r.rows {
			if r.rows[i].Status == inventory.StatusAssigning {
				r.rows[i].Status = inventory.StatusSucceeded
			}
		}
		r.rows = slices.DeleteFunc(r.rows, func(a inventory.Address) bool {
			if a.Status != inventory.StatusUnassigning {
				return false
			}
			r.left[a.IP]--
			return r.left[a.IP] <= 0
		})
	}
}

func (m *model) holder(vpc string, cidr netip.Prefix) string {
	for _, id := range m.ids() {
		if r := m.resources[id]; r.vpc == vpc && slices.ContainsFunc(r.cidrs(), cidr.Overlaps) {
			return id
		}
	}
	return ""
}

func (m *model) minServing(id string) int {
	for _, d := range m.docs {
		if d.ID == id {
			return d.MinServing
		}
	}
	return 0
}

func (r *modelResource) serving() int {
	n := 0
	for _, a := range r.rows {
		if a.Status == inventory.StatusSucceeded {
			n++
		}
	}
	return n
}

// secondary returns the addresses that serve, without the primary, in order.
func (r *modelResource) secondary() []netip.Addr {
	list := []netip.Addr{}
	for _, a := range r.rows {
		if a.Status == inventory.StatusSucceeded && !a.Primary {
			list = append(list, a.IP)
		}
	}
	slices.SortFunc(list, netip.Addr.Compare)
	return list
}

func (r *modelResource) cidrs() []netip.Prefix {
	list := slices.Clone(r.prefixes)
	for _, a := range r.rows {
		if a.Status != inventory.StatusFailed {
			list = append(list, netip.PrefixFrom(a.IP, 32))
		}
	}
	return list
}

func cidrsOf(a Action) []netip.Prefix {
	list := slices.Clone(a.Prefixes)
	for _, ip := range a.Addresses {
		list = append(list, netip.PrefixFrom(ip, 32))
	}
	return list
}
