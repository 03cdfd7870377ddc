package ec2sim

import (
	"net/netip"
	"slices"
	"time"
)

// defaultDrain is how long EC2 drains when MaxDrainDurationSeconds is absent.
const defaultDrain = 350

// natAddressesReply is the answer of both calls that change a gateway's addresses.
type natAddressesReply struct {
	header
	NatGatewayID string              `xml:"natGatewayId"`
	Addresses    set[natAddressItem] `xml:"natGatewayAddressSet"`
}

// assignNatTogether: EC2 takes either addresses or a count, and wants one of them.
func assignNatTogether(p params) *failure {
	return firstOf(either(p, "PrivateIpAddress", "PrivateIpAddressCount"),
		anyOf(p, "PrivateIpAddress", "PrivateIpAddressCount"), distinct("PrivateIpAddress")(p))
}

// changeable finds the gateway and says whether its addresses may change now.
func (c *exchange) changeable() (*NatGateway, *failure) {
	id := c.p.one("NatGatewayId")
	g, ok := c.world.natGateway(id)
	switch {
	case !ok:
		return nil, fail(codeNatGatewayMissing, "The NAT gateway %s was not found", id)
	case g.ConnectivityType != "private" || g.AvailabilityMode != "zonal":
		return nil, fail(codeUnsupported, "NAT gateway %s is %s and %s; its private addresses cannot be changed", id, g.ConnectivityType, g.AvailabilityMode)
	case g.State != "available":
		return nil, fail(codeIncorrectState, "NAT gateway %s is %s, not available", id, g.State)
	case g.busy():
		return nil, fail(codeOperationInProgress, "NAT gateway %s has an address operation in progress", id)
	}
	return g, nil
}

// assignNatAddress is AssignPrivateNatGatewayAddress. The addresses are held from
// now on, and take connections when Timing.Assign is over.
func assignNatAddress(c *exchange) (reply, *failure) {
	g, problem := c.changeable()
	if problem != nil {
		return nil, problem
	}
	ips, problem := c.chooseNatAddresses(g)
	if problem != nil {
		return nil, problem
	}
	ips, after := c.cut(ips)
	// An address that failed before and is assigned anew loses its old row.
	g.Secondary = append(without(g.Secondary, ips...), ips...)
	transitions := slices.DeleteFunc(slices.Clone(g.Transitions), func(t Transition) bool { return slices.Contains(ips, t.IP) })
	for _, ip := range ips {
		transitions = append(transitions, Transition{IP: ip, Status: statusAssigning, Remaining: c.world.Timing.Assign})
	}
	g.Transitions = transitions
	return c.natAnswer(g, ips, after)
}

// chooseNatAddresses returns the addresses to assign: those of the request once
// they are found to be free, or as many as it asks for.
func (c *exchange) chooseNatAddresses(g *NatGateway) ([]string, *failure) {
	sp, ok := c.world.space(g.SubnetID)
	if !ok {
		return nil, fail(codeSubnetMissing, "The subnet ID '%s' does not exist", g.SubnetID)
	}
	ips := c.p.list("PrivateIpAddress")
	wanted := max(len(ips), c.p.number("PrivateIpAddressCount"))
	// The primary counts; an address that failed to arrive does not.
	held := 1
	for _, ip := range g.Secondary {
		if g.transition(ip).Status != statusFailed {
			held++
		}
	}
	if limit := c.world.Limits.AddressesPerNatGateway; held+wanted > limit {
		return nil, fail(codeLimitExceeded, "NAT gateway %s holds %d private addresses; %d more exceed the limit of %d", g.ID, held, wanted, limit)
	}
	if len(ips) == 0 {
		return sp.choose(wanted)
	}
	for _, ip := range ips {
		addr := netip.MustParseAddr(ip) // addressCheck has seen it
		if reason := sp.refuse(addr); reason != "" {
			return nil, fail(codeInvalidValue, "%s", reason)
		}
		if n, held := sp.held[addr]; held {
			return nil, fail(codeInvalidValue, "Address %s is already assigned to %s", ip, n.ID)
		}
	}
	return ips, nil
}

// choose picks n addresses the way EC2 does for a count.
func (sp *space) choose(n int) ([]string, *failure) {
	free := sp.free(n)
	if len(free) < n {
		return nil, fail(codeSubnetFull, "The subnet has %d free addresses, %d are wanted", len(free), n)
	}
	var ips []string
	for _, a := range free {
		ips = append(ips, a.String())
	}
	return ips, nil
}

// unassignNatAddress is UnassignPrivateNatGatewayAddress. The gateway is busy until
// the drain ends, and the addresses stay held for so long.
func unassignNatAddress(c *exchange) (reply, *failure) {
	g, problem := c.changeable()
	if problem != nil {
		return nil, problem
	}
	ips := c.p.list("PrivateIpAddress")
	for _, ip := range ips {
		if ip == g.Primary {
			return nil, fail(codeInvalidValue, "Address %s is the primary address of %s and cannot be unassigned", ip, g.ID)
		}
		if !slices.Contains(g.Secondary, ip) {
			return nil, fail(codeInvalidValue, "Address %s is not assigned to %s", ip, g.ID)
		}
	}
	drain := defaultDrain
	if c.p.has("MaxDrainDurationSeconds") {
		drain = c.p.number("MaxDrainDurationSeconds")
	}
	remaining := Duration(time.Duration(drain) * time.Second)
	if g.DrainsAfter > 0 {
		remaining = min(remaining, g.DrainsAfter)
	}
	ips, after := c.cut(ips)
	transitions := slices.DeleteFunc(slices.Clone(g.Transitions), func(t Transition) bool { return slices.Contains(ips, t.IP) })
	for _, ip := range ips {
		transitions = append(transitions, Transition{IP: ip, Status: statusUnassigning, Remaining: remaining})
	}
	g.Transitions = transitions
	return c.natAnswer(g, ips, after)
}

// natAnswer lists the addresses that the call changed, or gives the error of a
// partial-success fault after the fact.
func (c *exchange) natAnswer(g *NatGateway, ips []string, after *failure) (reply, *failure) {
	c.call.Effect = len(ips) > 0
	if after != nil {
		return nil, after
	}
	return &natAddressesReply{NatGatewayID: g.ID, Addresses: set[natAddressItem]{g.items(ips)}}, nil
}
