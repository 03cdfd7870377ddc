package ec2sim

import (
	"maps"
	"slices"
	"strings"
)

// createNatGatewayReply is the answer of CreateNatGateway.
type createNatGatewayReply struct {
	header
	ClientToken string         `xml:"clientToken,omitempty"`
	NatGateway  natGatewayItem `xml:"natGateway"`
}

// createNatGateway is CreateNatGateway, for private gateways. The gateway is pending for a
// while: see Timing.
func createNatGateway(c *exchange) (reply, *failure) {
	if id, problem := c.again(); id != "" || problem != nil {
		return c.gatewayMade(id, problem)
	}
	if c.p.one("ConnectivityType") != "private" {
		return nil, fail(codeUnsupported, "This simulator makes private NAT gateways only")
	}
	at, problem := c.place(room{primary: c.p.one("PrivateIpAddress"), secondary: c.p.list("SecondaryPrivateIpAddress"), count: c.p.number("SecondaryPrivateIpAddressCount")})
	if problem != nil {
		return nil, problem
	}
	if n, limit := 1+len(at.secondary), c.world.Limits.AddressesPerNatGateway; n > limit {
		return nil, fail(codeLimitExceeded, "%d private addresses exceed the limit of %d of a NAT gateway", n, limit)
	}
	g := NatGateway{
		ID: derivedID("nat-", c.call.RequestID), SubnetID: at.subnet, Primary: at.primary, Secondary: at.secondary, Tags: c.p.tagSpec("natgateway"),
		State: statePending, StateRemaining: c.world.creating(),
	}
	c.world.NatGateways = append(slices.Clone(c.world.NatGateways), g)
	c.world.withDefaults()
	c.made(g.ID)
	return c.gatewayMade(g.ID, nil)
}

// gatewayMade is the answer about a gateway that was made just now, or for an earlier
// request with the same token: as it is now.
func (c *exchange) gatewayMade(id string, problem *failure) (reply, *failure) {
	if problem != nil {
		return nil, problem
	}
	g, found := c.world.natGateway(id)
	if !found {
		return nil, gone(id)
	}
	return &createNatGatewayReply{ClientToken: c.p.one("ClientToken"), NatGateway: c.describeNatGateway(*g)}, nil
}

// deleteNatGatewayReply is the answer of DeleteNatGateway.
type deleteNatGatewayReply struct {
	header
	NatGatewayID string `xml:"natGatewayId"`
}

// deleteNatGateway is DeleteNatGateway. What is on its way does not hinder it.
func deleteNatGateway(c *exchange) (reply, *failure) {
	id := c.p.one("NatGatewayId")
	g, ok := c.world.natGateway(id)
	if !ok || g.State == stateDeleted {
		return nil, fail(codeNatGatewayMissing, "The NAT gateway %s was not found", id)
	}
	if g.State != stateDeleting {
		g.State, g.StateRemaining, c.call.Effect = stateDeleting, c.world.creating(), true
	}
	return &deleteNatGatewayReply{NatGatewayID: id}, nil
}

// createInterfaceReply is the answer of CreateNetworkInterface.
type createInterfaceReply struct {
	header
	ClientToken      string        `xml:"clientToken,omitempty"`
	NetworkInterface interfaceItem `xml:"networkInterface"`
}

// createNetworkInterface is CreateNetworkInterface; the interface is attached to nothing.
func createNetworkInterface(c *exchange) (reply, *failure) {
	if id, problem := c.again(); id != "" || problem != nil {
		return c.interfaceMade(id, problem)
	}
	primary, secondary, problem := c.p.addressSpecs("PrivateIpAddresses", c.p.one("PrivateIpAddress"))
	if problem != nil {
		return nil, problem
	}
	at, problem := c.place(room{
		primary: primary, secondary: secondary, count: c.p.number("SecondaryPrivateIpAddressCount"),
		blocks: c.p.fields("Ipv4Prefix", "Ipv4Prefix"), blockNum: c.p.number("Ipv4PrefixCount"),
	})
	if problem != nil {
		return nil, problem
	}
	if n, limit := 1+len(at.secondary)+len(at.blocks), c.world.Limits.AddressesPerNetworkInterface; n > limit {
		return nil, fail(codeLimitExceeded, "%d private addresses exceed the limit of %d of a network interface", n, limit)
	}
	n := NetworkInterface{
		ID: derivedID("eni-", c.call.RequestID), SubnetID: at.subnet, Primary: at.primary, Secondary: at.secondary, Prefixes: at.blocks, Description: c.p.one("Description"),
		Status: "available", InterfaceType: "interface", Tags: c.p.tagSpec("network-interface"),
	}
	c.world.NetworkInterfaces = append(slices.Clone(c.world.NetworkInterfaces), n)
	c.made(n.ID)
	return c.interfaceMade(n.ID, nil)
}

// interfaceMade is for interfaces what gatewayMade is.
func (c *exchange) interfaceMade(id string, problem *failure) (reply, *failure) {
	if problem != nil {
		return nil, problem
	}
	n, found := c.world.networkInterface(id)
	if !found {
		return nil, gone(id)
	}
	return &createInterfaceReply{ClientToken: c.p.one("ClientToken"), NetworkInterface: c.world.describe(nic{NetworkInterface: *n})}, nil
}

// deleteNetworkInterface is DeleteNetworkInterface.
func deleteNetworkInterface(c *exchange) (reply, *failure) {
	n, problem := c.changeableInterface()
	if problem != nil {
		return nil, problem
	}
	if n.Status != "available" {
		return nil, fail(codeInterfaceInUse, "Network interface '%s' is currently in use.", n.ID)
	}
	id := n.ID
	c.world.NetworkInterfaces = slices.DeleteFunc(slices.Clone(c.world.NetworkInterfaces), func(n NetworkInterface) bool { return n.ID == id })
	c.call.Effect = true
	return &done{Return: true}, nil
}

// createTags is CreateTags, for gateways and interfaces.
func createTags(c *exchange) (reply, *failure) {
	var targets []*map[string]string
	for _, id := range c.p.list("ResourceId") {
		if g, ok := c.world.natGateway(id); ok {
			targets = append(targets, &g.Tags)
		} else if n, ok := c.world.networkInterface(id); ok {
			targets = append(targets, &n.Tags)
		} else {
			return nil, fail("InvalidID", "The ID '%s' is not valid", quote(id))
		}
	}
	for _, t := range targets {
		tags := maps.Clone(*t)
		if tags == nil {
			tags = map[string]string{}
		}
		maps.Copy(tags, c.p.tagPairs("Tag"))
		*t = tags
	}
	c.call.Effect = true
	return &done{Return: true}, nil
}

// tagPairs reads NAME.1.Key and NAME.1.Value.
func (p params) tagPairs(name string) map[string]string {
	tags := map[string]string{}
	for key, values := range p.values {
		if at, ok := strings.CutSuffix(key, ".Key"); ok && strings.HasPrefix(key, name+".") && !strings.Contains(strings.TrimPrefix(at, name+"."), ".") {
			tags[values[0]] = p.one(at + ".Value")
		}
	}
	return tags
}

// tagSpec reads the tags for a type of resource out of TagSpecification.
func (p params) tagSpec(resource string) map[string]string {
	tags := map[string]string{}
	for key, values := range p.values {
		if at, ok := strings.CutSuffix(key, ".ResourceType"); ok && values[0] == resource {
			maps.Copy(tags, p.tagPairs(at+".Tag"))
		}
	}
	if len(tags) == 0 {
		return nil
	}
	return tags
}
