package ec2sim

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestTheTokenBucketsAreEC2s empties each bucket at one instant, then counts what
// ten seconds of refill let through.
func TestTheTokenBucketsAreEC2s(t *testing.T) {
	cases := []struct {
		name, action string
		params       []string
		size, refill int
	}{
		{"reads", "DescribeNatGateways", nil, 100, 20},
		{"a list of interfaces by filter", "DescribeNetworkInterfaces", []string{"Filter.1.Name", "status", "Filter.1.Value.1", "in-use"}, 100, 20},
		{"a list of all interfaces in one piece", "DescribeNetworkInterfaces", nil, 50, 10},
		{"the NAT-address calls, dry-run too", "AssignPrivateNatGatewayAddress", []string{"NatGatewayId", egressA, "PrivateIpAddressCount", "1", "DryRun", "true"}, 10, 1},
		{"the interface calls", "UnassignPrivateIpAddresses", []string{"NetworkInterfaceId", vipDB, "PrivateIpAddress.1", "10.0.2.99"}, 100, 5},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, speed := range []float64{1, 60} {
				synctest.Test(t, func(t *testing.T) {
					s := New(quickstart(t), Options{Speed: speed})
					through := func() int {
						for n := 0; ; n++ {
							if got := ask(s, c.action, c.params...); got.code == codeRequestLimitExceeded {
								if got.status != 503 {
									t.Errorf("throttled with status %d", got.status)
								}
								return n
							}
						}
					}
					if n := through(); n != c.size {
						t.Errorf("at once %d calls went through, want %d", n, c.size)
					}
					// Half a bucket, whatever its size, so that it does not run over.
					half := time.Duration(float64(c.size) / 2 / float64(c.refill) * float64(time.Second) / speed)
					time.Sleep(half + time.Microsecond)
					if n := through(); n != c.size/2 {
						t.Errorf("after %s %d calls went through, want %d", half, n, c.size/2)
					}
					time.Sleep(time.Hour)
					if n := through(); n != c.size {
						t.Errorf("after an hour %d calls went through, want %d", n, c.size)
					}
				})
			}
		})
	}
}

func TestBothNatCallsShareOneBucketAndReadsHaveTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(quickstart(t), Options{})
		for range 5 {
			ask(s, "AssignPrivateNatGatewayAddress", "NatGatewayId", egressA, "PrivateIpAddressCount", "1", "DryRun", "true")
			askAs(s, "AKIARIVAL", "UnassignPrivateNatGatewayAddress", "NatGatewayId", egressA, "PrivateIpAddress.1", "10.0.1.20", "DryRun", "true")
		}
		mustFail(t, ask(s, "UnassignPrivateNatGatewayAddress", "NatGatewayId", egressA, "PrivateIpAddress.1", "10.0.1.20"), 503, "RequestLimitExceeded")
		mustOK(t, ask(s, "DescribeNatGateways"))
		mustOK(t, ask(s, "UnassignPrivateIpAddresses", "NetworkInterfaceId", vipDB, "PrivateIpAddress.1", "10.0.2.30"))
	})
}

func TestThrottlingCanBeSwitchedOff(t *testing.T) {
	w := quickstart(t)
	w.Throttling = new(false)
	s := New(w, Options{})
	for range 300 {
		mustOK(t, ask(s, "DescribeNatGateways"))
	}
}
