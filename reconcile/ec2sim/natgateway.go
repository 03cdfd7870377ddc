package ec2sim

import "maps"

// natGatewayItem is a gateway in DescribeNatGateways' answer.
type natGatewayItem struct {
	NatGatewayID     string              `xml:"natGatewayId"`
	SubnetID         string              `xml:"subnetId,omitempty"`
	VpcID            string              `xml:"vpcId,omitempty"`
	State            string              `xml:"state"`
	CreateTime       string              `xml:"createTime"`
	FailureCode      string              `xml:"failureCode,omitempty"`
	FailureMessage   string              `xml:"failureMessage,omitempty"`
	ConnectivityType string              `xml:"connectivityType"`
	AvailabilityMode string              `xml:"availabilityMode"`
	Addresses        set[natAddressItem] `xml:"natGatewayAddressSet"`
	Tags             set[tag]            `xml:"tagSet"`
}

// natAddressItem is one address of a gateway.
type natAddressItem struct {
	NetworkInterfaceID string `xml:"networkInterfaceId,omitempty"`
	PrivateIP          string `xml:"privateIp"`
	IsPrimary          *bool  `xml:"isPrimary"` // EC2 leaves it out at times
	Status             string `xml:"status"`
	FailureMessage     string `xml:"failureMessage,omitempty"`
}

// natGatewaysReply is the answer of DescribeNatGateways.
type natGatewaysReply struct {
	header
	NatGateways set[natGatewayItem] `xml:"natGatewaySet"`
	NextToken   string              `xml:"nextToken,omitempty"`
}

// natGatewayFields are the filters of DescribeNatGateways; there is none by address.
func natGatewayFields() fields[NatGateway] {
	return fields[NatGateway]{
		tags: NatGateway.tags,
		byName: map[string]func(NatGateway) []string{
			"nat-gateway-id": func(g NatGateway) []string { return []string{g.ID} },
			"state":          func(g NatGateway) []string { return []string{g.State} },
			"subnet-id":      func(g NatGateway) []string { return []string{g.SubnetID} },
			"vpc-id":         func(g NatGateway) []string { return []string{g.VpcID} },
		},
	}
}

// describeNatGateways is DescribeNatGateways. A gateway that was deleted is still
// shown, as EC2 does for a while.
func describeNatGateways(c *exchange) (reply, *failure) {
	id := func(g NatGateway) string { return g.ID }
	items := append([]NatGateway(nil), c.world.NatGateways...)
	items, problem := pick(items, c.p.list("NatGatewayId"), id, codeNatGatewayMissing)
	if problem != nil {
		return nil, problem
	}
	if items, problem = natGatewayFields().sift(items, c.p.filters()); problem != nil {
		return nil, problem
	}
	items, next, problem := page(c, items, id)
	if problem != nil {
		return nil, problem
	}
	out := &natGatewaysReply{NextToken: next}
	for _, g := range items {
		out.NatGateways.Items = append(out.NatGateways.Items, c.describeNatGateway(g))
	}
	return out, nil
}

// describeNatGateway writes a gateway as EC2 does.
func (c *exchange) describeNatGateway(g NatGateway) natGatewayItem {
	item := natGatewayItem{
		NatGatewayID: g.ID, SubnetID: g.SubnetID, VpcID: g.VpcID, State: g.State,
		CreateTime: stampTime(c.server.started), FailureCode: g.FailureCode, FailureMessage: g.FailureMessage,
		ConnectivityType: g.ConnectivityType, AvailabilityMode: g.AvailabilityMode, Tags: tagSet(g.tags()),
	}
	if g.Primary != "" {
		item.Addresses.Items = g.items(append([]string{g.Primary}, g.Secondary...))
	}
	return item
}

// items describes addresses of the gateway as EC2 does.
func (g *NatGateway) items(ips []string) []natAddressItem {
	var list []natAddressItem
	for _, ip := range ips {
		t := g.transition(ip)
		item := natAddressItem{PrivateIP: ip, Status: t.Status, FailureMessage: t.FailureMessage}
		// A regional gateway has no interface in the account.
		if g.AvailabilityMode != "regional" {
			item.NetworkInterfaceID = g.NetworkInterfaceID
		}
		if !g.OmitIsPrimary {
			item.IsPrimary = new(ip == g.Primary)
		}
		list = append(list, item)
	}
	return list
}

// tags are the gateway's tags, with its name among them.
func (g NatGateway) tags() map[string]string {
	if g.Name == "" {
		return g.Tags
	}
	tags := map[string]string{"Name": g.Name}
	maps.Copy(tags, g.Tags)
	return tags
}
