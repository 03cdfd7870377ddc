package fleet_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
)

// A call whose answer was lost may still be on its way when its sender gives the lease
// back: the next holder waits for it, and then for what its own look must show of it,
// whatever time it is by its clock.
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
				if item := s.table.Item("prod"); item.Holder != "" || item.Clean {
					t.Errorf("a call may be on its way: %+v", item)
				}
				s.start("b")
				time.Sleep(20 * time.Minute)
				if item := s.table.Item("prod"); item.Holder != "b" || item.Epoch != 2 {
					t.Errorf("b has not taken it: %+v", item)
				}
				s.wantHeld("10.0.1.20, 10.0.1.21")
				if got := s.calls("prod"); len(got) != 1 {
					t.Errorf("the call was made under epochs %v, not once", got)
				}
			})
		})
	}
}
