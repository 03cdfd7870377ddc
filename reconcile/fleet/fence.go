package fleet

import (
	"context"
	"errors"
	"fmt"
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
	answer, err := f.EC2.Do(ctx, call)
	if err != nil && inventory.FaultClass(err) == inventory.ClassLost {
		f.held.Unanswered(f.longest)
	}
	return answer, err
}

// watched is a log that gives its target back when it cannot be written: what became of
// a write is not always known then, and whoever takes the log anew finds out.
type watched struct {
	history.Store
	failed func(error)
}

// Append implements [history.Store].
func (w watched) Append(ctx context.Context, records ...history.Record) ([]history.Record, error) {
	written, err := w.Store.Append(ctx, records...)
	if err != nil && ctx.Err() == nil {
		w.failed(fmt.Errorf("the log cannot be written: %w", err))
	}
	return written, err
}

// CutBefore implements [history.Cutter] where the store does. That an archive fails is no
// reason to give the target back.
func (w watched) CutBefore(ctx context.Context, before, now time.Time, archive history.Archive) ([]history.Cut, error) {
	log, can := w.Store.(history.Cutter)
	if !can {
		return nil, errors.New("this store of a log cannot be cut")
	}
	cuts, err := log.CutBefore(ctx, before, now, archive)
	if errors.Is(err, history.ErrNotWritten) && ctx.Err() == nil {
		w.failed(err)
	}
	return cuts, err
}
