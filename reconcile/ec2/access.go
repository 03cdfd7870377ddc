package ec2

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// Access is what EC2 said to one operation that was only asked for: DryRun=true.
type Access struct {
	Operation string
	Err       error // nil: authorised; else an [inventory.Fault]

	// Skew is how far EC2's clock is ahead of ours, to the second. Known says whether
	// its answer had a date at all.
	Skew  time.Duration
	Known bool
}

// nowhere is an address that no subnet holds (RFC 5737): an endpoint that ignores
// DryRun has nothing to carry out.
var nowhere = netip.AddrFrom4([4]byte{192, 0, 2, 1})

// ReadAccess asks EC2 whether each operation that reads would be authorised, and
// returns as many answers, always in one order. Nothing is read.
func (c *Client) ReadAccess(ctx context.Context) []Access {
	dryRun := aws.Bool(true)
	subnet := aws.String("subnet-00000000") // IAM has no say by subnet here
	list := make([]Access, 4)
	var asking sync.WaitGroup // side by side: a silent endpoint costs one time-out, not four
	asking.Go(func() {
		list[0] = ask(ctx, c, "DescribeNatGateways", c.api.DescribeNatGateways, &awsec2.DescribeNatGatewaysInput{DryRun: dryRun})
	})
	asking.Go(func() {
		list[1] = ask(ctx, c, "DescribeNetworkInterfaces", c.api.DescribeNetworkInterfaces, &awsec2.DescribeNetworkInterfacesInput{DryRun: dryRun, MaxResults: aws.Int32(5)})
	})
	asking.Go(func() {
		list[2] = ask(ctx, c, "DescribeSubnets", c.api.DescribeSubnets, &awsec2.DescribeSubnetsInput{DryRun: dryRun})
	})
	asking.Go(func() {
		list[3] = ask(ctx, c, "GetSubnetCidrReservations", c.api.GetSubnetCidrReservations, &awsec2.GetSubnetCidrReservationsInput{DryRun: dryRun, SubnetId: subnet})
	})
	asking.Wait()
	return list
}

// ChangeAccess asks EC2 whether the calls that change a NAT gateway, named by its id,
// would be authorised. They leave with DryRun=true; in mode observe not at all, and each
// is then a fault of [inventory.ClassNotSent]. Network interfaces have no DryRun: see
// [SimulatePolicy].
func (c *Client) ChangeAccess(ctx context.Context, gateway string) []Access {
	var list []Access
	for _, ca := range []inventory.Call{
		{Kind: inventory.KindNatGateway, ID: gateway, Verb: inventory.VerbAssign, Addresses: []netip.Addr{nowhere}, DryRun: true},
		{Kind: inventory.KindNatGateway, ID: gateway, Verb: inventory.VerbUnassign, Addresses: []netip.Addr{nowhere}, DryRun: true, MaxDrainSeconds: maxDrain},
	} {
		_, err := c.Do(ctx, ca)
		list = append(list, Access{Operation: ca.Operation(), Err: err})
	}
	return list
}

// ask makes one call with DryRun. EC2 answers such a one with an error in any case;
// an endpoint that carries out a read instead has authorised it too.
func ask[I, O any](ctx context.Context, c *Client, operation string,
	send func(context.Context, *I, ...func(*awsec2.Options)) (*O, error), in *I,
) Access {
	_, x, fault := call(ctx, c, operation, send, in)
	a := Access{Operation: operation, Skew: x.skew, Known: !x.date.IsZero()}
	if fault != nil && fault.Code != codeDryRun {
		a.Err = fault
	}
	return a
}
