package ec2sim

import (
	"slices"
	"strconv"
)

// interfaceItem is an interface in DescribeNetworkInterfaces' answer.
type interfaceItem struct {
	NetworkInterfaceID string               `xml:"networkInterfaceId"`
	SubnetID           string               `xml:"subnetId"`
	VpcID              string               `xml:"vpcId"`
	AvailabilityZone   string               `xml:"availabilityZone"`
	Description        string               `xml:"description"`
	OwnerID            string               `xml:"ownerId"`
	InterfaceType      string               `xml:"interfaceType"`
	RequesterManaged   bool                 `xml:"requesterManaged"`
	Operator           operatorItem         `xml:"operator"`
	Status             string               `xml:"status"`
	SourceDestCheck    bool                 `xml:"sourceDestCheck"`
	PrivateIP          string               `xml:"privateIpAddress"`
	Addresses          set[privateIPItem]   `xml:"privateIpAddressesSet"`
	Prefixes           *set[ipv4PrefixItem] `xml:"ipv4PrefixSet"`
	Tags               set[tag]             `xml:"tagSet"`
}

// operatorItem says whether a service operates the interface for its owner.
type operatorItem struct {
	Managed bool `xml:"managed"`
}

type privateIPItem struct {
	PrivateIP string `xml:"privateIpAddress"`
	Primary   bool   `xml:"primary"`
}

type ipv4PrefixItem struct {
	Prefix string `xml:"ipv4Prefix"`
}

// interfacesReply is the answer of DescribeNetworkInterfaces.
type interfacesReply struct {
	header
	NetworkInterfaces set[interfaceItem] `xml:"networkInterfaceSet"`
	NextToken         string             `xml:"nextToken,omitempty"`
}

// describeInterfacesTogether: EC2 pages lists and filters, never ids.
func describeInterfacesTogether(p params) *failure {
	return firstOf(either(p, "NetworkInterfaceId", "MaxResults"), either(p, "NetworkInterfaceId", "NextToken"))
}

// describeInterfacesLimit: a list of everything in one piece has a bucket of its own.
func describeInterfacesLimit(p params) limit {
	if p.has("NetworkInterfaceId") || p.has("Filter") || p.has("MaxResults") || p.has("NextToken") {
		return readLimit("DescribeNetworkInterfaces")
	}
	return wholeListLimit()
}

// interfaceFields are the filters of DescribeNetworkInterfaces.
func interfaceFields(w *World) fields[nic] {
	one := func(get func(nic) string) func(nic) []string {
		return func(n nic) []string { return []string{get(n)} }
	}
	return fields[nic]{
		tags: func(n nic) map[string]string { return n.Tags },
		byName: map[string]func(nic) []string{
			"network-interface-id": one(func(n nic) string { return n.ID }),
			"subnet-id":            one(func(n nic) string { return n.SubnetID }),
			"vpc-id":               one(func(n nic) string { return w.place(n.SubnetID).VpcID }),
			"availability-zone":    one(func(n nic) string { return w.place(n.SubnetID).AvailabilityZone }),
			"status":               one(func(n nic) string { return n.Status }),
			"interface-type":       one(func(n nic) string { return n.InterfaceType }),
			"description":          one(func(n nic) string { return n.Description }),
			"requester-managed":    one(func(n nic) string { return strconv.FormatBool(n.RequesterManaged) }),
			"private-ip-address":   one(func(n nic) string { return n.Primary }),
			"addresses.private-ip-address": func(n nic) []string {
				return append([]string{n.Primary}, n.Secondary...)
			},
		},
	}
}

// place returns the subnet with this id, or an empty one.
func (w *World) place(id string) Subnet {
	if s, ok := w.subnet(id); ok {
		return *s
	}
	return Subnet{}
}

// describeNetworkInterfaces is DescribeNetworkInterfaces, gateways' interfaces included.
func describeNetworkInterfaces(c *exchange) (reply, *failure) {
	id := func(n nic) string { return n.ID }
	items, problem := pick(c.world.interfaces(), c.p.list("NetworkInterfaceId"), id, codeInterfaceMissing)
	if problem != nil {
		return nil, problem
	}
	if items, problem = interfaceFields(c.world).sift(items, c.p.filters()); problem != nil {
		return nil, problem
	}
	items, next, problem := page(c, items, id)
	if problem != nil {
		return nil, problem
	}
	out := &interfacesReply{NextToken: next}
	for _, n := range items {
		out.NetworkInterfaces.Items = append(out.NetworkInterfaces.Items, c.world.describe(n))
	}
	return out, nil
}

// describe writes an interface as EC2 does: its primary address is listed first.
func (w *World) describe(n nic) interfaceItem {
	subnet := w.place(n.SubnetID)
	item := interfaceItem{
		NetworkInterfaceID: n.ID, SubnetID: n.SubnetID, VpcID: subnet.VpcID, AvailabilityZone: subnet.AvailabilityZone,
		Description: n.Description, OwnerID: w.Account, InterfaceType: n.InterfaceType,
		RequesterManaged: n.RequesterManaged, Operator: operatorItem{n.OperatorManaged}, Status: n.Status,
		// A NAT gateway passes on what is not addressed to it.
		SourceDestCheck: n.gateway == "", PrivateIP: n.Primary, Tags: tagSet(n.Tags),
	}
	for _, ip := range append([]string{n.Primary}, n.Secondary...) {
		item.Addresses.Items = append(item.Addresses.Items, privateIPItem{ip, ip == n.Primary})
	}
	if len(n.Prefixes) > 0 {
		item.Prefixes = &set[ipv4PrefixItem]{}
		for _, p := range n.Prefixes {
			item.Prefixes.Items = append(item.Prefixes.Items, ipv4PrefixItem{p})
		}
	}
	return item
}

// changeableInterface finds the interface and says whether its owner may change it.
func (c *exchange) changeableInterface() (*NetworkInterface, *failure) {
	id := c.p.one("NetworkInterfaceId")
	n, ok := c.world.networkInterface(id)
	switch {
	case ok && (n.RequesterManaged || n.OperatorManaged):
		return nil, fail(codeNotPermitted, "Network interface %s is managed by a service; you may not change it", id)
	case ok:
		return n, nil
	}
	if slices.ContainsFunc(c.world.interfaces(), func(n nic) bool { return n.ID == id }) {
		f := fail(codeNotPermitted, "Network interface %s belongs to a NAT gateway; you may not change it", id)
		if known := c.world.answer("gateway-interface", codeNotPermitted, "%s", f.message); known != nil {
			f = known
		}
		return nil, f
	}
	return nil, fail(codeInterfaceMissing, "The networkInterface ID '%s' does not exist", id)
}
