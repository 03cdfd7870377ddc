package schedule

import (
	"time"
	_ "time/tzdata" // a container image may come without a zone database

	"github.com/robfig/cron/v3"
)

// lastYear ends the calendar of this package: later instants have no next run.
// It keeps hostile instants away from arithmetic that would overflow.
const lastYear = 9000

// maxPeriods bounds the search of [Schedule.Next]. The rarest date, 29 February
// around 2100, is 8 years away; no zone changes its clocks more than 4 times a year.
const maxPeriods = 64

// Schedule is a parsed expression in its time zone. The zero value is never due.
// It holds no state and may be copied and shared.
type Schedule struct {
	expr    string
	zone    *time.Location
	fields  *cron.SpecSchedule // evaluated on wall clock times that are written as UTC
	every   time.Duration      // of @every, when fields is nil
	repeats bool               // see "When the clocks change"
}

// String returns the expression as it was given.
func (s Schedule) String() string { return s.expr }

// Next returns the first run after t, in the schedule's zone; it is always later
// than t. It returns the zero time for the zero Schedule, and outside the years
// 1 to 9000.
func (s Schedule) Next(t time.Time) time.Time {
	if s.zone == nil || t.Year() < 1 || t.Year() > lastYear {
		return time.Time{}
	}
	if s.fields == nil {
		return t.Truncate(s.every).Add(s.every).In(s.zone)
	}
	// Between two changes of the clocks the mapping from wall clock to instant
	// is one subtraction; so look at one such period after the other.
	for range maxPeriods {
		p := periodAfter(t, s.zone)
		if run := s.within(p, t); !run.IsZero() {
			return run.In(s.zone)
		}
		if p.end.IsZero() {
			break
		}
		t = p.end.Add(-1) // the first instant of the next period counts as well
	}
	return time.Time{}
}

// within returns the first run after t inside p, or the zero time.
func (s Schedule) within(p period, t time.Time) time.Time {
	from := t
	if p.before > p.offset && !s.repeats {
		// Autumn: the clock shows again what it has shown; that has run.
		from = latest(t, p.start.Add(p.before-p.offset-1))
	}
	run := s.match(from, p.offset)
	if p.before < p.offset {
		run = earliest(run, s.inGap(p, t))
	}
	if !p.end.IsZero() && !run.Before(p.end) {
		return time.Time{}
	}
	return run
}

// inGap returns the first run after t that makes up for the wall clock times
// that were left out at the start of p, or the zero time.
func (s Schedule) inGap(p period, t time.Time) time.Time {
	// Read by the old offset, the gap's times are the instants after the change.
	run := s.match(latest(t, p.start.Add(-1)), p.before)
	if run.IsZero() || !run.Before(p.start.Add(p.offset-p.before)) {
		return time.Time{}
	}
	if s.repeats {
		return run
	}
	if !t.Before(p.start) {
		return time.Time{}
	}
	return p.start
}

// match returns the first instant after t at which a clock with this offset
// shows a matching time, or the zero time.
func (s Schedule) match(t time.Time, offset time.Duration) time.Time {
	wall := t.UTC().Add(offset)
	// The library gives up after 5 years; 29 February can be 8 away.
	for range 3 {
		if run := s.fields.Next(wall); !run.IsZero() {
			return run.Add(-offset)
		}
		wall = time.Date(wall.Year()+5, time.December, 31, 23, 59, 59, 0, time.UTC)
	}
	return time.Time{}
}
