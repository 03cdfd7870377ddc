package feed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// Record is the record as far as it is read here; *history.File is one.
type Record interface {
	history.Log
	Before(ctx context.Context, before uint64) history.Records
	Head(ctx context.Context) (history.Head, error)
}

// Log is one of several logs that the record is made of.
type Log struct {
	Name string // of its target
	Record
}

// bounds are how many records one request reads at most.
type bounds struct {
	list  int // for a list
	last  int // for a resource's own page, which asks again and again
	story int // for a story
}

var (
	ofFile = bounds{20_000, 2_000, 50_000}
	ofLogs = bounds{5_000, 500, 20_000} // of all logs together
)

// What one request may take of logs that others share.
const (
	readFor = 10 * time.Second
	readers = 8 // at once
)

// What is wrong with a question.
var (
	ErrWhichLog = errors.New("each target has a log of its own: name one with log=TARGET, or ask for the newest entries of all with limit")
	ErrNoLog    = errors.New("the record has no such log")
)

// shared reports whether the record is several logs.
func (f *Feed) shared() bool { return f.cfg.Logs != nil }

// logs returns those that the record is made of: that of one target where log names one.
func (f *Feed) logs(log string) []Log {
	all := []Log{{"", f.cfg.Record}}
	if f.shared() {
		all = f.cfg.Logs()
	}
	if log == "" {
		return all
	}
	for _, l := range all {
		if l.Name == log {
			return []Log{l}
		}
	}
	return nil
}

// Logs returns the names of the logs; none where one is of all targets.
func (f *Feed) Logs() []string {
	var names []string
	for _, l := range f.logs("") {
		if l.Name != "" {
			names = append(names, l.Name)
		}
	}
	return names
}

// one returns the log that is named; of a record that is one log, that.
func (f *Feed) one(log string) (Record, error) {
	if log == "" && f.shared() {
		return nil, ErrWhichLog
	}
	found := f.logs(log)
	if len(found) == 0 {
		return nil, fmt.Errorf("%w: %.70q", ErrNoLog, log)
	}
	return found[0].Record, nil
}

// Checkpoint returns what stands before a log's first record; nil: nothing was cut off.
func (f *Feed) Checkpoint(ctx context.Context, log string) (*history.Checkpoint, error) {
	record, err := f.one(log)
	if err != nil {
		return nil, err
	}
	ctx, end, err := f.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	cut, err := record.Checkpoint(ctx)
	return cut, why(ctx, err)
}

// errSlow is why a request ended.
var errSlow = fmt.Errorf("the record was not read to the end within %s", readFor)

// begin lets a request read; it calls end when it has.
func (f *Feed) begin(ctx context.Context) (reading context.Context, end func(), err error) {
	if !f.shared() {
		return ctx, func() {}, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, readFor, errSlow)
	select {
	case f.readers <- struct{}{}:
		return ctx, func() { cancel(); <-f.readers }, nil
	case <-ctx.Done():
		defer cancel()
		return nil, nil, context.Cause(ctx)
	}
}

// why puts before an error that it took too long, if it did.
func why(ctx context.Context, err error) error {
	if err != nil && errors.Is(context.Cause(ctx), errSlow) {
		return fmt.Errorf("%w: %w", errSlow, err)
	}
	return err
}
