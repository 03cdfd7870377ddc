package view

import (
	"cmp"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
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

// Agenda returns what is due after now, the soonest first, at most n: the next look
// at Git, the runs of the drift schedule, and more that the caller knows of.
func Agenda(s reconcile.Status, more []Upcoming, now time.Time, n int) []Upcoming {
	list := slices.Clone(more)
	if !s.LastPoll.IsZero() && s.Interval > 0 {
		at := s.LastPoll.Add(s.Interval)
		if at.Before(now) {
			at = now
		}
		list = append(list, Upcoming{At: at, What: "look at Git", Note: "at about this time, or sooner when something asks for it"})
	}
	if s.Drift != nil {
		what := "detect drift"
		if s.Drift.Correct {
			what = "correct drift"
		}
		for at, i := now, 0; i < n; i++ {
			if at = s.Drift.Schedule.Next(at); at.IsZero() {
				break
			}
			list = append(list, Upcoming{At: at, What: what, Name: s.Drift.Schedule.String()})
		}
	}
	slices.SortStableFunc(list, func(a, b Upcoming) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.What, b.What)) })
	return append([]Upcoming{}, list[:min(n, len(list))]...)
}
