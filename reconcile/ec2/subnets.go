package ec2

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// Subnets reads subnets, the interfaces that hold addresses in them, and, for
// those that q asks it for, their CIDR reservations. A subnet of which a part
// could not be read, or that does not exist, has an Unread entry with its id;
// it is returned only when it lacks no more than its reservations.
func (c *Client) Subnets(ctx context.Context, q inventory.SubnetQuery) ([]inventory.Subnet, []inventory.Unread) {
	ctx, cancel := looking(ctx)
	defer cancel()
	var subnets []inventory.Subnet
	var unread []inventory.Unread
	miss := func(part inventory.Read, why string, ids ...string) {
		for _, id := range ids {
			unread = append(unread, inventory.Unread{Part: part, Subject: id, Reason: why})
		}
	}
	for chunk := range slices.Chunk(sortedSet(q.IDs), filterValues) {
		found, err := c.subnets(ctx, chunk)
		if err != nil {
			miss(inventory.ReadSubnets, err.Error(), chunk...)
			continue
		}
		for _, id := range chunk {
			if _, ok := found[id]; !ok {
				miss(inventory.ReadSubnets, fmt.Sprintf("DescribeSubnets: %s is not there; check the account and the Region", cut(id)), id)
			}
		}
		readable, bad, err := c.holders(ctx, found)
		if err != nil {
			miss(inventory.ReadSubnets, err.Error(), keys(found)...)
			continue
		}
		subnets = append(subnets, readable...)
		unread = append(unread, bad...)
	}
	for i, s := range subnets {
		if !slices.Contains(q.Reservations, s.ID) {
			continue
		}
		var err error
		if subnets[i].Reservations, err = c.reservations(ctx, s.ID); err != nil {
			miss(inventory.ReadReservations, err.Error(), s.ID)
		}
	}
	inv := inventory.Inventory{Subnets: subnets, Unread: unread}
	inv.Sort()
	return inv.Subnets, inv.Unread
}

// subnets lists the subnets of ids that exist, by id. The CIDR is zero when it
// cannot be read.
func (c *Client) subnets(ctx context.Context, ids []string) (map[string]inventory.Subnet, error) {
	const operation = "DescribeSubnets"
	in := awsec2.DescribeSubnetsInput{Filters: []types.Filter{filter("subnet-id", ids...)}, MaxResults: aws.Int32(pageSize)}
	list, err := pages(operation, func(token *string) ([]types.Subnet, *string, error) {
		in.NextToken = token
		out, _, fault := call(ctx, c, operation, c.api.DescribeSubnets, &in)
		if fault != nil {
			return nil, nil, fault
		}
		return out.Subnets, out.NextToken, nil
	})
	if err != nil {
		return nil, err
	}
	all, err := convert(list, subnet, func(s inventory.Subnet) string { return s.ID })
	if err != nil {
		return nil, err
	}
	byID := map[string]inventory.Subnet{}
	for _, s := range all {
		if slices.Contains(ids, s.ID) {
			byID[s.ID] = s
		}
	}
	return byID, nil
}

func subnet(s types.Subnet) (inventory.Subnet, error) {
	cidr, _ := parsePrefix(s.CidrBlock)
	out := inventory.Subnet{ID: aws.ToString(s.SubnetId), VpcID: aws.ToString(s.VpcId), CIDR: cidr}
	if n := s.AvailableIpAddressCount; n != nil {
		out.AvailableIPCount = new(int(*n))
	}
	return out, nil
}

// holders fills in who holds addresses. A subnet of which that, or its range,
// is not known for certain goes to unread.
func (c *Client) holders(ctx context.Context, found map[string]inventory.Subnet) (subnets []inventory.Subnet, unread []inventory.Unread, err error) {
	if len(found) == 0 {
		return nil, nil, nil
	}
	list, err := c.interfacesIn(ctx, found)
	if err != nil {
		return nil, nil, err
	}
	doubtful := map[string]string{}
	for _, n := range list {
		s := found[n.SubnetID]
		s.Holders = append(s.Holders, inventory.Holder{NetworkInterfaceID: n.ID, Type: n.Type, Addresses: n.Addresses, Prefixes: n.Prefixes})
		found[n.SubnetID] = s
		if slices.ContainsFunc(n.Addresses, func(a inventory.Address) bool { return !a.IP.IsValid() }) {
			doubtful[n.SubnetID] = fmt.Sprintf("DescribeNetworkInterfaces: %s holds an address that cannot be read; check the endpoint", cut(n.ID))
		}
	}
	for _, id := range keys(found) { // in order: what is read next goes by it
		s := found[id]
		if !s.CIDR.IsValid() {
			doubtful[id] = fmt.Sprintf("DescribeSubnets: %s has no IPv4 range that can be read", cut(id))
		}
		if why := doubtful[id]; why != "" {
			unread = append(unread, inventory.Unread{Part: inventory.ReadSubnets, Subject: id, Reason: why})
			continue
		}
		slices.SortFunc(s.Holders, func(a, b inventory.Holder) int { return cmp.Compare(a.NetworkInterfaceID, b.NetworkInterfaceID) })
		subnets = append(subnets, s)
	}
	return subnets, unread, nil
}

// interfacesIn lists every interface in the subnets. Those that AWS services hide
// from listings hold addresses too; an endpoint that does not know the parameter
// for it hides none.
func (c *Client) interfacesIn(ctx context.Context, subnets map[string]inventory.Subnet) ([]inventory.NetworkInterface, error) {
	in := awsec2.DescribeNetworkInterfacesInput{
		Filters:                 []types.Filter{filter("subnet-id", keys(subnets)...)},
		MaxResults:              aws.Int32(pageSize),
		IncludeManagedResources: aws.Bool(true),
	}
	inside := func(n inventory.NetworkInterface) bool {
		_, ok := subnets[n.SubnetID]
		return ok
	}
	list, err := c.networkInterfaces(ctx, in, inside)
	if fault, ok := err.(*inventory.Fault); ok && fault.Code == "UnknownParameter" {
		in.IncludeManagedResources = nil
		list, err = c.networkInterfaces(ctx, in, inside)
	}
	return list, err
}

// reservations lists a subnet's IPv4 reservations. One that cannot be read is an error:
// without it, an address inside of it would look free.
func (c *Client) reservations(ctx context.Context, subnetID string) ([]inventory.Reservation, error) {
	const operation = "GetSubnetCidrReservations"
	in := awsec2.GetSubnetCidrReservationsInput{SubnetId: aws.String(subnetID), MaxResults: aws.Int32(pageSize)}
	list, err := pages(operation, func(token *string) ([]types.SubnetCidrReservation, *string, error) {
		in.NextToken = token
		out, _, fault := call(ctx, c, operation, c.api.GetSubnetCidrReservations, &in)
		if fault != nil {
			return nil, nil, fault
		}
		return out.SubnetIpv4CidrReservations, out.NextToken, nil
	})
	if err != nil {
		return nil, err
	}
	var out []inventory.Reservation
	for _, r := range list {
		if id := aws.ToString(r.SubnetId); id != "" && id != subnetID {
			continue
		}
		cidr, ok := parsePrefix(r.Cidr)
		if !ok {
			return nil, fmt.Errorf("%s: %s has a reservation that cannot be read: %q", operation, cut(subnetID), cut(aws.ToString(r.Cidr)))
		}
		out = append(out, inventory.Reservation{CIDR: cidr, Type: string(r.ReservationType)})
	}
	slices.SortFunc(out, func(a, b inventory.Reservation) int {
		return cmp.Or(a.CIDR.Addr().Compare(b.CIDR.Addr()), cmp.Compare(a.CIDR.Bits(), b.CIDR.Bits()), cmp.Compare(a.Type, b.Type))
	})
	return slices.Compact(out), nil
}

func keys(subnets map[string]inventory.Subnet) []string {
	var ids []string
	for id := range subnets {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
