package ec2

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/time/rate"
)

// bucket is one of EC2's token buckets, for an account and Region.
type bucket struct {
	actions   []string // they share the bucket
	size      int
	perSecond rate.Limit
}

// buckets returns AWS's published figures ("Request throttling for the Amazon
// EC2 API", the tables of bucket sizes and refill rates). They are not settings:
// a faster client is throttled, and takes the rate from everybody else in the
// account. Whether a DryRun takes a token is not published; here it does.
func buckets() []bucket {
	return []bucket{
		// Describe* and Get*, filtered or paged: each has a bucket.
		{[]string{"DescribeNatGateways"}, 100, 20},
		{[]string{"DescribeNetworkInterfaces"}, 100, 20},
		{[]string{"DescribeSubnets"}, 100, 20},
		{[]string{"GetSubnetCidrReservations"}, 100, 20},
		// Resource-intensive actions. Where it is unclear whether two actions
		// share a bucket, they do here: the slower reading is the safe one.
		{[]string{"AssignPrivateIpAddresses", "UnassignPrivateIpAddresses"}, 100, 5},
		{[]string{"AssignPrivateNatGatewayAddress", "UnassignPrivateNatGatewayAddress"}, 10, 1},
	}
}

// rates holds a limiter for each action that sluice uses.
type rates map[string]*rate.Limiter

func newRates() rates {
	r := rates{}
	for _, b := range buckets() {
		limiter := rate.NewLimiter(b.perSecond, b.size)
		for _, action := range b.actions {
			r[action] = limiter
		}
	}
	return r
}

// errNoRoom is a call whose token would come too late.
var errNoRoom = errors.New("EC2's request rate for it leaves no room before the deadline")

// wait takes a token, or ends with ctx. It gives up at once when the token would
// come after ctx's deadline.
func (r rates) wait(ctx context.Context, action string) error {
	limiter, ok := r[action]
	if !ok {
		return fmt.Errorf("no request rate is known for %s", action)
	}
	if err := limiter.Wait(ctx); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return errNoRoom
	}
	return nil
}
