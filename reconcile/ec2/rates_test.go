package ec2

import (
	"context"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

func TestEveryOperationHasARate(t *testing.T) {
	r := newRates()
	for _, operation := range []string{"DescribeNatGateways", "DescribeNetworkInterfaces", "DescribeSubnets", "GetSubnetCidrReservations",
		assignNatCall.Operation(), unassignNatCall.Operation(), assignEniCall.Operation(), unassignEniCall.Operation()} {
		if err := r.wait(t.Context(), operation); err != nil {
			t.Error(err)
		}
	}
	if err := r.wait(t.Context(), "DeleteNatGateway"); err == nil {
		t.Error("an operation without a rate was let through")
	}
}

// Assigning and unassigning on gateways share 10 tokens, refilled at one a second.
func TestGatewayCallsKeepToTheirBucket(t *testing.T) {
	environment(t)
	synctest.Test(t, func(t *testing.T) {
		var sent []time.Duration
		began := time.Now()
		w := answering(func(int, url.Values) string {
			sent = append(sent, time.Since(began))
			return ""
		})
		c := client(t, modeApply, w)
		for i := range 14 {
			ca := assignNatCall
			if i%2 == 1 {
				ca = unassignNatCall
			}
			if _, err := c.Do(context.Background(), ca); err != nil {
				t.Fatal(err)
			}
		}
		for i, at := range sent {
			if want := time.Duration(max(0, i-9)) * time.Second; at < want || at > want+time.Millisecond {
				t.Errorf("call %d left after %s, want %s", i+1, at, want)
			}
		}
		if _, err := c.Reread(context.Background(), inventory.KindNatGateway, "nat-1"); inventory.FaultClass(err) != inventory.ClassNotFound {
			t.Error(err)
		}
		if waited := time.Since(began) - sent[13]; waited != 0 {
			t.Errorf("a read waited %s for the bucket of others", waited)
		}
	})
}

func TestWaitingForATokenHonoursTheContext(t *testing.T) {
	environment(t)
	synctest.Test(t, func(t *testing.T) {
		w := answering(func(int, url.Values) string { return "" })
		c := client(t, modeApply, w)
		for range 10 {
			if _, err := c.Do(context.Background(), assignNatCall); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(300*time.Millisecond, cancel)
		began := time.Now()
		_, err := c.Do(ctx, assignNatCall)
		if f := faultOf(t, err); f.Class != inventory.ClassNotSent || time.Since(began) != 300*time.Millisecond {
			t.Errorf("%v of class %s after %s", f, f.Class, time.Since(began))
		}
		short, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		_, err = c.Do(short, assignNatCall)
		const want = "not sent: EC2's request rate for it leaves no room before the deadline; to be tried again later"
		if f := faultOf(t, err); f.Class != inventory.ClassNotSent || f.Message != want {
			t.Errorf("%v of class %s", f, f.Class)
		}
		if w.sent() != 10 {
			t.Errorf("%d requests, want 10", w.sent())
		}
	})
}

// The deadline of a call begins when it has its token.
func TestTheDeadlineDoesNotCountTheWait(t *testing.T) {
	environment(t)
	synctest.Test(t, func(t *testing.T) {
		w := answering(func(int, url.Values) string { return "" })
		c := clientOf(t, Config{Target: "test", Mode: modeApply, Transport: w, CallTimeout: 100 * time.Millisecond})
		var wg sync.WaitGroup
		for range 15 {
			wg.Go(func() {
				if _, err := c.Do(context.Background(), assignNatCall); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
}
