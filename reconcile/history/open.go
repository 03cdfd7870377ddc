package history

import (
	"cmp"
	"slices"
)

// Unsettled returns the undecided intents of all resources, oldest first, each
// with its outcome so far (accepted, lost, or "" when no answer was recorded), and
// with the time of that outcome where there is one: a call that hung took time.
func (l *Ledger) Unsettled() []Record {
	return l.all((*intent).undecided)
}

// Open returns the intents of all resources, oldest first, that are undecided, or
// young and may have had an effect: a read of EC2 may not show it yet. Which are young
// is for the caller to say, who is given them as they are returned.
func (l *Ledger) Open(young func(Record) bool) []Record {
	return l.all(func(i *intent) bool {
		return i.undecided() || !i.ineffective() && i.settled != OutcomeNotDone && young(i.record())
	})
}

// record is the intent with its outcome so far, at the time of that.
func (i *intent) record() Record {
	r := i.Record
	r.Outcome = i.outcome
	if !i.ended.IsZero() {
		r.Time = i.ended
	}
	return r
}

func (l *Ledger) all(want func(*intent) bool) []Record {
	var list []Record
	for _, i := range l.intents {
		if want(i) {
			list = append(list, i.record())
		}
	}
	slices.SortFunc(list, func(a, b Record) int { return cmp.Compare(a.Seq, b.Seq) })
	return list
}
