package reconcile_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
)

func TestAClockThatIsSetBackHoldsNothingUp(t *testing.T) {
	for _, sameProcess := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20", "10.0.1.21"))
			set := settableClock(s)
			takeAway := func() {
				set(-3 * time.Hour)
				s.sim.Edit(func(w *ec2sim.World) { w.NatGateways[0].Secondary = []string{"10.0.1.20"} })
			}
			if sameProcess {
				s.serve(20*time.Minute, func(*reconcile.Loop) {
					time.Sleep(5 * time.Minute)
					takeAway()
					s.specs.commit(gateway("10.0.1.20", "10.0.1.21"))
				})
			} else {
				s.converge()
				takeAway()
				s.converge()
			}
			wantMutations(t, s, "assign .21", "assign .21")
			if got := s.secondaries(); got != ".20 .21" {
				t.Errorf("same process %t: the gateway holds %s", sameProcess, got)
			}
		})
	}
}

func TestAClockThatIsSetAheadMakesNoLostCallOldAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20", "10.0.1.21"))
		set := settableClock(s)
		loseAnAssign(t, s)
		s.serve(20*time.Minute, func(*reconcile.Loop) {
			time.Sleep(2 * time.Second)
			set(3 * time.Hour)
		})
		wantMutations(t, s, "assign .21 lost")
	})
}

// A clock may be set ahead while no process is there to notice it.
func TestAClockThatIsSetAheadBeforeARestartMakesNoLostCallOldAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20", "10.0.1.21"))
		set := settableClock(s)
		loseAnAssign(t, s)
		s.serve(2*time.Second, func(*reconcile.Loop) {})
		set(9 * time.Hour)
		s.serve(20*time.Minute, func(*reconcile.Loop) {})
		wantMutations(t, s, "assign .21 lost")
	})
}

// loseAnAssign has an assign take effect without an answer, which reads show late.
func loseAnAssign(t *testing.T, s *stage) {
	for _, f := range []ec2sim.Fault{
		{Kind: "lost-response-after-effect", Action: "AssignPrivateNatGatewayAddress"},
		{Kind: "lagging-reads", Times: new(0), Delay: ec2sim.Duration(20 * time.Second)},
	} {
		if err := s.sim.Inject(f); err != nil {
			t.Fatal(err)
		}
	}
}

// settableClock gives the loop a clock that can be set while it turns.
func settableClock(s *stage) (set func(ahead time.Duration)) {
	var ahead atomic.Int64
	s.config = func(c *reconcile.Config) {
		c.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	}
	return func(d time.Duration) { ahead.Store(int64(d)) }
}
