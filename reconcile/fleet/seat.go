package fleet

import (
	"context"
	"sync"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/lease"
)

// seat is a target that is held, from the taking of its lease to its giving back.
type seat struct {
	target string
	ctx    context.Context // ends when the lease is to be given back
	held   *lease.Held

	working sync.WaitGroup // the loop that serves

	mu     sync.Mutex
	opened bool // it may be worked for
	store  watched
	ledger *history.Ledger
	loop   *reconcile.Loop // the last one, of whichever crew
	since  time.Time       // when that was made
	err    string          // why there is none
}

// open lets crews work.
func (s *seat) open(store watched, ledger *history.Ledger) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened, s.store, s.ledger = true, store, ledger
}

// close waits until nobody works any more, and lets nobody begin.
func (s *seat) close() {
	s.mu.Lock()
	s.opened = false
	s.mu.Unlock()
	s.working.Wait()
}

// begin reports whether the seat may be worked for; then working.Done is to be called.
func (s *seat) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened {
		s.working.Add(1)
	}
	return s.opened
}

func (s *seat) current() *reconcile.Loop {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loop
}

// began is when the loop was made.
func (s *seat) began() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.since
}

// failure is why there is no loop.
func (s *seat) failure() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// next makes the loop of a configuration: it goes on where the one before it stood.
func (s *seat) next(ctx context.Context, cfg reconcile.Config) (*reconcile.Loop, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.loop
	var loop *reconcile.Loop
	var err error
	if before != nil {
		loop, err = before.Successor(cfg)
	} else {
		cfg.History, cfg.Ledger = s.store, s.ledger
		loop, err = reconcile.New(cfg)
	}
	if err != nil {
		s.err = err.Error()
		return nil, err
	}
	if before != nil {
		loop.TakeOver(ctx, before)
	}
	s.loop, s.since, s.err = loop, time.Now(), ""
	return loop, nil
}
