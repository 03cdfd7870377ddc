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
	number       uint64        // of the look that asked last
	wait         time.Duration // from then to the next look
}

// read asks the source when it is due, or where no look of the number since, or a later
// one, has asked it. One that comes a tenth early counts: it is made together with
// others. number is this look's.
func (r *remembered) read(ctx context.Context, number, since uint64) (*gitsource.Snapshot, error) {
	now := time.Now() // with its monotonic part: a clock that is set puts no look off
	if r.number >= since && !r.looked.IsZero() && now.Sub(r.looked) < r.wait-r.wait/10 {
		if r.err != nil {
			return nil, r.err
		}
		return r.last, nil
	}
	s, err := r.Snapshot(ctx, r.last)
	if err != nil && ctx.Err() != nil {
		return nil, err
	}
	r.looked, r.wait, r.err, r.number = now, r.every, err, number
	if err != nil {
		r.wait = r.retry
		return nil, err
	}
	r.last = s
	return s, nil
}

// pause is how long no source needs to be asked. What is overdue now is so because
// another one failed before it, or took long: that costs the least interval.
func (o *Lookout) pause(ctx context.Context) time.Duration {
	if o.enter(ctx) != nil {
		return 0
	}
	defer o.leave()
	all := append([]*remembered{o.specs}, o.policies...)
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
