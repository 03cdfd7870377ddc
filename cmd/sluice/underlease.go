package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/reconcile/fleet"
	"github.com/seed-6ca89210/sluice/reconcile/lease"
)

// underLease takes the leases of targets for a command, calls work under them, and gives
// them back. Where a replica that lives has one, it says which.
func (a *app) underLease(ctx context.Context, cfg config.Config, targets []string, work func(ctx context.Context, seats map[string]fleet.Seat) error) error {
	db, err := openTable(ctx, *cfg.History.DynamoDB)
	if err != nil {
		return err
	}
	if err := a.vacant(ctx, db.Leases(), targets); err != nil {
		return err
	}
	f, err := newFleet(db, cfg, targets, "", a.logger())
	if err != nil {
		return err
	}
	return f.Together(ctx, len(targets), work)
}

// vacant is an error when a replica that lives holds one of the targets. A lease whose
// holder has not renewed it for its whole length is one of a replica that died: then it
// can be taken.
func (a *app) vacant(ctx context.Context, table lease.Table, targets []string) error {
	first, longest, err := heldOf(ctx, table, targets)
	if err != nil || len(first) == 0 {
		return err
	}
	fmt.Fprintf(a.stderr, "sluice: looking for up to %s whether replica %s, which has target %s, is still there\n", longest, printable(first[0].Holder), printable(first[0].Target))
	end, again := time.After(longest), time.NewTicker(max(longest/10, 100*time.Millisecond))
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-end:
			return nil
		case <-again.C:
		}
		now, _, err := heldOf(ctx, table, targets)
		if err != nil {
			return err
		}
		for _, item := range now {
			if !slices.Contains(first, item) {
				return heldError(item)
			}
		}
	}
}

// heldError says who holds a target.
func heldError(item lease.Item) error {
	where := ""
	if item.URL != "" {
		where = fmt.Sprintf(" (%q)", item.URL)
	}
	return fmt.Errorf("target %q is held by replica %q%s, which works for it: leave it to that one, or stop all replicas first", item.Target, item.Holder, where)
}

// heldOf lists the leases of targets that somebody has, and the longest of them. It is an
// error when one of them is damaged: whoever waits for that waits for ever.
func heldOf(ctx context.Context, table lease.Table, targets []string) (held []lease.Item, longest time.Duration, err error) {
	items, err := table.Leases(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("the leases cannot be read: %w", err)
	}
	for _, item := range items {
		if item.Damaged != "" && slices.Contains(targets, item.Target) {
			return nil, 0, fmt.Errorf("nobody can take the lease of target %q: %s; %s", item.Target, item.Damaged, lease.Remedy)
		}
		if item.Holder != "" && slices.Contains(targets, item.Target) {
			held, longest = append(held, item), max(longest, item.Duration)
		}
	}
	return held, longest, nil
}
