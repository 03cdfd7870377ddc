package reconcile_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
)

func TestAHintAboutEC2CorrectsDriftAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		s.config = func(c *reconcile.Config) { c.Calendar = everyQuarter(t, true) }
		s.serve(10*time.Minute, func(l *reconcile.Loop) {
			time.Sleep(time.Minute)
			s.sim.Edit(func(w *ec2sim.World) { w.NatGateways[0].Secondary = nil })
			l.HintEC2()
			time.Sleep(time.Second)
			wantMutations(t, s, "assign .20")
		})
	})
}

func TestHintsAboutEC2AreOneTurnAnInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		s.serve(10*time.Minute, func(l *reconcile.Loop) {
			time.Sleep(time.Minute)
			before := l.Status().Turns
			for range 10_000 { // over a hundred seconds
				l.HintEC2()
				time.Sleep(10 * time.Millisecond)
			}
			time.Sleep(time.Minute)
			if n := l.Status().Turns - before; n < 10 || n > 12 {
				t.Errorf("%d turns", n)
			}
			// The last hint of a burst is answered by a turn that begins after it.
			before = l.Status().Turns
			l.HintEC2()
			l.HintEC2()
			time.Sleep(time.Second)
			s.sim.Edit(func(w *ec2sim.World) { w.NatGateways[0].Secondary = nil })
			l.HintEC2()
			time.Sleep(15 * time.Second)
			if n := l.Status().Turns - before; n < 2 || s.secondaries() != ".20" {
				t.Errorf("%d turns, holds %q", n, s.secondaries())
			}
		})
	})
}

func TestSluicesOwnCallsComeBackAsHintsAndEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.22"))
		s.serve(2*time.Hour, func(l *reconcile.Loop) {
			seen := 0
			for range 600 {
				time.Sleep(10 * time.Second)
				if n := len(s.mutations()); n != seen {
					seen = n
					l.HintEC2()
				}
			}
		})
		wantMutations(t, s, "assign .22", "unassign .20")
	})
}
