package reconcile

import (
	"maps"
	"sync"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// ages tells how old an intent is, or its outcome where there is one. The clock may be
// set in between: of what this process wrote it counts for itself, and what was written
// in the future, by a clock that was ahead, is at least as old as this process. Else a
// resource would wait until the clock is there again.
type ages struct {
	mu      sync.Mutex
	began   time.Time            // when the process was
	written map[uint64]time.Time // by the intent's number
}

// mostAges bounds what is kept; what is older than forgetAges is long decided, and its
// time of day will do.
const (
	mostAges   = 1024
	forgetAges = time.Hour
)

func newAges() ages { return ages{began: time.Now(), written: map[uint64]time.Time{}} }

// note is told of each record that this process wrote.
func (a *ages) note(r history.Record) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	switch r.Kind {
	case history.KindIntent:
		a.written[r.Seq] = now
	case history.KindOutcome:
		a.written[r.Intent] = now
	}
	if len(a.written) > mostAges {
		maps.DeleteFunc(a.written, func(_ uint64, at time.Time) bool { return now.Sub(at) > forgetAges })
	}
}

// of returns the age of an intent as the ledger gives it, at a time of day.
func (a *ages) of(r history.Record, now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if at, ok := a.written[r.Seq]; ok {
		return time.Since(at)
	}
	if age := now.Sub(r.Time); age >= 0 {
		return age
	}
	return time.Since(a.began)
}
