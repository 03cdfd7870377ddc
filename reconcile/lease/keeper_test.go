package lease_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/lease"
	"github.com/seed-6ca89210/sluice/reconcile/lease/leasetest"
)

const (
	duration = 30 * time.Second
	longest  = 10 * time.Second
	third    = duration / 3
)

// replica is a keeper that runs, and what its holds were told.
type replica struct {
	*lease.Keeper
	view *leasetest.View
	log  *lockedBuffer
	stop func() // ends it as a process ends that is asked to

	mu     sync.Mutex
	held   map[string]*lease.Held
	past   []*lease.Held
	causes []error // of the holds' contexts, in the order of their ends
	linger time.Duration
	fail   error
}

// start starts a replica in a bubble.
func start(t *testing.T, table *leasetest.Table, id string, targets ...string) *replica {
	t.Helper()
	r := &replica{view: table.For(), log: &lockedBuffer{}, held: map[string]*lease.Held{}}
	var err error
	r.Keeper, err = lease.New(lease.Config{
		Table: r.view, ID: id, URL: "https://" + id, Targets: targets, Duration: duration, LongestCall: longest, Log: r.log.logger(),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := r.Run(ctx, r.hold); err != nil {
			t.Error(err)
		}
	}()
	r.stop = func() { cancel(); <-ended }
	t.Cleanup(func() { r.stop(); table.Settle() })
	return r
}

func (r *replica) hold(ctx context.Context, h *lease.Held) error {
	r.mu.Lock()
	r.held[h.Target()] = h
	r.past = append(r.past, h)
	fail := r.fail
	r.mu.Unlock()
	if fail == nil {
		<-ctx.Done()
		r.mu.Lock()
		linger := r.linger
		r.mu.Unlock()
		time.Sleep(linger)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.held, h.Target())
	r.causes = append(r.causes, context.Cause(ctx))
	return fail
}

// behave says how holds end: so long after they were told to, or at once by themselves.
func (r *replica) behave(linger time.Duration, fail error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.linger, r.fail = linger, fail
}

// holds returns the targets that are held, in order.
func (r *replica) holds() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for t := range r.held {
		names = append(names, t)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func (r *replica) lease(target string) *lease.Held {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.held[target]
}

func TestAFirstReplicaTakesEverythingAtOnceAndKeepsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := leasetest.New()
		a := start(t, table, "a", "prod", "test")
		began := time.Now()
		synctest.Wait()
		if a.holds() != "prod test" {
			t.Fatalf("holds %q", a.holds())
		}
		h := a.lease("prod")
		if h.Epoch() != 1 || h.Before().Version != 0 || h.ActFrom().After(began) {
			t.Errorf("epoch %d, before %+v, acts from %s", h.Epoch(), h.Before(), h.ActFrom())
		}
		time.Sleep(time.Hour)
		if a.lease("prod") != h || h.Remaining() < 2*third || table.Item("prod").Version < 3*60*2 {
			t.Errorf("an hour later: %s left, %+v", h.Remaining(), table.Item("prod"))
		}
		if items := a.Items(); len(items) != 2 || items[0].Target != "prod" || items[0].Holder != "a" || items[0].URL != "https://a" {
			t.Errorf("%+v", items)
		}
		if a.Trouble() != nil {
			t.Error(a.Trouble())
		}
	})
}

func TestAnotherReplicaGetsItsShareAndTheRestWhenTheFirstEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := leasetest.New()
		a := start(t, table, "a", "prod", "test")
		time.Sleep(time.Minute)
		h := a.lease("prod")
		h.Head(7, "hash")
		b := start(t, table, "b", "prod", "test")
		time.Sleep(3 * third)
		if a.holds()+b.holds() != "prodtest" && a.holds()+b.holds() != "testprod" {
			t.Fatalf("a holds %q, b %q", a.holds(), b.holds())
		}
		if a.causes[0] == nil || errors.Is(a.causes[0], lease.ErrLost) {
			t.Errorf("given back for: %v", a.causes[0])
		}
		now := time.Now()
		a.stop()
		time.Sleep(third + time.Second)
		if b.holds() != "prod test" {
			t.Fatalf("b holds %q after a left", b.holds())
		}
		got := b.lease("prod")
		if got.Epoch() != 2 || got.Before().HeadSeq != 7 || got.Before().HeadHash != "hash" || !got.Before().Clean || got.ActFrom().After(now.Add(third+time.Second)) {
			t.Errorf("epoch %d, before %+v, acts from %s", got.Epoch(), got.Before(), got.ActFrom())
		}
		if h.Remaining() != 0 {
			t.Errorf("%s left of what was given back", h.Remaining())
		}
		if _, err := h.Deadline(0); !errors.Is(err, lease.ErrLost) {
			t.Errorf("a call begins after the lease: %v", err)
		}
	})
}
