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
		return nil, damaged(path, err)
	}
	if err := history.Fold(ctx, store, ledger); err != nil {
		return nil, errors.Join(damaged(path, err), store.Close())
	}
	return store, nil
}

// damaged says of a record whose chain is not whole where it is, and what to do.
func damaged(path string, err error) error {
	corrupt := (*history.CorruptError)(nil)
	if !errors.As(err, &corrupt) || corrupt.Seq == 0 { // of a file as a whole it says what it is
		return err
	}
	where := *corrupt
	where.Path = path
	return fmt.Errorf("%w; nothing is done on such a record: keep the file for whoever looks into it and restore a copy in its place, or begin a new record in another file (--history, history.file)", &where)
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

// readHistory returns all records that are there; with a [*history.CorruptError] those before
// the one that is wrong. The file is closed again before
// anything is done with them: a reader may print through a pager.
func readHistory(ctx context.Context, path string) (kept, error) {
	log, end, err := openLog(ctx, path)
	if err != nil {
		return kept{}, err
	}
	k, err := readLog(ctx, log)
	if corrupt := (*history.CorruptError)(nil); errors.As(err, &corrupt) {
		corrupt.Path = path
	}
	return k, errors.Join(err, end())
}

func readLog(ctx context.Context, log history.Log) (k kept, err error) {
	err = history.FromBeginning(ctx, log, func(cp *history.Checkpoint) (err error) {
		k.cut = cp
		k.records, err = collect(history.Whole(ctx, log, cp))
		return err
	})
	return k, err
}

// collect returns the records before an error with it.
func collect(records history.Records) ([]history.Record, error) {
	var list []history.Record
	for r, err := range records {
		if err != nil {
			return list, err
		}
		list = append(list, r)
	}
	return list, nil
}
