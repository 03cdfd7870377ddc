package fleet

import (
	"context"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/lease"
)

// fenced is a target's EC2 as far as a lease reaches.
type fenced struct {
	reconcile.EC2
	held    *lease.Held
	longest time.Duration
}

// Do makes a call that ends while the lease lasts, or none.
func (f fenced) Do(ctx context.Context, call inventory.Call) (inventory.Answer, error) {
	end, err := f.held.Deadline(f.longest)
	if err != nil {
		return inventory.Answer{}, &inventory.Fault{Operation: call.Operation(), Class: inventory.ClassNotSent, Message: "not sent: " + err.Error()}
	}
	ctx, cancel := context.WithDeadline(ctx, end)
	defer cancel()
	call.Epoch = f.held.Epoch()
	return f.EC2.Do(ctx, call)
}

// followed is a log whose end goes into the lease, so that the next holder misses what
// was cut off.
type followed struct {
	history.Store
	held *lease.Held
}

// Append implements [history.Store].
func (f followed) Append(ctx context.Context, records ...history.Record) ([]history.Record, error) {
	written, err := f.Store.Append(ctx, records...)
	if n := len(written); n > 0 {
		f.held.Head(written[n-1].Seq, written[n-1].Hash)
	}
	return written, err
}
