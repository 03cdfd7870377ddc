package leasetest

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrDown is how calls fail that a [View] was told to fail.
var ErrDown = errors.New("leasetest: the table cannot be reached")

// View is a [Table] as one replica reaches it. It is safe for concurrent use.
type View struct {
	table *Table

	mu            sync.Mutex
	down, deaf    bool
	before, after time.Duration
}

// Down makes every call fail at once, without an effect.
func (v *View) Down(down bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.down = down
}

// Deaf makes every write have its effect and then fail: its answer is lost.
func (v *View) Deaf(deaf bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.deaf = deaf
}

// Slow makes every call take so long until it has its effect, and then until it is
// answered. Who does not wait for that gets its context's error, and the call still has
// its effect when its time comes.
func (v *View) Slow(before, after time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.before, v.after = before, after
}

// call makes one call as the view was told.
func call[T any](ctx context.Context, v *View, write bool, effect func() (T, error)) (T, error) {
	v.mu.Lock()
	down, deaf, before, after := v.down, v.deaf, v.before, v.after
	v.mu.Unlock()
	type answer struct {
		value T
		err   error
	}
	var none T
	switch {
	case ctx.Err() != nil:
		return none, ctx.Err()
	case down:
		return none, ErrDown
	}
	answers := make(chan answer, 1)
	v.table.begin()
	go func() {
		defer v.table.finish()
		time.Sleep(before)
		value, err := effect()
		time.Sleep(after)
		if deaf && write && err == nil {
			err = ErrDown
		}
		answers <- answer{value, err}
	}()
	select {
	case a := <-answers:
		return a.value, a.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}
