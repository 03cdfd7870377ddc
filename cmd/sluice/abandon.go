package main

import (
	"context"
	"fmt"
	"time"
)

// abandonAfter bounds one write or read of an export in a folder; a bucket has a bound of
// its own.
const abandonAfter = 10 * time.Minute

// abandon returns what work does at a path, or that ctx or the bound has ended: a call into a folder
// whose server is gone ends with neither. Work that was left behind may yet take effect,
// so nothing may hang on that.
func abandon[T any](ctx context.Context, path string, work func() (T, error)) (T, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, abandonAfter, fmt.Errorf("%s: no answer in %s; look whether the server of its file system is there", path, abandonAfter))
	defer cancel()
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
