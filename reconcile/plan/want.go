package plan

import (
	"net/netip"
	"slices"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// held returns the addresses that sluice may count and remove: secondary ones
// that serve. A failed address serves nobody and is left to its owner. When EC2
// does not say which address is primary, all are returned, and none is removed
// (see sequence).
func (it *item) held() []netip.Addr {
	var list []netip.Addr
	for _, a := range it.addresses {
		if !a.Primary && a.Status.Serving() && a.IP.IsValid() {
			list = append(list, a.IP)
		}
	}
	return list
}

// serving counts the addresses that take new connections, the primary included: where
// EC2 does not say which it is, held has it among the others.
func (it *item) serving() int {
	n := len(it.held())
	for _, a := range it.addresses {
		if a.Primary && a.Status.Serving() {
			n++
		}
	}
	return n
}

// needsSubnet reports whether the spec adds an address or a prefix, and whether
// sluice is to choose it.
func (it *item) needsSubnet() (adds, chooses bool) {
	if s := it.doc.Secondary; s != nil {
		if s.Count != nil {
			chooses = *s.Count > len(it.held())-it.hiddenPrimary()
		}
		adds = chooses || len(missing(s.Addresses, it.held())) > 0
	}
	if p := it.doc.Prefixes; p != nil {
		choosesPrefix := p.Count != nil && *p.Count > len(it.prefixes)
		chooses = chooses || choosesPrefix
		adds = adds || choosesPrefix || len(missing(p.CIDRs, it.prefixes)) > 0
	}
	return adds, chooses
}

// hiddenPrimary is 1 when one of the held addresses must be the primary though
// EC2 does not say which.
func (it *item) hiddenPrimary() int {
	if it.primary.IsValid() || len(it.addresses) == 0 {
		return 0
	}
	return 1
}

// wantExplicit takes over the addresses and prefixes that a spec lists.
func (it *item) wantExplicit() {
	if it.stopped() {
		return
	}
	if s := it.doc.Secondary; s != nil && s.Count == nil {
		it.want = s.Addresses
		for _, ip := range it.want {
			it.checkAddable(ip, single(ip))
		}
		it.checkLimit(len(it.want))
	}
	if p := it.doc.Prefixes; p != nil && p.Count == nil {
		it.wantPrefixes = p.CIDRs
		for _, cidr := range missing(it.wantPrefixes, it.prefixes) {
			it.checkAddable(netip.Addr{}, cidr)
		}
	}
}

// checkAddable refuses what EC2 could never assign here. An address that is held
// already needs no check, and so no look at its subnet.
func (it *item) checkAddable(ip netip.Addr, cidr netip.Prefix) {
	row, found := inventory.Find(it.addresses, ip)
	switch {
	case ip.IsValid() && slices.Contains(it.held(), ip):
		return
	case ip.IsValid() && found && row.Primary:
		it.fail("%s is the primary address of %s; list secondary addresses only", ip, it.id)
		return
	case found && row.Status == inventory.StatusFailed && it.state == "":
		it.block("%s failed on %s%s; take it out of the spec, or remove it by hand so that it can be tried again", ip, it.id, parenthesis(row.FailureMessage))
		return
	case found || it.state != "":
		return
	}
	subnet, ok := it.subnetFacts()
	if !ok {
		return
	}
	what := formatList(nil, []netip.Prefix{cidr})
	if ip.IsValid() {
		what = ip.String()
	}
	if !subnet.CIDR.Contains(cidr.Addr()) || cidr.Bits() < subnet.CIDR.Bits() {
		it.fail("%s is outside %s, the range of %s's subnet %s", what, subnet.CIDR, it.id, subnet.ID)
		return
	}
	for _, r := range reserved(subnet.CIDR) {
		if cidr.Contains(r) {
			it.fail("%s is reserved by AWS in %s (the first four addresses of a subnet and its last)", what, subnet.CIDR)
			return
		}
	}
}

// subnetFacts returns the resource's subnet, or sets the error that it could not
// be read.
func (it *item) subnetFacts() (inventory.Subnet, bool) {
	subnet, ok := it.index.subnets[it.subnet]
	why := it.index.inv.WhyUnread(inventory.ReadSubnets, it.subnet)
	switch {
	case why != "":
		it.fail("subnet %s of %s could not be read: %s", it.subnet, it.id, why)
	case !ok:
		it.fail("subnet %s of %s is not among the subnets that EC2 lists", it.subnet, it.id)
	case !subnet.CIDR.IsValid():
		it.fail("EC2 gives no IPv4 range for subnet %s of %s", it.subnet, it.id)
	default:
		return subnet, true
	}
	return subnet, false
}

func (it *item) checkLimit(secondary int) {
	if it.limit > 0 && secondary+1 > it.limit {
		it.fail("%d secondary addresses and the primary are %d, but %s can hold %d (setting addressesPerNatGateway)", secondary, secondary+1, it.id, it.limit)
	}
}

// reserved returns the five addresses of a subnet that AWS keeps.
func reserved(cidr netip.Prefix) []netip.Addr {
	first := cidr.Masked().Addr()
	list := []netip.Addr{first}
	for range 3 {
		first = first.Next()
		list = append(list, first)
	}
	return append(list, lastAddr(cidr))
}

// missing returns the wanted values that are not there, in order.
func missing[T comparable](wanted, there []T) []T {
	var out []T
	for _, v := range wanted {
		if !slices.Contains(there, v) {
			out = append(out, v)
		}
	}
	return out
}
