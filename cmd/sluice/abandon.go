package main

import (
	"context"
	"fmt"
	"time"
)

// abandonAfter bounds one write or read of an export in a folder; a bucket has a bound of
// its own.
const abandonAfter = 10 * time.Minute

// abandon returns what work does in a folder, or that ctx or the bound has ended: a call
// into a folder whose server is gone ends with neither. Work that was left behind may yet
// take effect, so nothing may hang on that. It keeps a thread and what it was to write, so
// there is never a second one beside it: others wait until it ends, or until it has had the
// bound, and from then on they fail at once.
func abandon[T any](ctx context.Context, f *exportFolder, work func() (T, error)) (T, error) {
	var none T
	leave, err := f.enter(ctx)
	if err != nil {
		return none, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, abandonAfter, fmt.Errorf("%s: no answer in %s; %s", f.path, abandonAfter, lookForServer))
	defer cancel()
	return unlessEnded(ctx, func() (T, error) {
		defer leave()
		return work()
	})
}

// unlessEnded returns what work does, or that ctx has ended: then work is left behind.
func unlessEnded[T any](ctx context.Context, work func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := work()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}
