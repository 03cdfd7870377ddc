package feed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// What whole logs may be taken of logs that others share: a table is paid by what is read.
const (
	streamFor = 2 * time.Minute // each
	streams   = 2               // at once
)

// ErrBusy says that as many whole logs are being read as may be at once.
var ErrBusy = errors.New("whole logs are read by others already: ask again in half a minute, or for the newest entries with limit")

// errLong is why a stream ended.
var errLong = fmt.Errorf("a log is read for %s at most at once", streamFor)

// Stream is a log from a number on, whole and as it is stored.
type Stream struct {
	// Records end with an error that says where to go on, where there was no time for all.
	Records history.Records
	Until   time.Time // when they end at the latest; zero: whenever they do
	End     func()    // to be called when no more are wanted
}

// Stream reads a log; of those that others share as many as may be at once, else it is
// [ErrBusy].
func (f *Feed) Stream(ctx context.Context, log string, from uint64) (Stream, error) {
	record, err := f.one(log)
	if err != nil {
		return Stream{}, err
	}
	if !f.shared() {
		return Stream{Records: record.Records(ctx, from), End: func() {}}, nil
	}
	select {
	case f.streams <- struct{}{}:
	default:
		return Stream{}, ErrBusy
	}
	ctx, cancel := context.WithTimeoutCause(ctx, streamFor, errLong)
	until, _ := ctx.Deadline()
	return Stream{resumable(ctx, record.Records(ctx, from), from), until, func() { cancel(); <-f.streams }}, nil
}

// resumable says where to go on when the time is up, whether or not a question was under
// way then.
func resumable(ctx context.Context, records history.Records, next uint64) history.Records {
	return func(yield func(history.Record, error) bool) {
		for r, err := range records {
			if errors.Is(context.Cause(ctx), errLong) {
				yield(history.Record{}, fmt.Errorf("%w: go on with from=%d", errLong, next))
				return
			}
			if !yield(r, err) || err != nil {
				return
			}
			next = r.Seq + 1
		}
	}
}
