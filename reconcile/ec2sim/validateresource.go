package ec2sim

import "slices"

// natGateway checks one gateway and holds its addresses.
func (k *checker) natGateway(at path, w *World, g *NatGateway, spaces map[string]*space, ids map[string]path) {
	k.id(at.at("id"), "nat-", g.ID, ids)
	k.id(at.at("networkInterfaceId"), "eni-", g.NetworkInterfaceID, ids)
	k.oneOf(at.at("connectivityType"), g.ConnectivityType, "private", "public")
	k.oneOf(at.at("availabilityMode"), g.AvailabilityMode, "zonal", "regional")
	k.oneOf(at.at("state"), g.State, "pending", "failed", "available", "deleting", "deleted")
	if name, ok := g.Tags["Name"]; ok && g.Name != "" && name != g.Name {
		k.bad(at.at("name"), "is %q, but the tag Name is %q", g.Name, name)
	}
	if g.AvailabilityMode == "regional" {
		k.id(at.at("vpcId"), "vpc-", g.VpcID, nil)
		if g.SubnetID != "" {
			k.bad(at.at("subnetId"), "a regional gateway has no subnet")
		}
	} else {
		k.inSubnet(at, w, g.SubnetID)
		if s, ok := w.subnet(g.SubnetID); ok && g.VpcID != s.VpcID {
			k.bad(at.at("vpcId"), "is %q, but the subnet is in %s", g.VpcID, s.VpcID)
		}
	}
	sp := spaces[g.SubnetID]
	if g.Primary != "" || g.AvailabilityMode != "regional" {
		k.hold(at.at("primary"), g.Primary, sp, g.ID)
	}
	for i, ip := range g.Secondary {
		k.hold(at.at("secondary", i), ip, sp, g.ID)
	}
	if n := 1 + len(g.Secondary); n > w.Limits.AddressesPerNatGateway {
		k.bad(at.at("secondary"), "with the primary these are %d addresses, more than the limit of %d", n, w.Limits.AddressesPerNatGateway)
	}
	var seen []string
	for i, t := range g.Transitions {
		k.oneOf(at.at("transitions", i, "status"), t.Status, statusAssigning, statusUnassigning, statusAssociating, statusDisassociating, statusFailed)
		if !slices.Contains(g.Secondary, t.IP) || slices.Contains(seen, t.IP) {
			k.bad(at.at("transitions", i, "ip"), "must name an address of secondary, and each only once; it is %q", t.IP)
		}
		seen = append(seen, t.IP)
	}
}

// networkInterface checks one interface and holds its addresses and prefixes.
func (k *checker) networkInterface(at path, w *World, n *NetworkInterface, spaces map[string]*space, ids map[string]path) {
	k.id(at.at("id"), "eni-", n.ID, ids)
	k.inSubnet(at, w, n.SubnetID)
	k.oneOf(at.at("status"), n.Status, "available", "associated", "attaching", "in-use", "detaching")
	sp := spaces[n.SubnetID]
	k.hold(at.at("primary"), n.Primary, sp, n.ID)
	for i, ip := range n.Secondary {
		k.hold(at.at("secondary", i), ip, sp, n.ID)
	}
	for i, text := range n.Prefixes {
		k.holdBlock(at.at("prefixes", i), text, sp, n.ID)
	}
	if places := 1 + len(n.Secondary) + len(n.Prefixes); places > w.Limits.AddressesPerNetworkInterface {
		k.bad(at.at("secondary"), "with the primary and the prefixes these are %d addresses, more than the limit of %d", places, w.Limits.AddressesPerNetworkInterface)
	}
}

// inSubnet checks that the subnet exists.
func (k *checker) inSubnet(at path, w *World, id string) {
	if _, ok := w.subnet(id); !ok {
		k.bad(at.at("subnetId"), "there is no subnet %q in this world", id)
	}
}
