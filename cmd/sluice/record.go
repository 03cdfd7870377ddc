package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// openHistory opens the record for writing and fills the ledger from it. holder says
// who has it, and where others may ask meanwhile.
func openHistory(ctx context.Context, path string, holder history.Holder, ledger *history.Ledger) (*history.File, error) {
	holder.PID, holder.Since = os.Getpid(), time.Now().UTC()
	store, err := history.Open(path, holder)
	if err != nil {
		return nil, err
	}
	if err := history.Fold(ctx, store, ledger); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

// openLog opens the record for reading: the file, or the API of the daemon that
// holds it. The caller calls end soon: a reader must not keep a writer out.
func openLog(ctx context.Context, path string) (log history.Log, end func() error, err error) {
	file, err := history.OpenReadOnly(path)
	var held *history.HeldError
	if errors.As(err, &held) && held.Holder.API != "" {
		return remoteLog{held.Holder}, func() error { return nil }, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return file, file.Close, nil
}

// ledger reads what the record says, for commands that only look. Without a
// record, or while one cannot be read, they go by EC2 alone and say so.
func (a *app) ledger(ctx context.Context, path string) *history.Ledger {
	l := history.NewLedger()
	log, end, err := openLog(ctx, path)
	if err == nil {
		err = errors.Join(history.Fold(ctx, log, l), end())
	}
	if err != nil && !errors.Is(err, history.ErrNoHistory) {
		a.withoutRecord(err)
		return history.NewLedger()
	}
	return l
}

func (a *app) withoutRecord(why error) {
	fmt.Fprintf(a.stderr, "sluice: going on without the record: %s\n", printable(why.Error()))
}

// kept is the record as far as it is still there.
type kept struct {
	target  string // of a table's log; empty: of all targets
	records []history.Record
	cut     *history.Checkpoint // what stands before them; nil when all are there
}

// readHistory returns all records that are there. The file is closed again before
// anything is done with them: a reader may print through a pager.
func readHistory(ctx context.Context, path string) (kept, error) {
	log, end, err := openLog(ctx, path)
	if err != nil {
		return kept{}, err
	}
	k, err := readLog(ctx, log)
	return k, errors.Join(err, end())
}

func readLog(ctx context.Context, log history.Log) (k kept, err error) {
	err = history.FromBeginning(ctx, log, func(cp *history.Checkpoint) (err error) {
		k.cut = cp
		k.records, err = collect(history.Behind(ctx, log, cp, 1))
		return err
	})
	return k, err
}

func collect(records history.Records) ([]history.Record, error) {
	var list []history.Record
	for r, err := range records {
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}
