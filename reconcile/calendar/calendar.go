package calendar

import (
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/schedule"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// Calendar is what a configuration says of time. The zero value lets everything
// through and never looks for drift. It does not change once it is made.
type Calendar struct {
	Schedules []Schedule // the first that selects a document is that document's
	Windows   []Window
	Freezes   []Freeze
}

// Schedule says when to look for drift in what it selects, and whether to correct
// it.
type Schedule struct {
	Name     string            // for people
	Selector spec.Selector     // whose zero value fits all
	Cron     schedule.Schedule // its runs
	Correct  bool              // false: only report
	Adopt    bool              // without Correct: give the command that writes the spec for what is live
}

// Window is when changes are allowed, or not, in what it selects.
type Window struct {
	Name     string          // for people
	Selector spec.Selector   // whose zero value fits all
	Times    schedule.Window // when it is open
	Deny     bool            // true: nothing changes while it is open; false: nothing while no such window is
}

// Freeze lets nothing change in what it selects.
type Freeze struct {
	Name     string        // for people
	Selector spec.Selector // whose zero value fits all
	From     time.Time     // zero: it is in force already
	Until    time.Time     // from then on it does not count
	Reason   string        // for people
	Owner    string        // whom to ask
}

// In reports whether the freeze is in force: from From up to, but not at, Until.
func (f Freeze) In(t time.Time) bool { return !t.Before(f.From) && t.Before(f.Until) }

// ScheduleOf returns the index of a document's schedule, or -1 when none selects it.
func (c Calendar) ScheduleOf(doc spec.Document) int {
	for i, s := range c.Schedules {
		if s.Selector.Selects(doc) {
			return i
		}
	}
	return -1
}
