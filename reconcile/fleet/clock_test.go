package fleet_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
)

// A lease that is given back needs no wait; a call whose answer was lost just before does,
// whatever time it is by the next holder's clock.
func TestALostCallIsNoOlderByTheNextHoldersClock(t *testing.T) {
	for name, ahead := range map[string]time.Duration{"ahead": 10 * time.Minute, "behind": -10 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, "prod")
				s.ahead = map[string]time.Duration{"b": ahead}
				a := s.start("a")
				synctest.Wait()
				for _, f := range []ec2sim.Fault{
					{Kind: "lost-response-after-effect", Action: "AssignPrivateNatGatewayAddress"},
					{Kind: "lagging-reads", Times: new(0), Delay: ec2sim.Duration(20 * time.Second)},
				} {
					if err := s.sims["prod"].Inject(f); err != nil {
						t.Fatal(err)
					}
				}
				s.want("10.0.1.20, 10.0.1.21")
				for len(s.calls("prod")) == 0 {
					time.Sleep(100 * time.Millisecond)
				}
				a.endAll()
				b := s.start("b")
				synctest.Wait()
				if b.here() != "prod/2" {
					t.Fatalf("b holds %q: the lease was not clean", b.here())
				}
				time.Sleep(20 * time.Minute)
				s.wantHeld("10.0.1.20, 10.0.1.21")
				if got := s.calls("prod"); len(got) != 1 {
					t.Errorf("the call was made under epochs %v, not once", got)
				}
			})
		})
	}
}
