package reconcile

import (
	"context"
	"slices"
	"time"
)

// PartName names a part of the work.
type PartName string

// The parts. All but the first two are parts of a turn.
const (
	PartFetch   PartName = "fetch"   // the look at Git that found something new
	PartTurn    PartName = "turn"    // one turn of the loop
	PartObserve PartName = "observe" // what there is in EC2
	PartPlan    PartName = "plan"
	PartPolicy  PartName = "policy"
	PartAct     PartName = "act" // calls, or what a dry-run asks
)

// Part is a piece of the work on one commit, as it begins.
type Part struct {
	Name       PartName
	Repository string // see gitsource.Repository
	Commit     string // its id
	Mode       Mode
	// Began is when it began, where that was before anybody knew the commit; zero: now.
	Began time.Time
	// Settled says that the turn comes after one that left nothing to be done under
	// the same commit: a look for drift.
	Settled bool
}

// Around is told of a part as it begins. It returns the context for all that belongs
// to the part, and what is called when that has ended; nil: nothing. It returns at once.
type Around func(ctx context.Context, p Part) (context.Context, func(error))

// around tells everybody who wants to know of parts.
func (l *Loop) around(ctx context.Context, d *Desired, p Part) (context.Context, func(error)) {
	p.Repository, p.Commit, p.Mode = d.source, d.Commit.ID, l.cfg.Mode
	var ends []func(error)
	for _, begin := range l.cfg.Around {
		var end func(error)
		if ctx, end = begin(ctx, p); end != nil {
			ends = append(ends, end)
		}
	}
	return ctx, func(err error) {
		for _, end := range slices.Backward(ends) {
			end(err)
		}
	}
}

// look reads Git, by a look of the number since or a later one where it is not 0, and
// tells of it where that found something new.
func (l *Loop) look(ctx context.Context, since uint64) (*Desired, error) {
	began, last := l.cfg.Now(), l.latest.Load()
	d, err := l.looker.look(ctx, last, since)
	if err != nil || d == last {
		return d, err
	}
	if last == nil || last.Commit.ID != d.Commit.ID {
		d.seen = began // nobody else has d yet
	}
	_, end := l.around(ctx, d, Part{Name: PartFetch, Began: began})
	end(d.Err)
	return d, nil
}

// settled reports whether nothing was left to do under a commit before this turn.
func (l *Loop) settled(d *Desired) bool {
	commit, _ := l.cfg.Ledger.Converged()
	return commit == d.Commit.ID && !l.cfg.Ledger.Acted()
}
