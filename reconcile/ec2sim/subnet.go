package ec2sim

import "strconv"

// subnetItem is a subnet in DescribeSubnets' answer.
type subnetItem struct {
	SubnetID         string   `xml:"subnetId"`
	SubnetARN        string   `xml:"subnetArn"`
	State            string   `xml:"state"`
	OwnerID          string   `xml:"ownerId"`
	VpcID            string   `xml:"vpcId"`
	CIDR             string   `xml:"cidrBlock"`
	AvailableIPs     int      `xml:"availableIpAddressCount"`
	AvailabilityZone string   `xml:"availabilityZone"`
	DefaultForAZ     bool     `xml:"defaultForAz"`
	MapPublicIP      bool     `xml:"mapPublicIpOnLaunch"`
	Tags             set[tag] `xml:"tagSet"`
}

// subnetsReply is the answer of DescribeSubnets.
type subnetsReply struct {
	header
	Subnets   set[subnetItem] `xml:"subnetSet"`
	NextToken string          `xml:"nextToken,omitempty"`
}

// subnetFields are the filters of DescribeSubnets. free counts a subnet's free
// addresses.
func subnetFields(free func(Subnet) int) fields[Subnet] {
	cidr := func(s Subnet) []string { return []string{s.CIDR} }
	return fields[Subnet]{
		tags: func(s Subnet) map[string]string { return s.Tags },
		byName: map[string]func(Subnet) []string{
			"subnet-id":         func(s Subnet) []string { return []string{s.ID} },
			"vpc-id":            func(s Subnet) []string { return []string{s.VpcID} },
			"availability-zone": func(s Subnet) []string { return []string{s.AvailabilityZone} },
			"state":             func(Subnet) []string { return []string{"available"} },
			"cidr-block":        cidr, "cidr": cidr, "cidrBlock": cidr,
			"available-ip-address-count": func(s Subnet) []string { return []string{strconv.Itoa(free(s))} },
		},
	}
}

// freeCounter counts free addresses for one answer. A subnet that makes no sense
// (an edit of the world may hold one) has none.
func (w *World) freeCounter() func(Subnet) int {
	all := w.interfaces()
	return func(s Subnet) int {
		if sp, ok := w.spaceAmong(s.ID, all); ok {
			return sp.available()
		}
		return 0
	}
}

// describeSubnets is DescribeSubnets.
func describeSubnets(c *exchange) (reply, *failure) {
	id := func(s Subnet) string { return s.ID }
	free := c.world.freeCounter()
	items := append([]Subnet(nil), c.world.Subnets...)
	items, problem := pick(items, c.p.list("SubnetId"), id, codeSubnetMissing)
	if problem != nil {
		return nil, problem
	}
	if items, problem = subnetFields(free).sift(items, c.p.filters()); problem != nil {
		return nil, problem
	}
	items, next, problem := page(c, items, id)
	if problem != nil {
		return nil, problem
	}
	out := &subnetsReply{NextToken: next}
	w := c.world
	for _, s := range items {
		out.Subnets.Items = append(out.Subnets.Items, subnetItem{
			SubnetID: s.ID, SubnetARN: "arn:aws:ec2:" + w.Region + ":" + w.Account + ":subnet/" + s.ID, State: "available",
			OwnerID: w.Account, VpcID: s.VpcID, CIDR: s.CIDR, AvailableIPs: free(s),
			AvailabilityZone: s.AvailabilityZone, Tags: tagSet(s.Tags),
		})
	}
	return out, nil
}

// reservationItem is a CIDR reservation in GetSubnetCidrReservations' answer.
type reservationItem struct {
	ID       string   `xml:"subnetCidrReservationId"`
	SubnetID string   `xml:"subnetId"`
	CIDR     string   `xml:"cidr"`
	Type     string   `xml:"reservationType"`
	OwnerID  string   `xml:"ownerId"`
	Tags     set[tag] `xml:"tagSet"`
}

// reservationsReply is the answer of GetSubnetCidrReservations. The simulator has
// no IPv6, but EC2 always writes both lists.
type reservationsReply struct {
	header
	IPv4      set[reservationItem] `xml:"subnetIpv4CidrReservationSet"`
	IPv6      set[reservationItem] `xml:"subnetIpv6CidrReservationSet"`
	NextToken string               `xml:"nextToken,omitempty"`
}

// reservationFields are the filters of GetSubnetCidrReservations; this one call
// spells a filter in camel case.
func reservationFields() fields[reservationItem] {
	return fields[reservationItem]{
		tags: func(reservationItem) map[string]string { return nil },
		byName: map[string]func(reservationItem) []string{
			"reservationType": func(r reservationItem) []string { return []string{r.Type} },
			"subnet-id":       func(r reservationItem) []string { return []string{r.SubnetID} },
		},
	}
}

// getSubnetCidrReservations is GetSubnetCidrReservations.
func getSubnetCidrReservations(c *exchange) (reply, *failure) {
	subnet, ok := c.world.subnet(c.p.one("SubnetId"))
	if !ok {
		return nil, fail(codeSubnetMissing, "The subnet ID '%s' does not exist", c.p.one("SubnetId"))
	}
	var items []reservationItem
	for _, r := range subnet.Reservations {
		items = append(items, reservationItem{ID: derivedID("scr-", subnet.ID+r.CIDR), SubnetID: subnet.ID,
			CIDR: r.CIDR, Type: r.Type, OwnerID: c.world.Account})
	}
	items, problem := reservationFields().sift(items, c.p.filters())
	if problem != nil {
		return nil, problem
	}
	items, next, problem := page(c, items, func(r reservationItem) string { return r.ID })
	if problem != nil {
		return nil, problem
	}
	return &reservationsReply{IPv4: set[reservationItem]{items}, NextToken: next}, nil
}
