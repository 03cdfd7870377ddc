package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// How often old records are looked for, how soon again after a failure, and how often
// whether this replica has got another target.
const (
	retainEvery = 24 * time.Hour
	retainAgain = time.Hour
	retainLook  = 5 * time.Second
)

// retain cuts off what is older than the configuration keeps, after it was
// exported, until ctx ends. A failure leaves the records where they are, or what was cut
// off to the next time.
func (d *daemon) retain(ctx context.Context, p *parts) {
	if p.archive == nil {
		d.show(&d.unsent, "")
		return
	}
	r := retainer{daemon: d, parts: p, due: map[string]time.Time{}, problems: map[string]error{}}
	for first := true; ; first = false {
		changed := r.turn(ctx)
		if ctx.Err() != nil {
			return
		}
		if changed || first {
			d.show(&d.unsent, r.problem())
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(retainLook):
		}
	}
}

// retainer knows, by log, when it is to be looked at again, and what is wrong with it. A
// log that it does not know is due.
type retainer struct {
	*daemon
	parts    *parts
	due      map[string]time.Time
	problems map[string]error
}

// turn cuts each log that is due, and reports whether any was looked at or has gone to
// another replica.
func (r *retainer) turn(ctx context.Context) (changed bool) {
	here := map[string]bool{}
	r.ground.logs(ctx, func(ctx context.Context, target string, log history.Cutter) {
		here[target] = true
		if time.Now().Before(r.due[target]) {
			return
		}
		changed = true
		err := r.cut(ctx, target, log)
		if ctx.Err() != nil {
			return // whoever has the log next goes on
		}
		r.due[target] = time.Now().Add(retainEvery)
		delete(r.problems, target)
		if err == nil {
			return
		}
		if target != "" {
			err = fmt.Errorf("target %s: %w", target, err)
		}
		r.problems[target], r.due[target] = err, time.Now().Add(retainAgain)
		r.log.Error("old records were not all exported and deleted; none is deleted that was not exported", "export", r.parts.cfg.History.Export, "error", printable(err.Error()), "again", retainAgain.String())
	})
	known := len(r.due)
	maps.DeleteFunc(r.due, func(target string, _ time.Time) bool { return !here[target] })
	maps.DeleteFunc(r.problems, func(target string, _ error) bool { return !here[target] })
	return changed || len(r.due) < known
}

func (r *retainer) cut(ctx context.Context, target string, log history.Cutter) error {
	now := r.now().UTC()
	cuts, err := log.CutBefore(ctx, now.Add(-r.parts.cfg.History.Keep), now, r.parts.archive)
	for _, c := range cuts {
		told := []any{"from", c.From, "to", c.To, "exported", c.Exported}
		if target != "" {
			told = append(told, "target", target)
		}
		r.log.Info("old records were exported, verified and cut off", told...)
	}
	return err
}

// problem is what is wrong with any log, in the order of their targets.
func (r *retainer) problem() string {
	var errs []error
	for _, target := range slices.Sorted(maps.Keys(r.problems)) {
		errs = append(errs, r.problems[target])
	}
	if err := errors.Join(errs...); err != nil {
		return printable(strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return ""
}
