package leasetest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/lease"
)

// Operation is one call to a table: what was asked, what came of it, and when.
type Operation struct {
	Client         int
	Call, Return   time.Duration // since the recorder was made
	Write          bool          // else a read
	Target         string
	Item           lease.Item // written, or read: zero when there was none
	Expect         uint64     // of a write
	Refused, Doubt bool       // of a write: ErrConflict; or any other error, so that nobody knows
}

// Recorder records the calls of several clients to one table.
type Recorder struct {
	began   time.Time
	targets []string

	mu  sync.Mutex
	ops []Operation
}

// NewRecorder records what happens to these targets.
func NewRecorder(targets ...string) *Recorder { return &Recorder{began: time.Now(), targets: targets} }

// Operations returns what was recorded.
func (r *Recorder) Operations() []Operation {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Operation(nil), r.ops...)
}

// Client returns a table as one client has it, whose calls are recorded. A client makes
// one call at a time.
func (r *Recorder) Client(number int, table lease.Table) lease.Table {
	return &recorded{table, r, number}
}

type recorded struct {
	lease.Table
	*Recorder
	client int
}

func (c *recorded) add(ops ...Operation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ops = append(c.ops, ops...)
}

// Leases records one read for each target, all at the time of the call. One that failed
// says nothing.
func (c *recorded) Leases(ctx context.Context) ([]lease.Item, error) {
	called := time.Since(c.began)
	items, err := c.Table.Leases(ctx)
	returned := time.Since(c.began)
	for _, target := range c.targets {
		op := Operation{Client: c.client, Call: called, Return: returned, Target: target}
		for _, item := range items {
			if item.Target == target {
				op.Item = item
			}
		}
		if err == nil {
			c.add(op)
		}
	}
	return items, err
}

func (c *recorded) Write(ctx context.Context, item lease.Item, expect uint64) error {
	op := Operation{Client: c.client, Call: time.Since(c.began), Write: true, Target: item.Target, Item: item, Expect: expect}
	err := c.Table.Write(ctx, item, expect)
	op.Return = time.Since(c.began)
	op.Refused = errors.Is(err, lease.ErrConflict)
	op.Doubt = err != nil && !op.Refused
	c.add(op)
	return err
}
