package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/lease"
)

// Log is one target's log: a [history.Store], for reading only unless [DB.Writer] made
// it. It is safe for concurrent use.
type Log struct {
	db     *DB
	target string
	held   *lease.Held // nil: for reading only

	partRecords uint64 // see CutBefore; tests have smaller ones

	mu     sync.Mutex // guards what follows, and makes appends one by one
	head   history.Head
	broken error // no further append
}

var _ history.Store = (*Log)(nil)

// Log returns a target's log for reading. A target that has none has an empty one.
func (db *DB) Log(target string) *Log { return &Log{db: db, target: target} }

// Close implements [history.Store]. There is nothing to be closed: the lease ends what a
// writer may do.
func (l *Log) Close() error { return nil }

// Head implements [history.Store]. Where the lease names an end that the log does not
// reach, that is the head: the log was cut.
func (l *Log) Head(ctx context.Context) (history.Head, error) {
	if l.held != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.head, ctx.Err()
	}
	named, err := l.named(ctx) // before the log is read, which only grows
	if err != nil {
		return history.Head{}, err
	}
	last, err := l.last(ctx)
	if err != nil {
		return history.Head{}, err
	}
	err = l.reaches(ctx, last.last, named)
	if corrupt := (*history.CorruptError)(nil); errors.As(err, &corrupt) && last.last.Seq < named.Seq {
		return named, nil // whoever walks the log finds what is missing
	}
	return last.last, err
}

// named is the end of the log as the lease has it.
func (l *Log) named(ctx context.Context) (history.Head, error) {
	item, err := l.db.lease(ctx, l.target)
	return history.Head{Seq: item.HeadSeq, Hash: item.HeadHash}, err
}

// end is the end of a log, and the epoch of what stands there.
type end struct {
	last  history.Head
	epoch uint64
}

// last reads the last item.
func (l *Log) last(ctx context.Context) (end, error) {
	p, err := l.part(ctx, question{partition: logPartition + l.target, backwards: true})
	if err != nil || p == nil {
		return end{}, err
	}
	return end{p.last(), p.epoch}, nil
}

// reaches is a [history.CorruptError] when the log, which ends at last, does not have
// the record that the lease names, or another in its place.
func (l *Log) reaches(ctx context.Context, last, named history.Head) error {
	if named.Seq == 0 || last == named {
		return nil
	}
	if last.Seq < named.Seq {
		return l.corrupt(last.Seq+1, fmt.Sprintf("it is missing: the log ends before record %d, which the lease names as its end", named.Seq))
	}
	p, err := l.part(ctx, question{partition: logPartition + l.target, compare: "<=", sort: sortKey(named.Seq), backwards: true})
	if err != nil {
		return err
	}
	if p == nil || p.last().Seq < named.Seq {
		return l.wasCutOff(ctx, named)
	}
	if p.records[named.Seq-p.seq()].Hash != named.Hash {
		return l.corrupt(named.Seq, "its hash is not the one that the lease holds")
	}
	return nil
}

// wasCutOff is a [history.CorruptError] unless the record that the lease names, which is
// not there, is behind a checkpoint.
func (l *Log) wasCutOff(ctx context.Context, named history.Head) error {
	cp, err := l.newest(ctx)
	switch {
	case err != nil:
		return err
	case cp == nil || cp.Seq < named.Seq:
		return l.corrupt(named.Seq, "it is missing, and the lease names it")
	case cp.Seq == named.Seq && cp.Hash != named.Hash:
		return l.corrupt(named.Seq, "its hash is not the one that the lease holds")
	}
	return nil
}

// part reads the first item that answers a question; nil when there is none.
func (l *Log) part(ctx context.Context, q question) (*part, error) {
	a, err := l.db.first(ctx, q)
	if err != nil || a == nil {
		return nil, err
	}
	p, seq, err := partOf(a)
	if err != nil {
		return nil, l.corrupt(seq, err.Error())
	}
	return &p, nil
}

func (l *Log) corrupt(seq uint64, reason string) error {
	return &history.CorruptError{Path: fmt.Sprintf("of %s in DynamoDB table %s", l.target, l.db.table), Seq: seq, Reason: reason}
}
