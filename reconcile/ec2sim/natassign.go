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
		f := fail(codeNatGatewayMissing, "The NAT gateway %s was not found", id)
		if known := c.world.answer("gateway-missing", codeNatGatewayMissing, "%s", f.message); known != nil {
			f = known
		}
		return nil, f
	case g.ConnectivityType != "private" || g.AvailabilityMode != "zonal":
		return nil, fail(codeUnsupported, "NAT gateway %s is %s and %s; its private addresses cannot be changed", id, g.ConnectivityType, g.AvailabilityMode)
	case g.State == statePending:
		return g, c.world.answer("gateway-pending", codeIncorrectState, "NAT gateway %s is pending, not available", id)
	case g.State != stateAvailable:
		return g, c.world.answer("gateway-deleting", codeIncorrectState, "NAT gateway %s is %s, not available", id, g.State)
	case slices.ContainsFunc(g.Transitions, func(t Transition) bool { return t.Status == statusUnassigning }):
		return g, c.world.answer("busy-draining", codeOperationInProgress, "NAT gateway %s has an address operation in progress", id)
	case g.busy():
		return g, c.world.answer("busy-assigning", codeOperationInProgress, "NAT gateway %s has an address operation in progress", id)
	}
	return g, nil
}

// assignNatAddress is AssignPrivateNatGatewayAddress. The addresses are held from
// now on, and take connections later: see Timing.
func assignNatAddress(c *exchange) (reply, *failure) {
	g, problem := c.changeable()
	if problem != nil {
		return nil, problem
	}
	ips, some, problem := c.chooseNatAddresses(g)
	if problem != nil {
		return nil, problem
	}
	ips, after := c.cut(ips)
	if after == nil {
		after = some
	}
	// An address that failed before and is assigned anew loses its old row.
	g.Secondary = append(without(g.Secondary, ips...), ips...)
	transitions := slices.DeleteFunc(slices.Clone(g.Transitions), func(t Transition) bool { return slices.Contains(ips, t.IP) })
	for _, ip := range ips {
		transitions = append(transitions, Transition{IP: ip, Status: statusAssigning, Remaining: c.world.assigning()})
	}
	g.Transitions = transitions
	return c.natAnswer(g, ips, after)
}

// chooseNatAddresses returns the addresses to assign: those of the request once
// they are found to be free, or as many as it asks for; and, where only some of them are
// and the world's [Behaviour] says that these are assigned, how the call fails afterwards.
func (c *exchange) chooseNatAddresses(g *NatGateway) (free []string, some, problem *failure) {
	sp, ok := c.world.space(g.SubnetID)
	if !ok {
		return nil, nil, fail(codeSubnetMissing, "The subnet ID '%s' does not exist", g.SubnetID)
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
		f := c.world.answer("ninth-address", codeLimitExceeded, "NAT gateway %s holds %d private addresses; %d more exceed the limit of %d", g.ID, held, wanted, limit)
		if f != nil {
			return nil, nil, f
		}
	}
	if len(ips) == 0 {
		free, problem = sp.choose(wanted)
		return free, nil, problem
	}
	for _, ip := range ips {
		if f := c.refuseNatAddress(g, sp, ip, len(ips) > 1); f != nil {
			some = f
			continue
		}
		free = append(free, ip)
	}
	if partial := c.world.Behaviour.PartialSuccess; some != nil && (len(free) == 0 || partial == nil || !*partial) {
		return nil, nil, some
	}
	return free, some, nil
}

// refuseNatAddress says why a gateway cannot have an address, or nil. several says that it is one of some.
func (c *exchange) refuseNatAddress(g *NatGateway, sp *space, ip string, several bool) *failure {
	addr := netip.MustParseAddr(ip) // addressCheck has seen it
	if reason := sp.refuse(addr); reason != "" {
		return c.world.answer("address-outside-subnet", codeInvalidValue, "%s", reason)
	}
	n, held := sp.held[addr]
	switch {
	case !held:
		return nil
	case several:
		return c.world.answer("several-one-taken", codeInvalidValue, "Address %s is already assigned to %s", ip, n.ID)
	case n.gateway == g.ID:
		return c.world.answer("address-on-gateway-already", codeInvalidValue, "Address %s is already assigned to %s", ip, n.ID)
	}
	return c.world.answer("address-taken", codeInvalidValue, "Address %s is already assigned to %s", ip, n.ID)
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
			if f := c.world.answer("unassign-primary", codeInvalidValue, "Address %s is the primary address of %s and cannot be unassigned", ip, g.ID); f != nil {
				return nil, f
			}
		} else if !slices.Contains(g.Secondary, ip) {
			if f := c.world.answer("unassign-not-there", codeInvalidValue, "Address %s is not assigned to %s", ip, g.ID); f != nil {
				return nil, f
			}
		}
	}
	drain := defaultDrain
	if c.p.has("MaxDrainDurationSeconds") {
		drain = c.p.number("MaxDrainDurationSeconds")
	}
	remaining := Duration(time.Duration(drain) * time.Second)
	for _, sooner := range []Duration{g.DrainsAfter, c.world.Behaviour.DrainEnds} {
		if sooner > 0 {
			remaining = min(remaining, sooner)
		}
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
