package reconcile

import (
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// span is when strays can have come about.
func span(list []plan.Stray, recorded time.Time) inventory.TrailQuery {
	q := inventory.TrailQuery{Since: recorded, Until: recorded.Add(clockSkew)}
	for _, s := range list {
		from := s.RightAt
		if from.IsZero() {
			from = s.Since.Add(-unseen)
		}
		if from.Before(q.Since) {
			q.Since = from
		}
	}
	q.Since = q.Since.Add(-clockSkew)
	return q
}

// operations are those that can have made the strays that nobody is named for.
func operations(in *inquiry) []string {
	var list []string
	for _, s := range in.strays {
		for _, takes := range []bool{true, false} {
			if s.Who == nil && (s.Change == plan.Changing || takes == (s.Change == plan.Removed)) {
				list = append(list, inventory.Operations(inventory.Kind(in.rec.ResourceKind), takes)...)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// name puts who did it to each stray: the last call that can have, other than one of
// sluice's own.
func name(in *inquiry, events []inventory.TrailEvent, ours func(string) bool) {
	for i := range in.strays {
		s := &in.strays[i]
		if s.Who != nil {
			continue
		}
		var last *inventory.Actor
		for _, e := range events {
			if !e.Failed && made(e, *s, in.rec.ResourceID) && !ours(e.RequestID) && (last == nil || e.Time.After(last.Time)) {
				last = &e.Actor
			}
		}
		s.Who = last
	}
}

// made reports whether a call can have made an address stray.
func made(e inventory.TrailEvent, s plan.Stray, id string) bool {
	here := slices.Contains(e.Resources, id)
	named := e.Names(s.Address)
	silent := here && len(e.Addresses)+len(e.Prefixes) == 0 // asked for by count, and answered without a list
	gives := inventory.Gives(e.Operation) && here && (named || silent)
	takes := inventory.Takes(e.Operation) && here && (named || silent) ||
		e.Operation == "AssignPrivateIpAddresses" && !here && named // another interface took it
	switch s.Change {
	case plan.Added:
		return gives
	case plan.Removed:
		return takes
	}
	return gives || takes
}
