package history

import (
	"cmp"
	"slices"
	"time"
)

// Unsettled returns the undecided intents of all resources, oldest first, each
// with its outcome so far (accepted, lost, or "" when no answer was recorded), and
// with the time of that outcome where there is one: a call that hung took time.
func (l *Ledger) Unsettled() []Record {
	return l.all((*intent).undecided)
}

// Open returns the intents of all resources, oldest first, that are undecided, or
// newer than since and may have had an effect: a read of EC2 may not show it yet.
func (l *Ledger) Open(since time.Time) []Record {
	return l.all(func(i *intent) bool {
		return i.undecided() || later(i.Time, i.ended).After(since) && !i.ineffective() && i.settled != OutcomeNotDone
	})
}

func (l *Ledger) all(want func(*intent) bool) []Record {
	var list []Record
	for _, i := range l.intents {
		if want(i) {
			r := i.Record
			r.Outcome = i.outcome
			if !i.ended.IsZero() {
				r.Time = i.ended
			}
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b Record) int { return cmp.Compare(a.Seq, b.Seq) })
	return list
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
