package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/lease"
)

// recordGroup looks at the record, in its file or its table.
func (d *doctor) recordGroup() group {
	if d.cfg.History.DynamoDB != nil {
		return group{"history", whereRecord(d.cfg.History), d.table}
	}
	return group{"history", d.cfg.History.File, d.history}
}

// table looks at the table that replicas share: that it is there and can be read, that
// each target's chain is whole, and who holds it. Writing cannot be tried: what is
// written there stays, or is another's.
func (d *doctor) table(ctx context.Context) []render.Check {
	subject := whereRecord(d.cfg.History)
	db, err := openTable(ctx, *d.cfg.History.DynamoDB)
	if err != nil {
		return failed("history", subject, err.Error(), "make the table, or let what sluice is started with ask it: `sluice iam-policy` says what it needs")
	}
	items, err := db.Leases().Leases(ctx)
	if err != nil {
		return failed("history", subject, err.Error(), "check the network, and what IAM allows; `sluice iam-policy` says what it needs")
	}
	if len(items) == 0 {
		return passed("history", subject, "the table is there; nobody has held a target yet")
	}
	var found []render.Check
	for _, item := range items {
		name := subject + ", " + item.Target
		report, err := history.Verify(ctx, db.Log(item.Target))
		var corrupt *history.CorruptError
		switch {
		case errors.As(err, &corrupt):
			found = append(found, failed("history", name, err.Error(), "nothing is done for this target until its log is as it was written: restore the table to a point in time")...)
		case err != nil:
			found = append(found, failed("history", name, err.Error(), "check the network, and look again")...)
		case item.Damaged != "":
			found = append(found, failed("history", name, "nobody can take the target's lease: "+item.Damaged, lease.Remedy)...)
		default:
			holder := "held by nobody"
			if item.Holder != "" {
				holder = fmt.Sprintf("held by %q since epoch %d", item.Holder, item.Epoch)
			}
			found = append(found, passed("history", name, fmt.Sprintf("%d %s, the chain is whole; %s", report.Records, plural(int(report.Records), "record"), holder))...)
		}
	}
	return found
}
