package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

var _ history.Cutter = (*Log)(nil)

// CutBefore implements [history.Cutter] for the holder of the target's lease. The record
// that tells of a cut is appended like any other, so that only a holder that nobody has
// followed can cut; what is deleted stands before a checkpoint that is in the log, so that
// it does not matter who deletes it, nor when. Whatever was left over by one that was
// killed goes first.
func (l *Log) CutBefore(ctx context.Context, before, now time.Time, archive history.Archive) ([]history.Cut, error) {
	if l.held == nil {
		return nil, errReader
	}
	if err := l.sweep(ctx); err != nil {
		return nil, err
	}
	cuts, err := history.Cutting{
		Log: l, Name: "sluice-history-" + url.PathEscape(l.db.table) + "-" + url.PathEscape(l.target), Archive: archive, Before: before, PartRecords: l.partRecords,
		Replace: func(ctx context.Context, p *history.Part) (history.Cut, error) { return l.replace(ctx, p, now) },
	}.Run(ctx)
	if len(cuts) > 0 {
		err = errors.Join(err, l.sweep(ctx))
	}
	return cuts, err
}

// replace puts the checkpoint of a part beside the log, and then the record that tells
// of it into the log: until that is there, nothing has changed. The ledger goes first, as
// its keys have no number of a record: appends need not wait for it.
func (l *Log) replace(ctx context.Context, p *history.Part, now time.Time) (history.Cut, error) {
	cp, _, err := p.Checkpoint(0, now)
	if err != nil {
		return history.Cut{}, err
	}
	for _, a := range l.states(&cp) {
		if err := l.db.place(ctx, a); err != nil {
			return history.Cut{}, err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil {
		return history.Cut{}, fmt.Errorf("%w: %w", history.ErrNotWritten, l.broken)
	}
	cp, told, err := p.Checkpoint(l.head.Seq+1, now)
	if err != nil {
		return history.Cut{}, err
	}
	header, err := l.header(cp, told)
	if err != nil {
		return history.Cut{}, err
	}
	if err := l.db.place(ctx, header); err != nil {
		return history.Cut{}, err
	}
	if _, err := l.append(ctx, told); err != nil {
		return history.Cut{}, fmt.Errorf("%w: %w", history.ErrNotWritten, err)
	}
	return *told.Cut, nil
}

// place puts an item whose key says what it holds.
func (db *DB) place(ctx context.Context, a attributes) error {
	_, err := harmless(ctx, db, "PutItem", db.api.PutItem, &sdk.PutItemInput{TableName: &db.table, Item: a})
	return err
}

// sweep deletes what stands before the newest checkpoint, the oldest first.
func (l *Log) sweep(ctx context.Context) error {
	cp, err := l.newest(ctx)
	if err == nil && cp != nil {
		err = l.sweepBefore(ctx, cp)
	}
	if err != nil {
		return fmt.Errorf("what was cut off may not all be deleted yet: %w", err)
	}
	return nil
}

func (l *Log) sweepBefore(ctx context.Context, cp *history.Checkpoint) error {
	log := logPartition + l.target
	first, err := l.db.first(ctx, question{partition: log, compare: "<=", sort: sortKey(cp.Seq + 1), backwards: true})
	if err != nil {
		return err
	}
	return errors.Join(
		l.db.deleteBefore(ctx, log, first.text(sk), beginsEpoch()),
		l.db.deleteBefore(ctx, cutPartition+l.target, sortKey(cp.Record), nil),
		l.db.deleteBefore(ctx, statePartition+l.target, sortKey(cp.Seq), nil),
	)
}

// beginsEpoch reports of items in their order whether each is the first of its epoch.
// Those stay for ever: they are what an older holder, however late it wakes up, finds in
// the place of its next record.
func beginsEpoch() func(attributes) bool {
	last := uint64(0)
	return func(a attributes) bool {
		epoch, err := a.number("epoch")
		begins := err != nil || epoch != last
		last = epoch
		return begins
	}
}

// deleteBefore deletes the items of a partition before a sort key, save those that are to
// be kept. It may be done twice, and by two at once.
func (db *DB) deleteBefore(ctx context.Context, partition, sort string, keep func(attributes) bool) error {
	for a, err := range db.ask(ctx, question{partition: partition, compare: "<", sort: sort, bare: true}) {
		if err != nil {
			return err
		}
		if keep != nil && keep(a) {
			continue
		}
		if _, err := harmless(ctx, db, "DeleteItem", db.api.DeleteItem, &sdk.DeleteItemInput{TableName: &db.table, Key: keys(partition, a.text(sk))}); err != nil {
			return err
		}
	}
	return nil
}
