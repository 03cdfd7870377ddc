package plan

import (
	"net/netip"
	"slices"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// wantCounted resolves the counts of a spec to explicit addresses: what is held
// is kept, what is missing is the lowest free of the pool, and what is too much
// is given back from outside the pool first, then from the top.
func (it *item) wantCounted() {
	if s := it.doc.Secondary; s != nil && s.Count != nil && !it.stopped() {
		it.checkLimit(*s.Count)
		it.countAddresses(*s.Count, s.Pool)
	}
	if p := it.doc.Prefixes; p != nil && p.Count != nil && !it.stopped() {
		it.countPrefixes(*p.Count)
	}
}

// countAddresses makes a count the addresses that are held, and as many more or fewer as
// it takes. What is held stays first of all: a count that was met once makes no call
// when the pool is changed. A hidden primary is one of those that are held, and is not
// counted; while nobody knows which it is, none may go.
func (it *item) countAddresses(count int, pool []netip.Prefix) {
	it.want = it.held()
	hidden := it.hiddenPrimary()
	have := len(it.want) - hidden
	switch {
	case count > have && it.state == "":
		it.want = append(it.want, it.chooseAddresses(count-have, pool)...)
		slices.SortFunc(it.want, netip.Addr.Compare)
	case count < have && hidden == 1:
		it.block("EC2 does not say which address of %s is the primary, so none is removed there", it.id)
	case count < have: // settled or not: what goes must not count as wanted
		it.want = shrink(it.want, count, pool)
	}
}

// shrink keeps n of the held addresses: those inside the pool before those
// outside, the lowest first.
func shrink(held []netip.Addr, n int, pool []netip.Prefix) []netip.Addr {
	kept := slices.Clone(held)
	outside := func(ip netip.Addr) int {
		if len(pool) == 0 || covered(pool, single(ip)) {
			return 0
		}
		return 1
	}
	slices.SortFunc(kept, func(x, y netip.Addr) int {
		if d := outside(x) - outside(y); d != 0 {
			return d
		}
		return x.Compare(y)
	})
	kept = kept[:min(n, len(kept))]
	slices.SortFunc(kept, netip.Addr.Compare)
	return kept
}

// chooseAddresses picks n free addresses, all of them or none, and takes note of them, so
// that the next spec chooses others. A pool outside of the subnet is an error of the
// spec; a pool that is full may empty, and only blocks.
func (it *item) chooseAddresses(n int, pool []netip.Prefix) []netip.Addr {
	r, ok := it.room("")
	if !ok {
		return nil
	}
	for _, p := range pool {
		if !r.subnet.CIDR.Contains(p.Addr()) || p.Bits() < r.subnet.CIDR.Bits() {
			it.fail("pool %s is outside %s, the range of %s's subnet %s", p, r.subnet.CIDR, it.id, r.subnet.ID)
			return nil
		}
	}
	where := "pool " + formatList(nil, pool)
	if len(pool) == 0 {
		pool, where = []netip.Prefix{r.subnet.CIDR}, "subnet "+r.subnet.CIDR.String()
	}
	pool = slices.Clone(pool)
	inventory.SortPrefixes(pool)
	var chosen []netip.Addr
	for _, p := range pool {
		for _, cidr := range r.choose(n-len(chosen), 32, p) {
			chosen = append(chosen, cidr.Addr())
		}
	}
	if len(chosen) < n {
		it.block("%s has %d free addresses for %s, but %d are needed; widen the pool or free some", where, len(chosen), it.id, n)
		return nil
	}
	for _, ip := range chosen {
		it.index.want(it.vpc, single(ip))
	}
	return chosen
}

// countPrefixes is countAddresses for prefixes, which have no primary and no pool.
func (it *item) countPrefixes(count int) {
	it.wantPrefixes = it.prefixes
	if count <= len(it.prefixes) {
		it.wantPrefixes = it.prefixes[:count] // sorted: the highest go first
		return
	}
	if it.state != "" {
		return
	}
	r, ok := it.room("prefix")
	if !ok {
		return
	}
	need := count - len(it.prefixes)
	chosen := r.choose(need, 28, r.subnet.CIDR)
	if len(chosen) < need {
		it.block("subnet %s has %d free /28 prefixes for %s, but %d are needed", r.subnet.CIDR, len(chosen), it.id, need)
		return
	}
	for _, cidr := range chosen {
		it.index.want(it.vpc, cidr)
	}
	it.wantPrefixes = slices.Concat(it.prefixes, chosen)
	inventory.SortPrefixes(it.wantPrefixes)
}
