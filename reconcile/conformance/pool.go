package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// pool is the subnet that a run works in, and free addresses of it.
type pool struct {
	subnet string
	free   []string
	at     int
}

// poolSize is how many free addresses a run names: eight at once, and one for each question that could be
// taken up.
const poolSize = 24

// peek is a free address that nobody will be given; drained the one that is assigned and drained.
func (p *pool) peek() string    { return p.free[0] }
func (p *pool) drained() string { return p.free[1] }
func (p *pool) eight() []string { return p.free[2:10] }

// next is another free address each time.
func (p *pool) next() string {
	p.at++
	return p.free[10+(p.at-1)%(len(p.free)-10)]
}

// taken leaves out an address that EC2 has chosen for something.
func (p *pool) taken(ip string) {
	p.free = slices.DeleteFunc(p.free, func(f string) bool { return f == ip })
}

// choosePool finds the subnet and its free addresses, the highest first: EC2 chooses from below.
func (s *session) choosePool(ctx context.Context) (*pool, error) {
	filter := []types.Filter{{Name: aws.String("vpc-id"), Values: []string{s.cfg.VPC}}}
	out, err := read(ctx, s.client, s.api.DescribeSubnets, &awsec2.DescribeSubnetsInput{Filters: filter})
	if err != nil {
		return nil, err
	}
	var best *types.Subnet
	for i := range out.Subnets {
		subnet := &out.Subnets[i]
		named := s.cfg.Subnet == "" || aws.ToString(subnet.SubnetId) == s.cfg.Subnet
		if named && aws.ToString(subnet.VpcId) == s.cfg.VPC && (best == nil || aws.ToInt32(subnet.AvailableIpAddressCount) > aws.ToInt32(best.AvailableIpAddressCount)) {
			best = subnet
		}
	}
	if best == nil {
		return nil, fmt.Errorf("%s has no such subnet in this account and Region; check --vpc, --subnet and the target", s.cfg.VPC)
	}
	id := aws.ToString(best.SubnetId)
	held, err := s.held(ctx, id)
	if err != nil {
		return nil, err
	}
	cidr, err := netip.ParsePrefix(aws.ToString(best.CidrBlock))
	if err != nil || !cidr.Addr().Is4() {
		return nil, fmt.Errorf("%s has no IPv4 range that can be read", id)
	}
	p := &pool{subnet: id, free: freeOf(cidr, held)}
	if len(p.free) < poolSize+2 { // EC2 takes two for what is made
		return nil, fmt.Errorf("%s has %d free addresses, and a run names %d; choose another with --subnet", id, len(p.free), poolSize+2)
	}
	return p, nil
}

// held are the ranges of a subnet in which somebody holds addresses, or that are reserved.
func (s *session) held(ctx context.Context, subnet string) (list []netip.Prefix, err error) {
	add := func(text *string) {
		p, parseErr := netip.ParsePrefix(aws.ToString(text))
		if ip, ipErr := netip.ParseAddr(aws.ToString(text)); ipErr == nil {
			p, parseErr = netip.PrefixFrom(ip, ip.BitLen()), nil
		}
		if parseErr != nil {
			err = errors.Join(err, fmt.Errorf("%s holds %.40q, which cannot be read", subnet, aws.ToString(text)))
		}
		list = append(list, p)
	}
	in := awsec2.DescribeNetworkInterfacesInput{Filters: []types.Filter{{Name: aws.String("subnet-id"), Values: []string{subnet}}}, MaxResults: aws.Int32(1000)}
	for {
		out, err := read(ctx, s.client, s.api.DescribeNetworkInterfaces, &in)
		if err != nil {
			return nil, err
		}
		for _, n := range out.NetworkInterfaces {
			for _, a := range n.PrivateIpAddresses {
				add(a.PrivateIpAddress)
			}
			for _, p := range n.Ipv4Prefixes {
				add(p.Ipv4Prefix)
			}
		}
		if in.NextToken = out.NextToken; aws.ToString(in.NextToken) == "" {
			break
		}
	}
	out, readErr := read(ctx, s.client, s.api.GetSubnetCidrReservations, &awsec2.GetSubnetCidrReservationsInput{SubnetId: aws.String(subnet)})
	if readErr != nil {
		return nil, readErr
	}
	for _, r := range out.SubnetIpv4CidrReservations {
		add(r.Cidr)
	}
	return list, err
}

// freeOf lists the highest addresses of a subnet that nobody holds, without those that EC2 keeps.
func freeOf(cidr netip.Prefix, held []netip.Prefix) (free []string) {
	last := cidr.Masked().Addr()
	for cidr.Contains(last.Next()) {
		last = last.Next()
	}
	first := cidr.Masked().Addr().Next().Next().Next().Next()
	for ip := last.Prev(); ip.Compare(first) >= 0 && len(free) < 4*poolSize; ip = ip.Prev() {
		if !slices.ContainsFunc(held, func(p netip.Prefix) bool { return p.Contains(ip) }) {
			free = append(free, ip.String())
		}
	}
	return free
}
