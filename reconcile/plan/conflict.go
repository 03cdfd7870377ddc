package plan

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// need is an address that an item adds and another spec's resource still has.
type need struct {
	ip    netip.Addr
	giver *item
	move  bool // taken from the giver by this item's own call
}

// listUnplanned takes note of what is listed by specs that cannot be planned. Their
// claims count: what two specs want is decided by a person, not by which of the two
// can be read first. Where the VPC is not known, it may be any.
func (b *builder) listUnplanned() {
	b.unplanned = map[string]*space[*item]{}
	for _, it := range b.items {
		if !it.stopped() {
			continue
		}
		of := b.unplanned[it.doc.Target]
		if of == nil {
			of = &space[*item]{}
			b.unplanned[it.doc.Target] = of
		}
		if s := it.doc.Secondary; s != nil {
			for _, ip := range s.Addresses {
				of.add(single(ip), it)
			}
		}
		if p := it.doc.Prefixes; p != nil {
			for _, cidr := range p.CIDRs {
				of.add(cidr, it)
			}
		}
	}
}

// findConflicts looks for who holds what this item would add. An address that
// another spec's resource gives up is waited for, or moved where both are
// interfaces and the spec allows it; anything else blocks.
func (b *builder) findConflicts(it *item) {
	if it.state != "" {
		return
	}
	for _, ip := range missing(it.want, it.held()) {
		b.conflict(it, single(ip))
	}
	for _, p := range missing(it.wantPrefixes, it.prefixes) {
		b.conflict(it, p)
	}
}

// conflict asks for one added address or prefix who is in its way; the first is enough.
// Of the item's own resource a prefix is always in the way, and an address only of a
// prefix: one that the spec gives up goes in an earlier wave than the prefix comes,
// except where EC2 does not say which address is primary, and so nothing goes.
func (b *builder) conflict(it *item, cidr netip.Prefix) {
	for other := range b.unplanned[it.doc.Target].overlapping(cidr) {
		if other.vpc == it.vpc || other.vpc == "" {
			it.block("%s is listed by %s too, which cannot be planned now: %s; keep it in one of the two", formatCIDR(cidr), place(other), other.reason)
			return
		}
	}
	for h := range it.index.holdings(it.vpc).overlapping(cidr) {
		if h.id != it.id {
			b.conflictWith(it, cidr, h)
			return
		}
		if h.prefix.IsValid() || cidr.Bits() < 32 && !(it.primary.IsValid() && !h.row.Primary && it.gives(single(h.row.IP))) {
			it.block("%s overlaps %s, which %s holds itself; take that out of the spec first, and add this later", formatCIDR(cidr), h, it.id)
			return
		}
	}
}

// conflictWith decides what becomes of an item that adds what another resource has. The
// order counts: a primary address can never come, whatever any spec says, so that is an
// error; what somebody may still mend blocks; the rest is waited for, or moved.
func (b *builder) conflictWith(it *item, cidr netip.Prefix, h holding) {
	giver := b.owners[resourceKey{it.doc.Target, h.kind, h.id}]
	gives := giver != nil && giver.gives(cidr)
	both := it.doc.Kind == inventory.KindNetworkInterface && h.kind == inventory.KindNetworkInterface
	switch {
	case h.row.Primary:
		it.fail("%s is the primary address of %s, which can never be taken away", formatCIDR(cidr), h.id)
	case h.prefix.IsValid():
		it.block("%s overlaps a prefix that %s holds; release it there first", formatCIDR(cidr), h.id)
	case gives && !giver.primary.IsValid():
		it.block("%s is held by %s, and EC2 does not say which address there is the primary, so none is taken away", formatCIDR(cidr), h.id)
	case gives && h.row.Status == inventory.StatusFailed:
		it.block("%s is listed as failed on %s; remove it there by hand", formatCIDR(cidr), h.id)
	case gives:
		it.needs = append(it.needs, need{cidr.Addr(), giver, both && it.doc.AllowReassignment && giver.state == ""})
	case both && it.doc.AllowReassignment && giver == nil:
		it.block("%s is held by %s, which no spec names, and sluice touches nothing that no spec names; name it in a spec, or release the address there", formatCIDR(cidr), h.id)
	case both && giver != nil && !it.doc.AllowReassignment:
		it.block("%s is held by %s; take it out of that spec, or set allowReassignment to move it", formatCIDR(cidr), h.id)
	default:
		it.block("%s is held by %s; release it there first", formatCIDR(cidr), h.id)
	}
}

// String names what is held.
func (h holding) String() string {
	if h.prefix.IsValid() {
		return h.prefix.String()
	}
	return h.row.IP.String()
}

// gives reports whether the item's spec lets go of an address that its resource
// still has. A spec in error or blocked lets go of nothing.
func (it *item) gives(cidr netip.Prefix) bool {
	if it.stopped() || it.doc.Secondary == nil || cidr.Bits() != 32 {
		return false
	}
	return !slices.Contains(it.want, cidr.Addr())
}

// findTakers notes which interface spec means to take which address from another
// interface. Whatever becomes of that spec in this plan, the interface that has
// the address does not let go of it: it would be nowhere in between.
func (b *builder) findTakers() {
	for _, it := range b.items {
		if it.doc.Kind != inventory.KindNetworkInterface || !it.doc.AllowReassignment || it.doc.Secondary == nil {
			continue
		}
		for _, ip := range it.doc.Secondary.Addresses {
			key := takerKey{it.doc.Target, ip}
			b.takers[key] = append(b.takers[key], it)
		}
	}
}

// taker returns the spec that means to take an address from an interface.
func (b *builder) taker(giver *item, ip netip.Addr) *item {
	if giver.doc.Kind != inventory.KindNetworkInterface {
		return nil
	}
	for _, it := range b.takers[takerKey{giver.doc.Target, ip}] {
		if it != giver && (it.live == nil || it.vpc == giver.vpc) {
			return it
		}
	}
	return nil
}

// link tells both sides of each need what it means for their order.
func (b *builder) link() {
	for _, it := range b.items {
		if it.stopped() {
			continue
		}
		it.moves = map[netip.Addr]string{}
		for _, n := range it.needs {
			if n.move {
				it.moves[n.ip] = n.giver.id
				n.giver.taken = append(n.giver.taken, n.ip)
				n.giver.notes = append(n.giver.notes, fmt.Sprintf("%s is moved away to %s", n.ip, it.id))
				continue
			}
			it.late = append(it.late, n.ip)
			it.notes = append(it.notes, fmt.Sprintf("%s follows when %s has given it up", n.ip, n.giver.id))
			n.giver.awaited = append(n.giver.awaited, n.ip)
		}
	}
}
