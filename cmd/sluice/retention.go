package main

import (
	"context"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// How often old records are looked for, and how soon again after a failure.
const (
	retainEvery = 24 * time.Hour
	retainAgain = time.Hour
)

// retain cuts off what is older than the configuration keeps, after it was
// exported, until ctx ends. A failure leaves the records where they are.
func (d *daemon) retain(ctx context.Context, p *parts) {
	record, inFile := d.ground.(*fileGround)
	if p.archive == nil || !inFile {
		d.show(&d.unsent, "")
		return
	}
	for {
		pause, problem := retainEvery, ""
		err := d.retainOnce(ctx, record.file, p)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			pause, problem = retainAgain, printable(err.Error())
			d.log.Error("old records were not exported, and stay where they are", "export", p.cfg.History.Export, "error", problem, "again", pause.String())
		}
		d.show(&d.unsent, problem)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

func (d *daemon) retainOnce(ctx context.Context, file *history.File, p *parts) error {
	now := d.now().UTC()
	cuts, err := file.CutBefore(ctx, now.Add(-p.cfg.History.Keep), now, p.archive)
	for _, c := range cuts {
		d.log.Info("old records were exported, verified and cut off", "from", c.From, "to", c.To, "exported", c.Exported)
	}
	return err
}
