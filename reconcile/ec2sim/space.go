package ec2sim

import (
	"fmt"
	"net/netip"
)

// nic is a network interface as EC2 shows it: one of the world's own, or the one
// that a NAT gateway stands on.
type nic struct {
	NetworkInterface
	gateway string // the NAT gateway's id, or ""
}

// interfaces lists every interface of the world, those of gateways included.
func (w *World) interfaces() []nic {
	list := make([]nic, 0, len(w.NetworkInterfaces)+len(w.NatGateways))
	for _, n := range w.NetworkInterfaces {
		list = append(list, nic{NetworkInterface: n})
	}
	for i := range w.NatGateways {
		g := &w.NatGateways[i]
		if g.SubnetID == "" || g.State == "deleted" || g.State == statusFailed {
			continue // a regional gateway has no interface of the account's; a dead one has none left
		}
		n := NetworkInterface{
			ID: g.NetworkInterfaceID, SubnetID: g.SubnetID, Status: "in-use",
			Description: "Interface for NAT Gateway " + g.ID, InterfaceType: "natGateway",
			RequesterManaged: true, Primary: g.Primary,
		}
		for _, ip := range g.Secondary {
			// An address that failed to arrive holds no place in the subnet.
			if g.transition(ip).Status != statusFailed {
				n.Secondary = append(n.Secondary, ip)
			}
		}
		list = append(list, nic{NetworkInterface: n, gateway: g.ID})
	}
	return list
}

// space is the address space of one subnet and who holds what in it. It is made anew for
// each question: the world keeps no second account of what is held, so that no edit of
// it can make the two differ.
type space struct {
	cidr     netip.Prefix
	explicit []netip.Prefix // reservations for addresses that are named
	prefixes []netip.Prefix // reservations for prefixes
	held     map[netip.Addr]nic
	blocks   map[netip.Prefix]nic
}

// space reads the subnet's state.
func (w *World) space(subnetID string) (*space, bool) {
	return w.spaceAmong(subnetID, w.interfaces())
}

// spaceAmong is space for a caller that asks for many subnets and lists the
// interfaces only once. Text that does not parse (an edit of the world may hold
// some) takes no place.
func (w *World) spaceAmong(subnetID string, all []nic) (*space, bool) {
	subnet, ok := w.subnet(subnetID)
	if !ok {
		return nil, false
	}
	cidr, err := netip.ParsePrefix(subnet.CIDR)
	if err != nil || !cidr.Addr().Is4() {
		return nil, false
	}
	sp := &space{cidr: cidr.Masked(), held: map[netip.Addr]nic{}, blocks: map[netip.Prefix]nic{}}
	for _, r := range subnet.Reservations {
		if p, err := netip.ParsePrefix(r.CIDR); err == nil && r.Type == "prefix" {
			sp.prefixes = append(sp.prefixes, p.Masked())
		} else if err == nil {
			sp.explicit = append(sp.explicit, p.Masked())
		}
	}
	for i := range all {
		if all[i].SubnetID == subnetID {
			sp.add(all[i])
		}
	}
	return sp, true
}

// add enters what an interface holds.
func (sp *space) add(n nic) {
	for _, ip := range append([]string{n.Primary}, n.Secondary...) {
		if a, err := netip.ParseAddr(ip); err == nil {
			sp.held[a] = n
		}
	}
	for _, text := range n.Prefixes {
		if p, err := netip.ParsePrefix(text); err == nil {
			sp.blocks[p.Masked()] = n
		}
	}
}

// refuse says why nobody may hold addr in this subnet, or "". That somebody holds
// it already is another matter.
func (sp *space) refuse(addr netip.Addr) string {
	switch {
	case !sp.cidr.Contains(addr):
		return fmt.Sprintf("Address %s does not fall within the subnet's address range %s", addr, sp.cidr)
	case reserved(sp.cidr, addr):
		return fmt.Sprintf("Address %s is in the subnet's reserved address range", addr)
	case within(addr, sp.prefixes):
		return fmt.Sprintf("Address %s is in a subnet CIDR reservation for prefixes", addr)
	}
	for block, n := range sp.blocks {
		if block.Contains(addr) {
			return fmt.Sprintf("Address %s is part of prefix %s of %s", addr, block, n.ID)
		}
	}
	return ""
}

// free returns the n lowest addresses that EC2 may choose by itself, or fewer.
func (sp *space) free(n int) []netip.Addr {
	var list []netip.Addr
	for a := sp.cidr.Addr(); sp.cidr.Contains(a) && len(list) < n; a = a.Next() {
		_, held := sp.held[a]
		if !held && !within(a, sp.explicit) && sp.refuse(a) == "" {
			list = append(list, a)
		}
	}
	return list
}

// available is EC2's AvailableIpAddressCount: what nobody holds, less the five
// that EC2 keeps. Reservations do not count.
func (sp *space) available() int {
	return max(0, 1<<(32-sp.cidr.Bits())-5-len(sp.held)-16*len(sp.blocks))
}

// refuseBlock says why nobody may hold the /28 block, or "".
func (sp *space) refuseBlock(block netip.Prefix) string {
	switch {
	case block.Bits() != 28 || block != block.Masked():
		return fmt.Sprintf("%s is not a /28 on its boundary", block)
	case block.Bits() < sp.cidr.Bits() || !sp.cidr.Contains(block.Addr()):
		return fmt.Sprintf("%s does not fall within the subnet's address range %s", block, sp.cidr)
	}
	for a := block.Addr(); block.Contains(a); a = a.Next() {
		if reserved(sp.cidr, a) {
			return fmt.Sprintf("%s holds the subnet's reserved address %s", block, a)
		}
		if n, held := sp.held[a]; held {
			return fmt.Sprintf("%s holds address %s of %s", block, a, n.ID)
		}
	}
	if n, held := sp.blocks[block]; held {
		return fmt.Sprintf("%s is a prefix of %s", block, n.ID)
	}
	return ""
}

// freeBlocks returns n free /28 blocks, those reserved for prefixes first.
func (sp *space) freeBlocks(n int) []netip.Prefix {
	var kept, other []netip.Prefix
	for a := sp.cidr.Addr(); sp.cidr.Contains(a); a = nextBlock(a) {
		block := netip.PrefixFrom(a, 28)
		if overlaps(block, sp.explicit) || sp.refuseBlock(block) != "" {
			continue
		}
		if overlaps(block, sp.prefixes) {
			kept = append(kept, block)
		} else {
			other = append(other, block)
		}
	}
	list := append(kept, other...)
	return list[:min(n, len(list))]
}

// nextBlock returns the address sixteen after a.
func nextBlock(a netip.Addr) netip.Addr {
	for range 16 {
		a = a.Next()
	}
	return a
}

// reserved reports whether addr is one of the subnet's first four or its last.
func reserved(cidr netip.Prefix, addr netip.Addr) bool {
	a := cidr.Addr()
	for range 4 {
		if a == addr {
			return true
		}
		a = a.Next()
	}
	return cidr.Contains(addr) && !cidr.Contains(addr.Next())
}

// within reports whether one of the networks holds the address.
func within(addr netip.Addr, list []netip.Prefix) bool {
	return overlaps(netip.PrefixFrom(addr, addr.BitLen()), list)
}

// overlaps reports whether p shares an address with one of the networks.
func overlaps(p netip.Prefix, list []netip.Prefix) bool {
	for _, q := range list {
		if p.Overlaps(q) {
			return true
		}
	}
	return false
}
