package fleet

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/lease"
)

// Fleet holds leases, and the logs of their targets.
type Fleet struct {
	cfg  Config
	news chan struct{} // room for one: that there are other seats

	mu     sync.Mutex
	seats  map[string]*seat  // of the targets that are held
	past   int               // turns of those that are held no more, and changes of seats and crews
	shown  string            // of which loops the last status told which turns
	told   int               // how many turns that was
	errs   map[string]string // by target: why it was given back
	losses map[string]int    // by target: leases that ended before they were given back
}

// New makes a fleet. It sends nothing.
func New(cfg Config) (*Fleet, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	return &Fleet{cfg: cfg, news: make(chan struct{}, 1), seats: map[string]*seat{}, errs: map[string]string{}, losses: map[string]int{}}, nil
}

// Run holds leases until ctx ends and all are given back. A target is worked for while
// a [Crew] serves.
func (f *Fleet) Run(ctx context.Context) error { return f.cfg.Keeper.Run(ctx, f.hold) }

// Targets lists the targets that ever had a lease in the table, whoever works for them, and
// those of the configuration, in the order of their names.
func (f *Fleet) Targets() []string {
	return f.cfg.Keeper.Known()
}

// retarget makes the fleet compete for the targets of a configuration, and no others.
func (f *Fleet) retarget(targets map[string]reconcile.Target) error {
	f.mu.Lock()
	f.past++
	f.mu.Unlock()
	return f.cfg.Keeper.Retarget(slices.Collect(maps.Keys(targets)))
}

// hold works for one target until ctx ends, or its log fails.
func (f *Fleet) hold(ctx context.Context, h *lease.Held) error {
	working, end := context.WithCancelCause(ctx)
	defer end(nil)
	s := f.enter(working, h)
	defer f.leave(s)
	store, ledger, err := f.takeOver(ctx, h)
	if err != nil {
		return f.failed(ctx, h, err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			f.cfg.Log.Error("a log was not closed", "target", s.target, "error", err)
		}
	}()
	if !until(ctx, h.ActFrom()) {
		return nil
	}
	s.open(watched{store, end}, ledger)
	f.tell()
	<-working.Done()
	s.close()
	return f.failed(ctx, h, context.Cause(working))
}

// until waits for an instant, and reports whether it came.
func until(ctx context.Context, at time.Time) bool {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}

// failed keeps why a target is given back; the end of ctx is no failure.
func (f *Fleet) failed(ctx context.Context, h *lease.Held, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	f.mu.Lock()
	f.errs[h.Target()] = err.Error()
	f.mu.Unlock()
	f.cfg.Log.Error("nothing is done for a target", "target", h.Target(), "epoch", h.Epoch(), "error", err)
	return err
}

func (f *Fleet) enter(ctx context.Context, h *lease.Held) *seat {
	s := &seat{target: h.Target(), ctx: ctx, held: h}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seats[s.target] = s
	f.past++
	return s
}

func (f *Fleet) leave(s *seat) {
	turns := 0
	if loop := s.current(); loop != nil {
		turns = loop.Status().Turns
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if errors.Is(context.Cause(s.ctx), lease.ErrLost) {
		f.losses[s.target]++
	}
	if f.seats[s.target] == s {
		delete(f.seats, s.target)
	}
	f.past += turns + 1
}

// tell says that there is another seat.
func (f *Fleet) tell() {
	select {
	case f.news <- struct{}{}:
	default: // it is known already that there are some
	}
}

// all returns the seats in the order of their targets.
func (f *Fleet) all() []*seat {
	seats, _ := f.present()
	return seats
}

// present returns the seats, and how many turns there were beside theirs.
func (f *Fleet) present() (seats []*seat, past int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.SortedFunc(maps.Values(f.seats), func(a, b *seat) int { return strings.Compare(a.target, b.target) }), f.past
}
