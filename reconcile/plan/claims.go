package plan

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
)

// checkResourceClaims refuses every spec that means a resource which another
// spec means too: with two owners, neither is believed. Two ids that are the same are
// found when specs are read; that a selector matches what another one names shows here
// first.
func (b *builder) checkResourceClaims() {
	for _, it := range b.items {
		if it.live == nil {
			continue
		}
		first, taken := b.owners[it.key()]
		if !taken {
			b.owners[it.key()] = it
			continue
		}
		both := fmt.Sprintf("%s is claimed by two specs, %s and %s; keep one", it.id, place(first), place(it))
		first.fail("%s", both)
		it.fail("%s", both)
	}
}

// claim is an address range that a spec wants in a VPC.
type claim struct {
	target, vpc string
	cidr        netip.Prefix
	it          *item
}

// checkAddressClaims refuses every spec that wants an address which another spec
// wants in the same VPC.
func (b *builder) checkAddressClaims() {
	var claims []claim
	for _, it := range b.items {
		for _, ip := range it.want {
			claims = append(claims, claim{it.doc.Target, it.vpc, single(ip), it})
		}
		for _, p := range it.wantPrefixes {
			claims = append(claims, claim{it.doc.Target, it.vpc, p, it})
		}
	}
	slices.SortStableFunc(claims, func(x, y claim) int {
		return cmp.Or(cmp.Compare(x.target, y.target), cmp.Compare(x.vpc, y.vpc),
			x.cidr.Addr().Compare(y.cidr.Addr()), cmp.Compare(x.cidr.Bits(), y.cidr.Bits()))
	})
	// The claims are sorted, larger networks first where two begin at one address. So
	// whatever lies inside of a range follows it, and one range need be kept in mind.
	var open claim
	for _, c := range claims {
		if open.it != nil && open.target == c.target && open.vpc == c.vpc && open.cidr.Contains(c.cidr.Addr()) {
			if open.it == c.it && open.cidr != c.cidr {
				c.it.fail("%s lies inside %s, and the spec wants both on %s; keep one", formatCIDR(c.cidr), formatCIDR(open.cidr), c.it.id)
			} else if open.it != c.it {
				both := fmt.Sprintf("%s is wanted by two specs, %s and %s; keep it in one", formatCIDR(c.cidr), place(open.it), place(c.it))
				open.it.fail("%s", both)
				c.it.fail("%s", both)
			}
			continue
		}
		open = c
	}
}

func place(it *item) string {
	return fmt.Sprintf("%s (%s:%d)", it.doc.Name, it.doc.File, it.doc.Line)
}

func formatCIDR(p netip.Prefix) string {
	if p.Bits() == 32 {
		return p.Addr().String()
	}
	return p.String()
}
