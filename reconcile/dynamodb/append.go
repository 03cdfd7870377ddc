package dynamodb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/lease"
)

// ErrFenced means that another replica has written to the log: whoever gets it has lost
// the lease, and no append of its has an effect any more.
var ErrFenced = errors.New("another replica goes on with this target's record")

var errReader = errors.New("this history is open for reading only: its target's lease is another's")

const (
	takings  = 10 // tries to take a log whose last holder still writes
	attempts = 3  // of one write
	breath   = 100 * time.Millisecond
)

// Writer opens a target's log for the holder of its lease, and says in it that this
// replica goes on from here: after that no older holder can append. It is a
// [history.CorruptError] when the log ends before the last holder's end of it, and
// [ErrFenced] when a newer holder has it.
func (db *DB) Writer(ctx context.Context, target string, h *lease.Held) (*Log, error) {
	l := &Log{db: db, target: target, held: h}
	before := h.Before()
	for range takings {
		end, err := l.last(ctx)
		if err != nil {
			return nil, err
		}
		if end.epoch >= h.Epoch() {
			return nil, fmt.Errorf("%w: the log of %s is in epoch %d, and this lease is of epoch %d", ErrFenced, target, end.epoch, h.Epoch())
		}
		if err := l.reaches(ctx, end.last, history.Head{Seq: before.HeadSeq, Hash: before.HeadHash}); err != nil {
			return nil, err
		}
		l.head, l.broken = end.last, nil
		_, err = l.Append(ctx, history.Record{Kind: history.KindTaken, Time: db.now(), Target: target, Replica: h.Replica()})
		if err == nil {
			err = l.reallyTaken(ctx)
			if err == nil {
				return l, nil
			}
			return nil, err
		}
		if !errors.Is(err, ErrFenced) {
			return nil, err
		} // the last holder wrote once more just before
	}
	return nil, fmt.Errorf("the log of %s was written to %d times while it was being taken: its last holder does not stop", target, takings)
}

// reallyTaken is [ErrFenced] when the taking is not the end of the log: it may have been
// on its way until what stood in its place was cut off.
func (l *Log) reallyTaken(ctx context.Context) error {
	end, err := l.last(ctx)
	if err == nil && end.last != l.head {
		err = fmt.Errorf("%w: the log of %s is in epoch %d", ErrFenced, l.target, end.epoch)
	}
	return err
}

// Append implements [history.Store]. Each record gets the epoch of the lease. Records
// that are too large for one item are written as several, in order; with an error those
// that were written are returned. After [ErrFenced], and after an error that says that
// the effect is unknown, every later append fails too.
func (l *Log) Append(ctx context.Context, records ...history.Record) ([]history.Record, error) {
	if l.held == nil {
		return nil, errReader
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.append(ctx, records...)
}

// append is Append for who has locked.
func (l *Log) append(ctx context.Context, records ...history.Record) ([]history.Record, error) {
	switch {
	case l.broken != nil:
		return nil, l.broken
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	parts, err := cut(l.head, l.held.Epoch(), records)
	if err != nil {
		return nil, err
	}
	var written []history.Record
	for _, p := range parts {
		if err := l.put(ctx, p); err != nil {
			return written, err
		}
		l.head = p.last()
		l.held.Head(l.head.Seq, l.head.Hash)
		written = append(written, p.records...)
	}
	return written, nil
}

// put writes one item where none is. It tries again where that can do no harm: the
// same item under the same condition is written once, however often it is sent.
func (l *Log) put(ctx context.Context, p part) error {
	in := &sdk.PutItemInput{TableName: &l.db.table, Item: p.attributes(l.target), ConditionExpression: aws.String("attribute_not_exists(sk)")}
	doubt := error(nil)
	for n := 1; ; n++ {
		_, err := call(ctx, l.db, "PutItem", l.db.api.PutItem, in)
		switch {
		case err == nil:
			return nil
		case conditional(err):
			return l.settle(ctx, p, nil)
		case refused(err) && !throttled(err) && doubt == nil:
			return err
		case !refused(err):
			doubt = err
		}
		if n == attempts || ctx.Err() != nil {
			if doubt == nil {
				return err
			}
			return l.settle(ctx, p, doubt)
		}
		pause(ctx, time.Duration(n)*breath)
	}
}

// settle reads an item back that was sent, and may have been written. Doubt is why that
// is not known; nil when something stands in its place.
func (l *Log) settle(ctx context.Context, p part, doubt error) error {
	ctx = context.WithoutCancel(ctx) // whoever gave up has to know all the same
	out, err := call(ctx, l.db, "GetItem", l.db.api.GetItem, &sdk.GetItemInput{
		TableName: &l.db.table, Key: keys(logPartition+l.target, sortKey(p.seq())), ConsistentRead: aws.Bool(true),
	})
	switch {
	case err == nil && len(out.Item) > 0 && bytes.Equal(attributes(out.Item).bytes("records"), p.packed):
		return nil
	case err == nil && len(out.Item) > 0:
		l.broken = fmt.Errorf("%w: record %d of %s is not ours", ErrFenced, p.seq(), l.target)
	default: // not there: it may still be on its way
		l.broken = fmt.Errorf("history of %s: the effect of a failed write is unknown until the target is taken anew: %w", l.target, errors.Join(doubt, err))
	}
	return l.broken
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
