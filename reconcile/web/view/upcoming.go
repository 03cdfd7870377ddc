package view

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/calendar"
	"github.com/seed-6ca89210/sluice/reconcile/rulebook"
)

// Upcoming is something that is due: a run of a schedule, a window that opens or
// closes, a freeze that ends.
type Upcoming struct {
	At      time.Time `json:"at"`
	What    string    `json:"what"`              // such as "correct drift", "window opens"
	Name    string    `json:"name,omitempty"`    // of the schedule or window
	Selects string    `json:"selects,omitempty"` // the resources, in words; empty: all
	Note    string    `json:"note,omitempty"`    // a freeze's reason and owner, for one
}

// Agenda returns the next n things that are due after now, the soonest first: the look
// at Git, the calendar's runs, windows, freezes and ends of suspends, and more that
// the caller knows of. What of the calendar is not among them follows with its first
// time, so that frequent runs hide no window.
func Agenda(s reconcile.Status, more []Upcoming, now time.Time, n int) []Upcoming {
	list := slices.Clone(more)
	if !s.LastPoll.IsZero() && s.Interval > 0 {
		at := s.LastPoll.Add(s.Interval)
		if at.Before(now) {
			at = now
		}
		list = append(list, Upcoming{At: at, What: "look at Git", Note: "at about this time, or sooner when something asks for it"})
	}
	next, later := s.Calendar.Agenda(s.Documents, now, n)
	for _, e := range next {
		list = append(list, upcoming(e, s.Calendar))
	}
	slices.SortStableFunc(list, func(a, b Upcoming) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.What, b.What)) })
	list = append([]Upcoming{}, list[:min(n, len(list))]...)
	for _, e := range later {
		list = append(list, upcoming(e, s.Calendar))
	}
	return list
}

func upcoming(e calendar.Entry, c calendar.Calendar) Upcoming {
	u := Upcoming{At: e.At, What: string(e.What), Name: e.Name, Selects: rulebook.SelectorWords(e.Selector)}
	if e.Specs != nil {
		u.Note = fmt.Sprintf("specs it is about: %d", *e.Specs)
	}
	for _, f := range c.Freezes {
		if f.Name == e.Name && (e.What == calendar.FreezeBegins || e.What == calendar.FreezeEnds) {
			u.Note += fmt.Sprintf("; %s (owner %s)", f.Reason, f.Owner)
		}
	}
	return u
}
