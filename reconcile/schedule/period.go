package schedule

import "time"

// period is a stretch of time in which a zone's offset from UTC stays the same.
type period struct {
	start, end time.Time     // end is exclusive; zero when there is none
	offset     time.Duration // wall clock = UTC + offset
	before     time.Duration // the offset just before start; offset when there was none
}

// periodAfter returns the period that holds the instant just after t.
func periodAfter(t time.Time, zone *time.Location) period {
	t = t.Add(1).In(zone)
	p := period{offset: offsetAt(t)}
	p.before = p.offset
	p.start, p.end = t.ZoneBounds()
	// Go counts every year that follows a zone's rule as 365 days: on 31 December
	// of a leap year it reports an end that is past. The year's true end follows.
	for !p.end.IsZero() && !p.end.After(t) {
		p.end = p.end.Add(24 * time.Hour)
	}
	if !p.start.IsZero() {
		p.before = offsetAt(p.start.Add(-1))
	}
	return p
}

func offsetAt(t time.Time) time.Duration {
	_, seconds := t.Zone()
	return time.Duration(seconds) * time.Second
}

// earliest returns the earlier of two instants; a zero one is none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
