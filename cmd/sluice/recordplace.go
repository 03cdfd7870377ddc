package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// recordOf is where the flags say that the record is: a file, or a table.
func (c *common) recordOf(ctx context.Context, getenv func(string) string) (config.History, error) {
	switch {
	case c.history != "":
		return config.History{File: c.history}, nil
	case c.config != "":
		cfg, err := c.settings(ctx, getenv)
		return cfg.History, err
	}
	return config.History{File: defaultHistory(getenv)}, nil
}

// readRecord returns all records that are there: one log of a file, or each target's of a
// table. With a [*history.CorruptError] they are those before what is wrong.
func readRecord(ctx context.Context, h config.History) ([]kept, error) {
	if h.DynamoDB == nil {
		k, err := readHistory(ctx, h.File)
		return []kept{k}, err
	}
	logs, err := openLogs(ctx, *h.DynamoDB)
	if err != nil {
		return nil, err
	}
	var all []kept
	var errs []error
	for _, l := range logs {
		k, err := readLog(ctx, l)
		if corrupt := (*history.CorruptError)(nil); errors.As(err, &corrupt) {
			corrupt.Path = fmt.Sprintf("of %s in DynamoDB table %s", l.target, h.DynamoDB.Table)
		} else if err != nil {
			return nil, err
		}
		k.target = l.target
		all, errs = append(all, k), append(errs, err)
	}
	return all, errors.Join(errs...)
}

// tableLog is the log of one target in a table.
type tableLog struct {
	history.Store
	target string
}

// openLogs opens the logs of a table for reading, by the names of their targets.
func openLogs(ctx context.Context, t config.DynamoDB) ([]tableLog, error) {
	db, err := openTable(ctx, t)
	if err != nil {
		return nil, err
	}
	targets, err := db.Targets(ctx)
	if err != nil {
		return nil, err
	}
	if len(targets) == 0 {
		return nil, fmt.Errorf("%w in DynamoDB table %s", history.ErrNoHistory, t.Table)
	}
	slices.Sort(targets)
	var logs []tableLog
	for _, target := range targets {
		logs = append(logs, tableLog{db.Log(target), target})
	}
	return logs, nil
}

// merged is the records of several logs by their time.
func merged(logs []kept) []history.Entry {
	var strands []history.Strand
	for _, l := range logs {
		strands = append(strands, history.Strand{Log: l.target, Records: each(l.records)})
	}
	var list []history.Entry
	for e := range history.Merge(strands, false) { // these cannot fail: they were read
		list = append(list, e)
	}
	return list
}

// each yields records that were read.
func each(records []history.Record) history.Records {
	return func(yield func(history.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// targetLedger reads what the record says of a target, for commands that only look; of
// all targets where there is one record for them.
func (a *app) targetLedger(ctx context.Context, h config.History, target string) *history.Ledger {
	if h.DynamoDB == nil {
		return a.ledger(ctx, h.File)
	}
	return a.ledgers(ctx, *h.DynamoDB, target)[target]
}

// ledgers reads what a table says of targets. Of one whose log cannot be read nothing is
// known then, and it says so.
func (a *app) ledgers(ctx context.Context, t config.DynamoDB, targets ...string) map[string]*history.Ledger {
	all := map[string]*history.Ledger{}
	for _, target := range targets {
		all[target] = history.NewLedger()
	}
	db, err := openTable(ctx, t)
	if err != nil {
		a.withoutRecord(err)
		return all
	}
	for _, target := range targets {
		l := history.NewLedger()
		if err := history.Fold(ctx, db.Log(target), l); err != nil {
			a.withoutRecord(err)
			continue
		}
		all[target] = l
	}
	return all
}

// planTarget is the target that a plan is for: with a record in a table each has its
// own, and else there is one for all, which "" says.
func planTarget(cfg config.Config, given string) (string, error) {
	names := slices.Sorted(maps.Keys(cfg.Targets))
	switch {
	case cfg.History.DynamoDB == nil && given != "":
		return "", errors.New("--target is for a record in history.dynamodb: with one in a file there is one plan for all targets")
	case cfg.History.DynamoDB == nil:
		return "", nil
	case given == "" && len(names) > 1:
		return "", fmt.Errorf("with history.dynamodb each target has a plan of its own, since replicas share them: name one with --target: %s", strings.Join(names, ", "))
	}
	target := cmp.Or(given, names[0])
	if _, known := cfg.Targets[target]; !known {
		return "", fmt.Errorf("--target: there is no target %q; known targets: %s", target, strings.Join(names, ", "))
	}
	return target, nil
}
