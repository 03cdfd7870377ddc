package reconcile

import (
	"context"
	"time"

	"github.com/seed-6ca89210/sluice/gitsource"
)

// remembered is a source, what it said last, and when it is to be asked again.
type remembered struct {
	Source
	every, retry time.Duration // between two looks; after one that failed
	last         *gitsource.Snapshot
	err          error // of the last look
	looked       time.Time
	wait         time.Duration // from then to the next look
}

// read asks the source when it is due, or anew where the answer must be fresh. A look
// that comes a tenth early counts: it is made together with others.
func (r *remembered) read(ctx context.Context, fresh bool) (*gitsource.Snapshot, error) {
	now := time.Now() // with its monotonic part: a clock that is set puts no look off
	if !fresh && !r.looked.IsZero() && now.Sub(r.looked) < r.wait-r.wait/10 {
		if r.err != nil {
			return nil, r.err
		}
		return r.last, nil
	}
	s, err := r.Snapshot(ctx, r.last)
	r.looked, r.wait, r.err = now, r.every, err
	if err != nil {
		r.wait = r.retry
		return nil, err
	}
	r.last = s
	return s, nil
}

// pause is how long no source needs to be asked. What is overdue now is so because
// another one failed before it, or took long: that costs the least interval.
func (k *looker) pause() time.Duration {
	all := append([]*remembered{k.specs}, k.policies...)
	least := all[0].retry
	for _, r := range all {
		least = min(least, r.retry)
	}
	next := time.Duration(1<<63 - 1)
	for _, r := range all {
		left := r.wait - time.Since(r.looked)
		if left <= 0 {
			left = least
		}
		next = min(next, left)
	}
	return next
}
