package lease_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/lease"
	"github.com/seed-6ca89210/sluice/reconcile/lease/leasetest"
)

// soon waits until something is so, for ten minutes at most.
func soon(t *testing.T, so func() bool) {
	t.Helper()
	for range 600 {
		if so() {
			return
		}
		time.Sleep(time.Second)
	}
	t.Fatal("it does not come about within ten minutes")
}

// kill cuts a replica off for good, as the network does, or SIGKILL: it cannot say so.
func (r *replica) kill() { r.view.Down(true) }

func TestARenewalWhoseAnswerIsLostCountsFromWhenItWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := leasetest.New()
		a := start(t, table, "a", "prod")
		time.Sleep(third - time.Second)
		h := a.lease("prod")
		a.view.Deaf(true)
		time.Sleep(2 * time.Second) // the renewal at 10 s has its effect
		a.view.Deaf(false)
		if left := h.Remaining(); left != duration-third-time.Second {
			t.Errorf("%s left without an answer", left)
		}
		time.Sleep(2 * time.Second) // tried again at 11.25 s: refused, found to be ours, renewed once more
		if left := h.Remaining(); left != duration-1750*time.Millisecond || a.holds() != "prod" {
			t.Errorf("%s left, holds %q", left, a.holds())
		}
		if item := table.Item("prod"); item.Epoch != 1 || item.Holder != "a" {
			t.Errorf("%+v", item)
		}
	})
}

func TestALostAnswerThatIsOnlyReadBackCountsFromItsSending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := leasetest.New()
		a := start(t, table, "a", "prod")
		time.Sleep(third - time.Second)
		h := a.lease("prod")
		a.view.Deaf(true) // all renewals from now on: each finds the one before it
		time.Sleep(3 * time.Second)
		// At 10 s the first was sent; at 11.25 s the second was refused, the first found, a
		// third sent. At 12 s what is known is the first.
		if left := h.Remaining(); left != duration-2*time.Second {
			t.Errorf("%s left", left)
		}
		time.Sleep(10 * time.Minute)
		if a.lease("prod") != h || table.Item("prod").Epoch != 1 {
			t.Errorf("holds %q, %+v", a.holds(), table.Item("prod"))
		}
	})
}

func TestAReplicaThatLosesTheTableStopsWhileACallStillFitsAndSaysSoOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := leasetest.New()
		a := start(t, table, "a", "prod", "test")
		time.Sleep(2 * third) // both were renewed just now
		synctest.Wait()
		h := a.lease("prod")
		a.view.Down(true)
		time.Sleep(duration - longest - time.Millisecond)
		if a.holds() != "prod test" {
			t.Fatalf("holds %q while a whole call and more is left", a.holds())
		}
		if d, err := h.Deadline(longest); err != nil || !d.Equal(time.Now().Add(longest)) {
			t.Errorf("a call that fits: %v %v", d, err)
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if a.holds() != "" || h.Remaining() > longest {
			t.Errorf("holds %q with %s left", a.holds(), h.Remaining())
		}
		for _, cause := range a.causes {
			if !errors.Is(cause, lease.ErrLost) {
				t.Errorf("ended for: %v", cause)
			}
		}
		if _, err := h.Deadline(longest); !errors.Is(err, lease.ErrLost) {
			t.Errorf("a call begins: %v", err)
		}
		if err := a.Trouble(); !errors.Is(err, leasetest.ErrDown) {
			t.Errorf("trouble: %v", err)
		}
		time.Sleep(10 * time.Minute)
		if n := a.log.count("could not be renewed in time"); n != 2 { // for each target
			t.Errorf("said %d times", n)
		}
		if n := a.log.count("what is held is held"); n != 2 { // to read, and to write
			t.Errorf("said %d times that the table cannot be reached", n)
		}
		a.view.Down(false)
		time.Sleep(third + time.Second)
		if a.holds() != "prod test" || a.lease("prod").Epoch() != 2 || a.lease("prod").ActFrom().After(time.Now()) || a.Trouble() != nil {
			t.Errorf("holds %q, trouble %v", a.holds(), a.Trouble())
		}
		if a.log.count("can be reached again") == 0 {
			t.Error("nobody says that the table is back")
		}
	})
}

func TestAShortOutageLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t, leasetest.New(), "a", "prod")
		time.Sleep(third - time.Millisecond)
		h := a.lease("prod")
		a.view.Down(true)
		time.Sleep(third - 2*time.Second)
		a.view.Down(false)
		time.Sleep(time.Minute)
		if a.lease("prod") != h || h.Remaining() < duration/2 || len(a.causes) != 0 {
			t.Errorf("holds %q, %s left", a.holds(), h.Remaining())
		}
	})
}

func TestAKilledReplicasTargetWaitsAWholeLeaseAndIsActedOnAfterAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := leasetest.New()
		a := start(t, table, "a", "prod")
		time.Sleep(time.Minute)
		old := a.lease("prod")
		b := start(t, table, "b", "prod")
		time.Sleep(duration + time.Second)
		holder, other := a, b
		if b.holds() == "prod" { // by the spread it may be b's
			holder, other, old = b, a, b.lease("prod")
		}
		holder.kill()
		killed := time.Now()
		soon(t, func() bool { return other.holds() != "" })
		took := time.Since(killed)
		if old.Remaining() != 0 {
			t.Errorf("%s left of the lease that was taken", old.Remaining())
		}
		if took < 2*third || took > 2*duration+2*third {
			t.Errorf("taken after %s", took)
		}
		h := other.lease("prod")
		if wait := time.Until(h.ActFrom()); h.Epoch() != old.Epoch()+1 || h.Before().Clean || wait < duration+longest-time.Second || wait > duration+longest {
			t.Errorf("epoch %d after %d, acts in %s, before %+v", h.Epoch(), old.Epoch(), wait, h.Before())
		}
	})
}

func TestAHolderThatIsSlowButAliveIsNotChallenged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := leasetest.New()
		a := start(t, table, "a", "prod", "test", "dev")
		time.Sleep(time.Minute)
		b := start(t, table, "b", "prod", "test", "dev")
		time.Sleep(time.Minute)
		held := a.holds() + "|" + b.holds()
		a.view.Slow(2*time.Second, 2*time.Second) // a call may take 5 s
		time.Sleep(time.Hour)
		if now := a.holds() + "|" + b.holds(); now != held || a.Trouble() != nil {
			t.Errorf("%q became %q; %v", held, now, a.Trouble())
		}
		b.view.Slow(0, 0)
	})
}

func TestAWriteThatComesTooLateChangesNothingForAnybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := leasetest.New()
		a := start(t, table, "a", "prod")
		time.Sleep(2*third - time.Millisecond)
		a.view.Slow(45*time.Second, 0) // what a sends from now on comes when its lease is over
		b := start(t, table, "b", "prod")
		time.Sleep(10 * time.Minute)
		if b.holds() != "prod" || a.holds() != "" {
			t.Fatalf("a holds %q, b %q", a.holds(), b.holds())
		}
		if wrong := fallen(table.Written()); wrong != "" {
			t.Error(wrong)
		}
	})
}

// fallen says which epoch or version went back, or "".
func fallen(items []lease.Item) string {
	last := map[string]lease.Item{}
	for _, item := range items {
		was := last[item.Target]
		if item.Epoch < was.Epoch || item.Version <= was.Version || item.Epoch == was.Epoch && item.Holder != was.Holder && item.Holder != "" {
			return fmt.Sprintf("%+v came after %+v", item, was)
		}
		last[item.Target] = item
	}
	return ""
}

func TestARenewalCountsFromBeforeItWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t, leasetest.New(), "a", "prod")
		time.Sleep(time.Second)
		a.view.Slow(2*time.Second, 2*time.Second)
		time.Sleep(third + 4*time.Second) // at 10 s it is sent, at 14 s answered
		if left := a.lease("prod").Remaining(); left != duration-5*time.Second {
			t.Errorf("%s left", left)
		}
	})
}

func TestALeaseThatSomebodyRemovedIsLostAndWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := leasetest.New()
		a := start(t, table, "a", "prod")
		time.Sleep(time.Minute)
		h := a.lease("prod")
		table.Drop("prod")
		dropped := time.Now()
		time.Sleep(third + time.Second)
		if a.holds() != "" || h.Remaining() != 0 || a.log.count("a lease was lost") != 1 {
			t.Fatalf("still holds %q with %s left", a.holds(), h.Remaining())
		}
		soon(t, func() bool { return a.holds() != "" })
		if took := time.Since(dropped); took < duration || a.lease("prod").Epoch() != 2 || time.Until(a.lease("prod").ActFrom()) < duration {
			t.Errorf("taken after %s with epoch %d, acts in %s", took, a.lease("prod").Epoch(), time.Until(a.lease("prod").ActFrom()))
		}
	})
}

func TestAFreeLeaseThatIsNotCleanIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := leasetest.New()
		table.Put(lease.Item{Target: "prod", Epoch: 7, Version: 3, Duration: duration})
		a := start(t, table, "a", "prod")
		time.Sleep(duration - time.Second)
		if a.holds() != "" {
			t.Fatal("taken at once")
		}
		time.Sleep(2 * time.Second)
		if h := a.lease("prod"); h == nil || h.Epoch() != 8 || time.Until(h.ActFrom()) < duration+longest-2*time.Second {
			t.Errorf("%+v", h)
		}
	})
}

func TestALeaseGivenBackBeforeItWasActedOnIsNotClean(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := leasetest.New()
		table.Put(lease.Item{Target: "prod", Holder: "dead", Epoch: 7, Version: 3, Duration: duration})
		a := start(t, table, "a", "prod")
		time.Sleep(duration + time.Second)
		if a.holds() != "prod" {
			t.Fatal("not taken")
		}
		a.stop()
		if item := table.Item("prod"); item.Holder != "" || item.Clean {
			t.Errorf("a call of the dead one may be on its way: %+v", item)
		}
		b := start(t, table, "b", "prod")
		time.Sleep(2*duration + longest + 2*time.Second)
		if b.lease("prod") == nil || b.lease("prod").ActFrom().After(time.Now()) {
			t.Fatalf("b holds %q", b.holds())
		}
		b.stop()
		if item := table.Item("prod"); !item.Clean {
			t.Errorf("b could have acted, and has ended: %+v", item)
		}
	})
}

func TestALeaseGivenBackSoonAfterACallWithoutAnAnswerIsNotClean(t *testing.T) {
	for name, tt := range map[string]struct {
		after time.Duration
		clean bool
	}{
		"a call may be on its way": {duration + longest - time.Millisecond, false},
		"none can be":              {duration + longest, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				table := leasetest.New()
				a := start(t, table, "a", "prod")
				time.Sleep(time.Minute)
				a.lease("prod").Unanswered(longest)
				time.Sleep(tt.after)
				a.stop()
				if item := table.Item("prod"); item.Holder != "" || item.Clean != tt.clean {
					t.Errorf("%+v", item)
				}
			})
		})
	}
}

// The network goes, and with it the answer of a call and the table: the lease can be neither
// renewed nor given back. When it is there again, the same replica takes its lease anew.
func TestACallWithoutAnAnswerIsNotForgottenByTheNextHoldingOfTheSameReplica(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := leasetest.New()
		a := start(t, table, "a", "prod")
		time.Sleep(time.Minute - time.Second)
		first := a.lease("prod")
		a.view.Down(true)
		first.Unanswered(longest)
		over := time.Now().Add(duration + longest)
		soon(t, func() bool { return a.holds() == "" })
		time.Sleep(1500 * time.Millisecond)
		a.view.Down(false)
		soon(t, func() bool { return a.holds() == "prod" })
		if h := a.lease("prod"); h.Epoch() != 2 || !h.ActFrom().Equal(over) {
			t.Errorf("epoch %d may act %s before the call is over", h.Epoch(), over.Sub(h.ActFrom()))
		}
		a.stop()
		if item := table.Item("prod"); item.Holder != "" || item.Clean {
			t.Errorf("a call may be on its way: %+v", item)
		}
	})
}

func TestATakingThatWasNotConfirmedForgetsNotWhomItTookFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := leasetest.New()
		table.Put(lease.Item{Target: "prod", Holder: "dead", Epoch: 7, Version: 3, Duration: duration})
		a := start(t, table, "a", "prod")
		time.Sleep(duration - time.Second)
		a.view.Deaf(true)
		time.Sleep(2 * time.Second)
		a.view.Deaf(false)
		if item := table.Item("prod"); item.Holder != "a" || item.Epoch != 8 || a.holds() != "" {
			t.Fatalf("%+v, holds %q", item, a.holds())
		}
		time.Sleep(third)
		h := a.lease("prod")
		if h == nil || h.Epoch() != 9 || time.Until(h.ActFrom()) < duration-2*time.Second {
			t.Fatalf("holds %q; acts too soon", a.holds())
		}
	})
}
