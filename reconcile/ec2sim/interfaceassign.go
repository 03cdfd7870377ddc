package ec2sim

import (
	"net/netip"
	"slices"
)

// assignedReply is the answer of AssignPrivateIpAddresses.
type assignedReply struct {
	header
	NetworkInterfaceID string              `xml:"networkInterfaceId"`
	Addresses          set[assignedItem]   `xml:"assignedPrivateIpAddressesSet"`
	Prefixes           set[ipv4PrefixItem] `xml:"assignedIpv4PrefixSet"`
	Return             bool                `xml:"return"`
}

type assignedItem struct {
	PrivateIP string `xml:"privateIpAddress"`
}

// assignTogether: addresses or a count of them, prefixes or a count of them.
func assignTogether(p params) *failure {
	return firstOf(either(p, "PrivateIpAddress", "SecondaryPrivateIpAddressCount"), either(p, "Ipv4Prefix", "Ipv4PrefixCount"),
		anyOf(p, "PrivateIpAddress", "SecondaryPrivateIpAddressCount", "Ipv4Prefix", "Ipv4PrefixCount"),
		distinct("PrivateIpAddress", "Ipv4Prefix")(p))
}

// assignAddresses is AssignPrivateIpAddresses. Everything is checked before
// anything changes: a call takes effect as a whole, unless a fault cuts it.
func assignAddresses(c *exchange) (reply, *failure) {
	n, problem := c.changeableInterface()
	if problem != nil {
		return nil, problem
	}
	sp, ok := c.world.space(n.SubnetID)
	if !ok {
		return nil, fail(codeSubnetMissing, "The subnet ID '%s' does not exist", n.SubnetID)
	}
	ips, problem := c.chooseAddresses(n, sp)
	if problem != nil {
		return nil, problem
	}
	for _, ip := range ips { // no prefix of the same call may hold one
		sp.held[netip.MustParseAddr(ip)] = requested
	}
	blocks := c.p.list("Ipv4Prefix")
	if problem := sp.takeBlocks(blocks); problem != nil {
		return nil, problem
	}
	chosen, problem := sp.chooseBlocks(c.p.number("Ipv4PrefixCount"))
	if problem != nil {
		return nil, problem
	}
	blocks = append(blocks, chosen...)
	// An address that the interface holds already (a repeated move) takes no place.
	held := 1 + len(without(n.Secondary, ips...)) + len(n.Prefixes)
	if limit := c.world.Limits.AddressesPerNetworkInterface; held+len(ips)+len(blocks) > limit {
		return nil, fail(codeLimitExceeded, "Number of private addresses will exceed limit %d of %s", limit, n.ID)
	}
	ips, after := c.cut(ips)
	if after == nil {
		blocks, after = c.cut(blocks)
	}
	// A move takes the address from whoever holds it.
	for i := range c.world.NetworkInterfaces {
		other := &c.world.NetworkInterfaces[i]
		if slices.ContainsFunc(ips, func(ip string) bool { return slices.Contains(other.Secondary, ip) }) {
			other.Secondary = without(other.Secondary, ips...)
		}
	}
	n.Secondary = slices.Concat(without(n.Secondary, ips...), ips)
	n.Prefixes = slices.Concat(n.Prefixes, blocks)
	c.call.Effect = len(ips)+len(blocks) > 0
	if after != nil {
		return nil, after
	}
	return assigned(n.ID, ips, blocks), nil
}

// assigned is the answer that lists what the interface got.
func assigned(id string, ips, blocks []string) *assignedReply {
	out := &assignedReply{NetworkInterfaceID: id, Return: true}
	for _, ip := range ips {
		out.Addresses.Items = append(out.Addresses.Items, assignedItem{ip})
	}
	for _, b := range blocks {
		out.Prefixes.Items = append(out.Prefixes.Items, ipv4PrefixItem{b})
	}
	return out
}

// chooseAddresses returns the secondary addresses to assign. With
// AllowReassignment an address may come from another interface's secondaries;
// never a primary address, and never one of a NAT gateway.
func (c *exchange) chooseAddresses(n *NetworkInterface, sp *space) ([]string, *failure) {
	if count := c.p.number("SecondaryPrivateIpAddressCount"); count > 0 {
		return sp.choose(count)
	}
	ips := c.p.list("PrivateIpAddress")
	for _, ip := range ips {
		addr := netip.MustParseAddr(ip) // addressCheck has seen it
		if reason := sp.refuse(addr); reason != "" {
			return nil, fail(codeInvalidValue, "%s", reason)
		}
		holder, held := sp.held[addr]
		if !held {
			continue
		}
		movable := holder.Primary != ip && holder.gateway == "" && !holder.RequesterManaged && !holder.OperatorManaged
		if !c.p.flag("AllowReassignment") || !movable {
			if f := c.world.answer("interface-address-taken", codeInvalidValue, "Address %s is already assigned to %s", ip, holder.ID); f != nil {
				return nil, f
			}
		}
	}
	return ips, nil
}

// takeBlocks holds the /28 prefixes that a request names, or says why it cannot have one.
func (sp *space) takeBlocks(named []string) *failure {
	for _, text := range named {
		block := netip.MustParsePrefix(text) // prefixCheck has seen it
		if reason := sp.refuseBlock(block); reason != "" {
			return fail(codeInvalidValue, "%s", reason)
		}
		sp.blocks[block] = requested
	}
	return nil
}

// chooseBlocks picks n /28 prefixes the way EC2 does for a count.
func (sp *space) chooseBlocks(n int) ([]string, *failure) {
	free := sp.freeBlocks(n)
	if len(free) < n {
		return nil, fail(codeBlocksInsufficient, "The subnet has %d free /28 blocks, %d are wanted", len(free), n)
	}
	var blocks []string
	for _, b := range free {
		blocks = append(blocks, b.String())
	}
	return blocks, nil
}

// unassignTogether: something must be named, and nothing twice.
func unassignTogether(p params) *failure {
	return firstOf(anyOf(p, "PrivateIpAddress", "Ipv4Prefix"), distinct("PrivateIpAddress", "Ipv4Prefix")(p))
}

// unassignAddresses is UnassignPrivateIpAddresses. Interfaces know no drain: the
// addresses are gone at once.
func unassignAddresses(c *exchange) (reply, *failure) {
	n, problem := c.changeableInterface()
	if problem != nil {
		return nil, problem
	}
	ips, blocks := c.p.list("PrivateIpAddress"), c.p.list("Ipv4Prefix")
	for _, ip := range ips {
		if ip == n.Primary {
			return nil, fail(codeInvalidValue, "Address %s is the primary address of %s and cannot be unassigned", ip, n.ID)
		}
		if !slices.Contains(n.Secondary, ip) {
			if f := c.world.answer("interface-address-not-there", codeInvalidValue, "Some of %q are not assigned to interface %s", ips, n.ID); f != nil {
				return nil, f
			}
		}
	}
	for _, b := range blocks {
		if !slices.Contains(n.Prefixes, b) {
			return nil, fail(codeInvalidValue, "Some of %q are not assigned to interface %s", blocks, n.ID)
		}
	}
	ips, after := c.cut(ips)
	if after == nil {
		blocks, after = c.cut(blocks)
	}
	n.Secondary = without(n.Secondary, ips...)
	n.Prefixes = without(n.Prefixes, blocks...)
	c.call.Effect = len(ips)+len(blocks) > 0
	if after != nil {
		return nil, after
	}
	return &done{Return: true}, nil
}
