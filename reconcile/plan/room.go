package plan

import (
	"net/netip"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// room is what may be chosen in an item's subnet.
type room struct {
	subnet   inventory.Subnet
	blocked  space[struct{}] // AWS's own addresses, and reservations
	held     *space[holding]
	wanted   []*space[struct{}]
	searches map[searchKey]netip.Addr
}

// searchKey is one search for free networks of a size. What is taken stays taken
// while a plan is made, so a search begins where the one before it found room.
type searchKey struct {
	subnet string
	pool   netip.Prefix
	bits   int
}

// room returns what is taken in the resource's subnet: AWS's reserved addresses,
// CIDR reservations (except those of type allowed), what any interface holds, and
// what any spec or undecided call asks for there.
func (it *item) room(allowed string) (room, bool) {
	subnet, ok := it.subnetFacts()
	if !ok {
		return room{}, false
	}
	if why := it.index.inv.WhyUnread(inventory.ReadReservations, it.subnet); why != "" {
		it.fail("the CIDR reservations of subnet %s could not be read, so no address is chosen there: %s", it.subnet, why)
		return room{}, false
	}
	r := room{subnet: subnet, held: it.index.holdings(it.vpc), searches: it.index.next}
	r.wanted = []*space[struct{}]{it.index.wanted[it.vpc], it.index.wanted[""]}
	for _, ip := range reserved(subnet.CIDR) {
		r.blocked.add(single(ip), struct{}{})
	}
	for _, res := range subnet.Reservations {
		if res.Type != allowed {
			r.blocked.add(res.CIDR, struct{}{})
		}
	}
	return r, true
}

// free reports whether nothing is, or is to be, in cidr.
func (r *room) free(cidr netip.Prefix) bool {
	return !r.blocked.overlaps(cidr) && !r.held.overlaps(cidr) && !r.wanted[0].overlaps(cidr) && !r.wanted[1].overlaps(cidr)
}

// choose returns up to n free networks of a size in pool, the lowest first.
func (r *room) choose(n, bits int, pool netip.Prefix) []netip.Prefix {
	key := searchKey{r.subnet.ID, pool, bits}
	ip, begun := r.searches[key]
	if !begun {
		ip = pool.Masked().Addr()
	}
	var chosen []netip.Prefix
	for pool.Contains(ip) && len(chosen) < n {
		p := netip.PrefixFrom(ip, bits)
		if r.free(p) {
			chosen = append(chosen, p)
		}
		if len(chosen) == 0 {
			r.searches[key] = ip
		}
		ip = lastAddr(p).Next()
	}
	return chosen
}

// reserveListed takes note of everything that a spec lists and of every call
// that may still take effect, so that no count chooses it. That holds for specs
// which are in error or wait, too: their addresses are theirs later.
func (b *builder) reserveListed(in Input) {
	for _, it := range b.items {
		if it.index == nil {
			continue
		}
		if s := it.doc.Secondary; s != nil {
			for _, ip := range s.Addresses {
				it.index.want(it.vpc, single(ip))
			}
		}
		if p := it.doc.Prefixes; p != nil {
			for _, cidr := range p.CIDRs {
				it.index.want(it.vpc, cidr)
			}
		}
	}
	for _, intent := range in.Intents {
		x, vpc := b.targets[intent.Target], ""
		if x == nil {
			continue
		}
		if it := b.owners[resourceKey{intent.Target, intent.Kind, intent.ID}]; it != nil {
			vpc = it.vpc
		}
		for _, ip := range intent.Addresses {
			x.want(vpc, single(ip))
		}
		for _, cidr := range intent.Prefixes {
			x.want(vpc, cidr)
		}
	}
}
