package lease_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/lease/leasetest"
)

func TestTargetsAreSpreadEvenlyAsReplicasComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		targets := names("target", 9)
		table := leasetest.New()
		replicas := []*replica{start(t, table, "a", targets...)}
		count := func() (list []int) {
			for _, r := range replicas {
				r.mu.Lock()
				list = append(list, len(r.held))
				r.mu.Unlock()
			}
			return list
		}
		for _, id := range []string{"b", "c"} {
			replicas = append(replicas, start(t, table, id, targets...))
			time.Sleep(duration + time.Second)
		}
		for i, n := range count() {
			if n != 3 {
				t.Errorf("replica %d has %d of 9", i, n)
			}
		}
		replicas[0].stop()
		time.Sleep(duration)
		if n := count(); n[1]+n[2] != 9 || n[1] < 4 || n[2] < 4 {
			t.Errorf("after one left: %v", n)
		}
		moves := 0
		for _, item := range table.Written() {
			if item.Holder == "" {
				moves++
			}
		}
		if moves > 5+5+3 { // to b, to c, and when a left
			t.Errorf("%d leases were given back", moves)
		}
	})
}

func TestAHoldThatIsNotQuietYetKeepsItsLeaseUntilItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		targets := names("target", 2)
		table := leasetest.New()
		a := start(t, table, "a", targets...)
		a.behave(5*time.Minute, nil) // a turn that takes long
		time.Sleep(time.Second)
		b := start(t, table, "b", targets...)
		time.Sleep(4 * time.Minute)
		if b.holds() != "" || a.holds() != "target-0 target-1" {
			t.Fatalf("a holds %q, b %q", a.holds(), b.holds())
		}
		for _, target := range targets {
			if a.lease(target).Remaining() < duration/2 {
				t.Errorf("the lease of %s is not renewed while its call is under way", target)
			}
		}
		time.Sleep(2 * time.Minute)
		if b.holds() == "" || a.holds() == "" {
			t.Errorf("a holds %q, b %q", a.holds(), b.holds())
		}
		a.behave(0, nil)
	})
}

func TestAnotherReplicaHelpsOutWhereTheRightOneDoesNotTakeATarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		targets := names("target", 6)
		table := leasetest.New()
		a := start(t, table, "a", targets...)
		b := start(t, table, "b", targets[0]) // an older configuration, which knows one of them
		time.Sleep(10 * time.Minute)
		if got := a.holds() + " " + b.holds(); len(got) < len("target-0")*6 {
			t.Errorf("a holds %q, b %q", a.holds(), b.holds())
		}
		written := len(a.causes) + len(b.causes)
		time.Sleep(time.Hour)
		if now := len(a.causes) + len(b.causes); now != written {
			t.Errorf("targets are given back for nothing, %d times in an hour", now-written)
		}
	})
}

func TestAHoldThatFailsLetsAnotherReplicaTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		targets := names("target", 4)
		table := leasetest.New()
		a := start(t, table, "a", targets...)
		b := start(t, table, "b", targets...)
		time.Sleep(time.Minute)
		a.behave(0, errors.New("no credentials"))
		a.view.Down(true) // so that a loses what it has, and takes it again
		time.Sleep(time.Minute)
		a.view.Down(false)
		time.Sleep(10 * time.Minute)
		if b.holds() != "target-0 target-1 target-2 target-3" {
			t.Errorf("b holds %q", b.holds())
		}
		if n := a.log.count("the work on a target ended"); n == 0 || n > 2*4 {
			t.Errorf("a tried %d times", n)
		}
	})
}

func TestAHoldThatFailsAloneIsTriedAgainAfterARest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t, leasetest.New(), "a", "prod")
		a.behave(0, errors.New("no credentials"))
		time.Sleep(10 * time.Minute)
		if n := a.log.count("no credentials"); n < 6 || n > 8 {
			t.Errorf("tried %d times in ten minutes", n)
		}
		a.behave(0, nil)
		time.Sleep(3*duration + third)
		if a.holds() != "prod" {
			t.Error("not held after the failure was mended")
		}
	})
}

func TestAReplicaThatIsLongGoneIsRemovedFromTheTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := leasetest.New()
		a := start(t, table, "a", "prod")
		b := start(t, table, "b", "prod")
		time.Sleep(time.Minute)
		b.kill()
		time.Sleep(11 * duration)
		if list, err := table.For().Replicas(t.Context()); err != nil || len(list) != 1 || list[0].ID != "a" {
			t.Errorf("%+v %v", list, err)
		}
		b.view.Down(false)
		time.Sleep(duration + time.Second)
		if list, _ := table.For().Replicas(t.Context()); len(list) != 2 {
			t.Errorf("b lives after all: %+v", list)
		}
		a.stop()
		b.stop()
		if list, _ := table.For().Replicas(t.Context()); len(list) != 0 {
			t.Errorf("both have left: %+v", list)
		}
	})
}

func TestAKeeperRunsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t, leasetest.New(), "a", "prod")
		synctest.Wait()
		if err := a.Run(t.Context(), a.hold); err == nil {
			t.Error("it runs twice")
		}
	})
}
