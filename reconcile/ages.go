package reconcile

import (
	"maps"
	"sync"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// ages tells how old an intent is, or its outcome where there is one. The clock may be
// set in between: of what this process wrote it counts for itself, and what was written
// before is at least as old as this process, even by a clock that was ahead: else a
// resource would wait until the clock is there again. Where replicas share a target,
// another machine's clock wrote it, which may be behind: then a call whose answer was lost
// a moment ago must not look as old as one that was never carried out.
type ages struct {
	mu      sync.Mutex
	began   time.Time            // when the process was
	from    time.Time            // the same, by the clock that the loop goes by
	serves  bool                 // it goes on, and can wait
	written map[uint64]time.Time // by the intent's number
}

// mostAges bounds what is kept; what is older than forgetAges is long decided, and its
// time of day will do.
const (
	mostAges   = 1024
	forgetAges = time.Hour
)

// mostSkew is how far the clocks of two replicas may be apart. AWS refuses what is
// signed by a clock that is further off.
const mostSkew = 15 * time.Minute

func newAges(now time.Time) ages {
	return ages{began: time.Now(), from: now, written: map[uint64]time.Time{}}
}

// serve is told that the process is a daemon.
func (a *ages) serve() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.serves = true
}

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

// atLeast is the age of an intent that nothing shows of: as old as that it must be before it
// counts as never carried out. A clock may be set while no process is there to notice, so
// a daemon goes by how long itself has looked; a command that looks once has only the time
// of day.
func (a *ages) atLeast(r history.Record, now time.Time) time.Duration {
	a.mu.Lock()
	_, own := a.written[r.Seq]
	waits := a.serves && !own
	a.mu.Unlock()
	if waits {
		return now.Sub(a.from)
	}
	return a.of(r, now)
}

// of returns the age of an intent as the ledger gives it, at a time of day.
func (a *ages) of(r history.Record, now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if at, ok := a.written[r.Seq]; ok {
		return time.Since(at)
	}
	age := now.Sub(r.Time)
	if r.Epoch > 0 {
		age -= mostSkew
	}
	return max(age, time.Since(a.began))
}
