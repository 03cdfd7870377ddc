package reconcile

import (
	"maps"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// longestSleep bounds how late a clock that was set, or a machine that slept, is
// noticed: a timer counts neither.
const longestSleep = time.Minute

// waker knows what time alone brings about: the next run of a schedule, and the
// next moment at which something that the calendar holds may go on.
type waker struct {
	loop  *Loop
	timer *time.Timer
	opens time.Time // zero: the calendar holds nothing, or not within sight
}

func newWaker(l *Loop) *waker {
	l.runs = newRuns(l.cfg.Calendar, slices.Sorted(maps.Keys(l.cfg.Targets)), l.cfg.spreadKey())
	return &waker{loop: l, timer: time.NewTimer(0)}
}

// due reports whether it is time to turn, and sets the timer anew.
func (w *waker) due() bool {
	now := w.loop.cfg.Now()
	due := w.loop.runs.take(now)
	if !w.opens.IsZero() && !now.Before(w.opens) {
		due, w.opens = true, time.Time{}
	}
	w.arm(now)
	return due
}

// turned takes over when what is held now may go on.
func (w *waker) turned(p plan.Plan) {
	w.opens = time.Time{}
	for _, r := range p.Resources {
		if r.Opens != nil {
			w.opens = sooner(w.opens, *r.Opens)
		}
	}
	w.arm(w.loop.cfg.Now())
}

// hurry lets what is due start at once.
func (w *waker) hurry() { w.loop.runs.hurry(w.loop.cfg.Now()) }

func (w *waker) arm(now time.Time) {
	at := sooner(w.loop.runs.next(), w.opens)
	if at.IsZero() {
		w.timer.Stop()
		return
	}
	w.timer.Reset(max(0, min(at.Sub(now), longestSleep)))
}
