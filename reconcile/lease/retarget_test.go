package lease_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/lease"
	"github.com/seed-6ca89210/sluice/reconcile/lease/leasetest"
)

// retarget gives a replica other targets.
func (r *replica) retarget(t *testing.T, targets ...string) {
	t.Helper()
	if err := r.Retarget(targets); err != nil {
		t.Fatal(err)
	}
}

// epochs is how often each target was taken.
func epochs(table *leasetest.Table, targets ...string) (list []uint64) {
	for _, target := range targets {
		list = append(list, table.Item(target).Epoch)
	}
	return list
}

func TestATargetThatIsRemovedIsGivenBackWhenNobodyWorksForItAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := leasetest.New()
		a := start(t, table, "a", "old", "prod")
		time.Sleep(time.Minute)
		kept := a.lease("prod")
		a.behave(5*time.Minute, nil) // a call that takes long
		a.retarget(t, "prod")
		b := start(t, table, "b", "old") // has not heard of it
		time.Sleep(4 * time.Minute)
		if a.holds() != "old prod" || b.holds() != "" || a.lease("old").Remaining() < duration/2 {
			t.Fatalf("a holds %q while it still works, b %q", a.holds(), b.holds())
		}
		time.Sleep(time.Minute + third + time.Second)
		if a.holds() != "prod" || b.holds() != "old" || a.lease("prod") != kept {
			t.Errorf("a holds %q, b %q", a.holds(), b.holds())
		}
		if h := b.lease("old"); !h.Before().Clean || h.ActFrom().After(time.Now()) {
			t.Errorf("b has to wait: %+v", h.Before())
		}
		a.behave(0, nil)
	})
}

func TestATargetIsRemovedWithoutTheTableToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t, leasetest.New(), "a", "old", "prod")
		time.Sleep(time.Minute)
		a.view.Down(true)
		time.Sleep(time.Second)
		a.retarget(t, "prod")
		synctest.Wait()
		if a.holds() != "prod" {
			t.Errorf("a holds %q", a.holds())
		}
		a.view.Down(false)
	})
}

func TestANewTargetIsTakenAtOnceAndOthersKeepTheirPeace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := leasetest.New()
		targets := names("target", 6)
		a, b := start(t, table, "a", targets...), start(t, table, "b", targets...)
		time.Sleep(5 * time.Minute)
		before, of := len(a.causes)+len(b.causes), b.holds()
		a.retarget(t, append([]string{"new"}, targets...)...)
		synctest.Wait()
		if !strings.Contains(a.holds(), "new") {
			t.Fatalf("a holds %q", a.holds())
		}
		time.Sleep(time.Hour)
		if !strings.Contains(a.holds(), "new") || b.holds() != of && !strings.HasPrefix(b.holds(), of) || len(a.causes)+len(b.causes) > before+1 {
			t.Errorf("a holds %q, b %q (and before %q), %d holds ended", a.holds(), b.holds(), of, len(a.causes)+len(b.causes)-before)
		}
		if n := table.Item("new").Epoch; n != 1 {
			t.Errorf("the new target was taken %d times", n)
		}
		if items := b.Items(); len(items) != 7 || items[0].Target != "new" || items[0].Holder != "a" {
			t.Errorf("b says %+v", items)
		}
	})
}

func TestTargetsThatChangeInOneReplicaAfterAnotherStaySpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := leasetest.New()
		before, after := names("target", 9), append(names("target", 7), "x", "y", "z", "zz", "zzz")
		var replicas []*replica
		for _, id := range []string{"a", "b", "c"} {
			replicas = append(replicas, start(t, table, id, before...))
		}
		time.Sleep(5 * time.Minute)
		last := epochs(table, before[:7]...)
		for i, r := range replicas {
			r.retarget(t, after...)
			time.Sleep(2 * duration)
			held := map[string]int{}
			for _, r := range replicas {
				for _, target := range strings.Fields(r.holds()) {
					held[target]++
				}
			}
			wanted := slices.Clone(after)
			if i < 2 {
				wanted = append(wanted, "target-7", "target-8") // c has them still
			}
			for _, target := range wanted {
				if held[target] != 1 {
					t.Errorf("after %d reloads %s is held %d times", i+1, target, held[target])
				}
			}
		}
		for _, r := range replicas {
			if n := len(strings.Fields(r.holds())); n != 4 {
				t.Errorf("one holds %q of 12", r.holds())
			}
		}
		moves := 0
		for i, n := range epochs(table, before[:7]...) {
			moves += int(n - last[i])
		}
		if moves > 8 {
			t.Errorf("seven targets that all had all the time moved %d times", moves)
		}
		count := len(table.Written())
		time.Sleep(time.Hour)
		for _, item := range table.Written()[count:] {
			if item.Holder == "" {
				t.Fatalf("%s is given back for nothing", item.Target)
			}
		}
	})
}

func TestATargetThatNobodyHasAnyMoreIsNoLongerShownButKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t, leasetest.New(), "a", "old", "prod")
		time.Sleep(time.Minute)
		a.retarget(t, "prod")
		time.Sleep(time.Minute)
		if items := a.Items(); len(items) != 1 || items[0].Target != "prod" || strings.Join(a.Known(), " ") != "old prod" {
			t.Errorf("%+v of %v", items, a.Known())
		}
		a.retarget(t, "old", "prod")
		time.Sleep(time.Second)
		if a.holds() != "old prod" || a.lease("old").Epoch() != 2 {
			t.Errorf("when it comes back: %q", a.holds())
		}
	})
}

func TestAReplicaThatDoesNotSayItsTargetsHasAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := leasetest.New()
		targets := names("target", 4)
		a := start(t, table, "a", targets...)
		time.Sleep(time.Second)
		old := table.For() // beats as an older release does
		for version := range uint64(12) {
			if err := old.Beat(t.Context(), lease.Replica{ID: "b", Version: version + 1}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(third)
			if version == 2 && len(strings.Fields(a.holds())) != 2 { // its share is left to it, and waited for
				t.Errorf("a holds %q beside b", a.holds())
			}
		}
	})
}

func TestTargetsThatAreNoneAreRefusedAndNothingChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t, leasetest.New(), "a", "prod")
		time.Sleep(time.Second)
		for _, targets := range [][]string{nil, {""}, {"x", "x"}} {
			if err := a.Retarget(targets); err == nil {
				t.Errorf("%q is taken", targets)
			}
		}
		time.Sleep(time.Minute)
		if a.holds() != "prod" || len(a.causes) != 0 {
			t.Errorf("a holds %q", a.holds())
		}
	})
}

// leaveHook is called while a replica that is long gone is removed: after the leases were
// read, and before any is taken.
type leaveHook struct {
	lease.Table
	called func()

	mu    sync.Mutex // holds write at the same time
	wrote []string
}

func (h *leaveHook) Leave(ctx context.Context, id string) error {
	h.called()
	return h.Table.Leave(ctx, id)
}

func (h *leaveHook) Write(ctx context.Context, item lease.Item, expect uint64) error {
	h.mu.Lock()
	h.wrote = append(h.wrote, item.Target)
	h.mu.Unlock()
	return h.Table.Write(ctx, item, expect)
}

func TestATargetThatComesAfterTheLookIsTakenByTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := leasetest.New()
		if err := table.For().Beat(t.Context(), lease.Replica{ID: "gone", Version: 1}); err != nil {
			t.Fatal(err)
		}
		h := &leaveHook{Table: table.For()}
		k, err := lease.New(lease.Config{Table: h, ID: "a", Targets: []string{"prod"}, Duration: duration, LongestCall: longest})
		if err != nil {
			t.Fatal(err)
		}
		h.called = func() {
			if err := k.Retarget([]string{"prod", "test"}); err != nil {
				t.Error(err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- k.Run(ctx, func(ctx context.Context, _ *lease.Held) error { <-ctx.Done(); return nil })
		}()
		time.Sleep(10 * time.Minute)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if slices.Contains(h.wrote, "") || !slices.Contains(h.wrote, "test") {
			t.Errorf("leases were written of %q", h.wrote)
		}
	})
}
