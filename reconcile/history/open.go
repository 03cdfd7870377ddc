package history

import (
	"cmp"
	"slices"
	"time"
)

// Unsettled returns the undecided intents of all resources, oldest first.
func (l *Ledger) Unsettled() []Record {
	return l.all((*intent).undecided)
}

// Open returns the intents of all resources, oldest first, that are undecided, or
// newer than since and may have had an effect: a read of EC2 may not show it yet.
func (l *Ledger) Open(since time.Time) []Record {
	return l.all(func(i *intent) bool {
		return i.undecided() || i.Time.After(since) && !i.ineffective() && i.settled != OutcomeNotDone
	})
}

func (l *Ledger) all(want func(*intent) bool) []Record {
	var list []Record
	for _, i := range l.intents {
		if want(i) {
			list = append(list, i.Record)
		}
	}
	slices.SortFunc(list, func(a, b Record) int { return cmp.Compare(a.Seq, b.Seq) })
	return list
}

// LastConverged reports whether the last converged record is of this commit and
// policy, and which resources it excepts.
func (l *Ledger) LastConverged(commit, policyDigest string) (except []string, ok bool) {
	c := l.converged
	if c.Commit != commit || c.PolicyDigest != policyDigest || c.Kind != KindConverged {
		return nil, false
	}
	return c.Except, true
}
