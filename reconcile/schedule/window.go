package schedule

import (
	"fmt"
	"time"
)

// The bounds of a window's duration.
const (
	minWindow = time.Minute
	maxWindow = 31 * 24 * time.Hour
)

// Window opens at each run of a schedule and stays open for a duration of real
// time: one that spans a change of the clocks is neither longer nor shorter for it.
// Openings that overlap, or touch, are one. The zero value never opens.
type Window struct {
	opens Schedule
	lasts time.Duration
}

// NewWindow makes a window that lasts 1m to 744h (31 days). The error is one
// sentence that says what to write instead.
func NewWindow(opens Schedule, lasts time.Duration) (Window, error) {
	switch {
	case lasts < minWindow:
		return Window{}, fmt.Errorf("a window of %s is too short: the least is 1m", lasts)
	case lasts > maxWindow:
		return Window{}, fmt.Errorf("a window of %s is too long: the most is 744h (31 days)", lasts)
	}
	return Window{opens, lasts}, nil
}

// Zone is the time zone in which the window was written; UTC for the zero Window.
func (w Window) Zone() *time.Location {
	if w.opens.zone == nil {
		return time.UTC
	}
	return w.opens.zone
}

// Open reports whether the window is open at t: from a run up to, but not at, the
// end of its duration.
func (w Window) Open(t time.Time) bool {
	start := w.opens.Next(t.Add(-w.lasts))
	return !start.IsZero() && !start.After(t)
}

// Opens returns t when the window is open then, else its next opening; zero when
// there is none.
func (w Window) Opens(t time.Time) time.Time {
	if w.Open(t) {
		return t
	}
	return w.opens.Next(t)
}

// maxJoined bounds the search for the end of openings that follow each other
// without a gap.
const maxJoined = 100

// Closes returns t when the window is closed then, else the first instant at which
// it is; zero when it does not close within a hundred openings.
func (w Window) Closes(t time.Time) time.Time {
	for range maxJoined {
		if !w.Open(t) {
			return t.In(w.Zone())
		}
		t = w.lastStart(t).Add(w.lasts)
	}
	return time.Time{}
}

// lastStart returns the last start up to t of a window that is open at t. There is
// no way back in a cron expression, so it is searched between two instants: after
// the earlier one comes a start up to t, after the later one none.
func (w Window) lastStart(t time.Time) time.Time {
	early, late := t.Add(-w.lasts), t
	for {
		start := w.opens.Next(early)
		if next := w.opens.Next(start); next.IsZero() || next.After(t) {
			return start
		}
		middle := start.Add(late.Sub(start) / 2)
		if w.opens.Next(middle).After(t) {
			early, late = start, middle
		} else {
			early = middle
		}
	}
}

// Change returns the first instant after t at which the window opens or closes, and
// whether it is open from then on; zero when there is none within the bounds of
// [Window.Closes].
func (w Window) Change(t time.Time) (at time.Time, open bool) {
	if w.Open(t) {
		return w.Closes(t), false
	}
	return w.opens.Next(t), true
}
