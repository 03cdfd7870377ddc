package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
	"github.com/seed-6ca89210/sluice/reconcile/strictyaml"
)

// mostEntries bounds what one call lists.
const mostEntries = 1000

func (a *app) scheduleCommand() *cobra.Command {
	var c common
	var next int
	var at string
	cmd := &cobra.Command{
		Use:   "schedule",
		Short: "Print what will run when: drift runs, windows, freezes, and the ends of suspends",
		Long: `Print what time will bring: when drift is looked for, when windows open and close,
and when freezes and suspends end, for which specs. Each line has the time in the
zone in which it was written, and in UTC. Nothing is asked of EC2.

A change is made when no freeze, suspend or deny window covers its spec and, where
allow windows select it, one of these is open; ` + "`sluice plan`" + ` says what waits for what.`,
		Example: `  sluice schedule --config sluice.yaml --next 10
  sluice schedule --config sluice.yaml --at 2026-12-24T00:00:00+01:00 -o json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.settings(cmd.Context(), a.getenv)
			if err != nil {
				return err
			}
			from := a.now()
			if at != "" {
				if from, err = strictyaml.Instant(at); err != nil {
					return fmt.Errorf("--at %w; write one such as 2026-12-24T00:00:00+01:00", err)
				}
			}
			if next < 1 || next > mostEntries {
				return fmt.Errorf("--next %d is not from 1 to %d", next, mostEntries)
			}
			return a.schedule(cmd.Context(), cfg, c.output, from.UTC(), next)
		},
	}
	c.whereSpecs(cmd)
	c.outputFlag(cmd, "text", "json")
	cmd.Flags().IntVar(&next, "next", 10, "how many entries, at most 1000")
	cmd.Flags().StringVar(&at, "at", "", "list what comes after this time (RFC 3339) instead of now")
	return cmd
}

func (a *app) schedule(ctx context.Context, cfg config.Config, format string, from time.Time, next int) error {
	src, err := a.open("specs", cfg.Specs, gitHost(cfg))
	if err != nil {
		return err
	}
	docs, unread := documents(ctx, src)
	if ctx.Err() != nil {
		return unread
	}
	list := render.Agenda{At: from, Spread: len(cfg.Calendar.Schedules) > 0}
	list.Next, list.Later = cfg.Calendar.Agenda(docs, from, next)
	if format == "json" {
		err = render.AgendaJSON(a.stdout, list)
	} else {
		err = render.New(a.stdout, a.getenv).Agenda(list)
	}
	if err == nil && unread != nil { // the calendar is there, but not all of it
		err = fmt.Errorf("the specs were not read, so what they suspend is left out, and how many are selected: %w", unread)
	}
	return err
}

// documents reads the good documents of the specs, and nothing else. Without an
// error the list is never nil.
func documents(ctx context.Context, src reconcile.Source) ([]spec.Document, error) {
	s, err := src.Snapshot(ctx, nil)
	if err != nil {
		return nil, err
	}
	docs := slices.Clone(reconcile.ReadSpecs(s).Specs.Documents)
	return append([]spec.Document{}, slices.DeleteFunc(docs, func(d spec.Document) bool { return len(d.Problems) > 0 })...), nil
}
