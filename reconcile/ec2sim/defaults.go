package ec2sim

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
)

// withDefaults fills in what a world leaves open, in place.
func (w *World) withDefaults() {
	w.APIVersion, w.Kind = "sluice/v1", "World"
	orElse(&w.Account, "123456789012")
	orElse(&w.Region, "us-east-1")
	orElse(&w.Limits.AddressesPerNatGateway, 8)
	orElse(&w.Limits.AddressesPerNetworkInterface, 30)
	for i := range w.Subnets {
		orElse(&w.Subnets[i].AvailabilityZone, w.Region+"a")
	}
	for i := range w.NatGateways {
		g := &w.NatGateways[i]
		orElse(&g.ConnectivityType, "private")
		orElse(&g.AvailabilityMode, "zonal")
		orElse(&g.State, "available")
		orElse(&g.NetworkInterfaceID, derivedID("eni-", g.ID))
		if s, ok := w.subnet(g.SubnetID); ok {
			orElse(&g.VpcID, s.VpcID)
		}
	}
	for i := range w.NetworkInterfaces {
		orElse(&w.NetworkInterfaces[i].Status, "in-use")
		orElse(&w.NetworkInterfaces[i].InterfaceType, "interface")
	}
}

// orElse gives *p a value when it has none.
func orElse[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}

// derivedID makes an id of EC2's form from what identifies the thing, so that it
// is the same on every run.
func derivedID(prefix, of string) string {
	sum := sha256.Sum256([]byte(prefix + of))
	return prefix + hex.EncodeToString(sum[:])[:17]
}

// clone returns a copy that shares nothing with w.
func (w *World) clone() World {
	c := *w
	if w.Throttling != nil {
		c.Throttling = new(*w.Throttling)
	}
	c.Behaviour = w.Behaviour.clone()
	c.Failing = slices.Clone(w.Failing)
	c.Subnets = slices.Clone(w.Subnets)
	for i := range c.Subnets {
		c.Subnets[i].Tags = maps.Clone(c.Subnets[i].Tags)
		c.Subnets[i].Reservations = slices.Clone(c.Subnets[i].Reservations)
	}
	c.NatGateways = slices.Clone(w.NatGateways)
	for i := range c.NatGateways {
		g := &c.NatGateways[i]
		g.Tags = maps.Clone(g.Tags)
		g.Secondary = slices.Clone(g.Secondary)
		g.Transitions = slices.Clone(g.Transitions)
	}
	c.NetworkInterfaces = slices.Clone(w.NetworkInterfaces)
	for i := range c.NetworkInterfaces {
		n := &c.NetworkInterfaces[i]
		n.Tags = maps.Clone(n.Tags)
		n.Secondary = slices.Clone(n.Secondary)
		n.Prefixes = slices.Clone(n.Prefixes)
	}
	c.Denied = slices.Clone(w.Denied)
	for i := range c.Denied {
		c.Denied[i].Actions = slices.Clone(c.Denied[i].Actions)
	}
	c.Faults = slices.Clone(w.Faults)
	for i := range c.Faults {
		c.Faults[i] = c.Faults[i].clone()
	}
	return c
}

// glance returns a copy for looking at the past. It shares the inner lists, which
// is safe because the simulator replaces them and never writes into them.
func (w *World) glance() World {
	c := *w
	c.NatGateways = slices.Clone(w.NatGateways)
	c.NetworkInterfaces = slices.Clone(w.NetworkInterfaces)
	return c
}

// subnet finds a subnet by its id.
func (w *World) subnet(id string) (*Subnet, bool) {
	for i := range w.Subnets {
		if w.Subnets[i].ID == id {
			return &w.Subnets[i], true
		}
	}
	return nil, false
}

// natGateway finds a NAT gateway by its id.
func (w *World) natGateway(id string) (*NatGateway, bool) {
	for i := range w.NatGateways {
		if w.NatGateways[i].ID == id {
			return &w.NatGateways[i], true
		}
	}
	return nil, false
}

// networkInterface finds one of the world's own interfaces by its id.
func (w *World) networkInterface(id string) (*NetworkInterface, bool) {
	for i := range w.NetworkInterfaces {
		if w.NetworkInterfaces[i].ID == id {
			return &w.NetworkInterfaces[i], true
		}
	}
	return nil, false
}
