package calendar

import (
	"cmp"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// Event says what an [Entry] is.
type Event string

// The events, in the order in which those of one instant are listed: what lets
// changes through comes first.
const (
	SuspendEnds  Event = "suspend ends"
	FreezeEnds   Event = "freeze ends"
	DenyCloses   Event = "deny window closes"
	WindowOpens  Event = "window opens"
	DriftDetect  Event = "detect drift"
	DriftCorrect Event = "correct drift"
	WindowCloses Event = "window closes"
	DenyOpens    Event = "deny window opens"
	FreezeBegins Event = "freeze begins"
)

// Entry is something that will happen, as plain data.
type Entry struct {
	At       time.Time     `json:"at"` // in the zone in which it was written
	What     Event         `json:"what"`
	Name     string        `json:"name"`
	Selector spec.Selector `json:"selector"`        // of a suspend: its document's name
	Specs    *int          `json:"specs,omitempty"` // how many documents it is about; absent: not known
}

// source is what entries come from, one after another.
type source struct {
	entry Entry // what all of them have in common
	next  func(after time.Time) (at time.Time, what Event)
}

// Agenda returns the next n entries after an instant, the soonest first, and the
// first entry of each schedule, window, freeze and suspend that is not among them: a
// run every quarter of an hour must not hide a window of the night. Of docs,
// which are all documents of the snapshot, come the ends of suspends and how many
// documents an entry is about; nil: neither is known. A resource is changed at an
// instant only when nothing closes it, so an opening by itself promises nothing.
func (c Calendar) Agenda(docs []spec.Document, after time.Time, n int) (next, later []Entry) {
	sources := c.sources(docs)
	for i := range sources {
		sources[i].advance(after)
	}
	listed := make([]bool, len(sources))
	for len(next) < n {
		soonest := -1
		for i, s := range sources {
			if !s.entry.At.IsZero() && (soonest < 0 || compare(s.entry, sources[soonest].entry) < 0) {
				soonest = i
			}
		}
		if soonest < 0 {
			break
		}
		next, listed[soonest] = append(next, sources[soonest].entry), true
		sources[soonest].advance(sources[soonest].entry.At)
	}
	for i, s := range sources {
		if !listed[i] && !s.entry.At.IsZero() {
			later = append(later, s.entry)
		}
	}
	slices.SortStableFunc(later, compare)
	return next, later
}

func (s *source) advance(after time.Time) {
	s.entry.At, s.entry.What = s.next(after)
}

func compare(a, b Entry) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.What.order(), b.What.order()), cmp.Compare(a.Name, b.Name))
}

func (e Event) order() int {
	return slices.Index([]Event{SuspendEnds, FreezeEnds, DenyCloses, WindowOpens, DriftDetect, DriftCorrect, WindowCloses, DenyOpens, FreezeBegins}, e)
}

func (c Calendar) sources(docs []spec.Document) []source {
	var list []source
	add := func(name string, selector spec.Selector, selects func(spec.Document) bool, next func(time.Time) (time.Time, Event)) {
		list = append(list, source{Entry{Name: name, Selector: selector, Specs: count(docs, selects)}, next})
	}
	for i, s := range c.Schedules {
		what := DriftDetect
		if s.Correct {
			what = DriftCorrect
		}
		own := func(d spec.Document) bool { return c.ScheduleOf(d) == i }
		add(s.Name, s.Selector, own, func(t time.Time) (time.Time, Event) { return s.Cron.Next(t), what })
	}
	for _, w := range c.Windows {
		add(w.Name, w.Selector, w.Selector.Selects, w.change)
	}
	for _, f := range c.Freezes {
		add(f.Name, f.Selector, f.Selector.Selects, f.change)
	}
	for _, d := range docs {
		if d.Suspend != nil {
			self := func(other spec.Document) bool { return other.File == d.File && other.Line == d.Line }
			add(d.Name, spec.Selector{Name: d.Name}, self, once(d.Suspend.Until, SuspendEnds))
		}
	}
	return list
}

// count says how many documents are selected; nil when they are not known.
func count(docs []spec.Document, selects func(spec.Document) bool) *int {
	if docs == nil {
		return nil
	}
	n := 0
	for _, d := range docs {
		if selects(d) {
			n++
		}
	}
	return &n
}

func (w Window) change(t time.Time) (time.Time, Event) {
	at, open := w.Times.Change(t)
	switch {
	case open && w.Deny:
		return at, DenyOpens
	case open:
		return at, WindowOpens
	case w.Deny:
		return at, DenyCloses
	}
	return at, WindowCloses
}

func (f Freeze) change(t time.Time) (time.Time, Event) {
	if f.From.After(t) {
		return f.From, FreezeBegins
	}
	return once(f.Until, FreezeEnds)(t)
}

// once is what happens a single time.
func once(at time.Time, what Event) func(time.Time) (time.Time, Event) {
	return func(t time.Time) (time.Time, Event) {
		if at.After(t) {
			return at, what
		}
		return time.Time{}, what
	}
}
