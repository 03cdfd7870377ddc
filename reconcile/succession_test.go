package reconcile_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
)

// handOver serves with one loop for a minute, and for an hour with the next one, which was
// prepared before the specs changed under the first.
func handOver(t *testing.T, before, between func(s *stage)) *stage {
	s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
	s.config = func(cfg *reconcile.Config) { cfg.Interval = 24 * time.Hour }
	old, end := s.open(reconcile.Apply)
	defer end()
	cfg := s.lookOnly()
	cfg.LookOnly, cfg.Interval = false, 24*time.Hour
	cfg.Targets = map[string]reconcile.Target{"default": {EC2: s.client(reconcile.Apply, s.sim)}}
	next, err := old.Successor(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := next.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	before(s)
	serveFor := func(l *reconcile.Loop, d time.Duration) {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		defer cancel()
		if err := l.Serve(ctx); err != nil {
			t.Fatal(err)
		}
	}
	serveFor(old, time.Minute)
	between(s)
	next.TakeOver(t.Context(), old)
	serveFor(next, time.Hour)
	return s
}

func nothing(*stage) {}

func TestANewLoopDoesNotGoBackToWhatItPreparedWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := handOver(t, func(s *stage) { s.specs.commit(gateway("10.0.1.20", "10.0.1.21")) }, nothing)
		wantMutations(t, s, "assign .21")
	})
}

func TestWhatCameWhileTheOldLoopEndedIsNotWaitedForUntilTheNextInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := handOver(t, nothing, func(s *stage) { s.specs.commit(gateway("10.0.1.20", "10.0.1.21")) })
		wantMutations(t, s, "assign .21")
	})
}

func TestWithoutALookTheNewLoopDoesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := handOver(t, func(s *stage) { s.specs.commit(gateway("10.0.1.20", "10.0.1.21")) }, func(s *stage) { s.specs.fail(errors.New("unreachable")) })
		wantMutations(t, s, "assign .21")
	})
}
