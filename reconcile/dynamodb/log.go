package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
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

	mu     sync.Mutex // guards what follows, and makes appends one by one
	head   history.Head
	broken error // no further append
}

var _ history.Store = (*Log)(nil)

// Log returns a target's log for reading. A target that has none has an empty one.
func (db *DB) Log(target string) *Log { return &Log{db: db, target: target} }

// Checkpoint implements [history.Log]. Nothing is ever cut off here.
func (l *Log) Checkpoint(ctx context.Context) (*history.Checkpoint, error) { return nil, ctx.Err() }

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
	items, err := l.db.Leases().Leases(ctx)
	for _, item := range items {
		if item.Target == l.target {
			return history.Head{Seq: item.HeadSeq, Hash: item.HeadHash}, nil
		}
	}
	return history.Head{}, err
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
		return l.corrupt(named.Seq, "it is missing, and the lease names it")
	}
	if p.records[named.Seq-p.seq()].Hash != named.Hash {
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

// Records implements [history.Log].
func (l *Log) Records(ctx context.Context, from uint64) history.Records {
	return func(yield func(history.Record, error) bool) {
		q := question{partition: logPartition + l.target, compare: ">=", sort: sortKey(from)}
		if from > 1 { // it may be in the middle of an item
			a, err := l.db.first(ctx, question{partition: q.partition, compare: "<=", sort: q.sort, backwards: true})
			if err != nil {
				yield(history.Record{}, err)
				return
			}
			if a != nil {
				q.sort = a.text(sk)
			}
		}
		l.each(ctx, q, func(r history.Record) bool { return r.Seq >= from }, yield)
	}
}

// firstStep is how many items the first answer to Before has at most.
const firstStep = 16

// Before yields the records before a number, the newest first; 0 begins at the last one.
// It reads little more than the caller takes: a question is paid for by what it finds, so
// the first one asks for few items. After an error it yields nothing more.
func (l *Log) Before(ctx context.Context, before uint64) history.Records {
	if before == 0 {
		before = math.MaxUint64
	}
	return func(yield func(history.Record, error) bool) {
		q := question{partition: logPartition + l.target, compare: "<", sort: sortKey(before), backwards: true, step: firstStep}
		l.each(ctx, q, func(r history.Record) bool { return r.Seq < before }, yield)
	}
}

// each yields the wanted records of the items that answer a question.
func (l *Log) each(ctx context.Context, q question, want func(history.Record) bool, yield func(history.Record, error) bool) {
	for a, err := range l.db.ask(ctx, q) {
		if err != nil {
			yield(history.Record{}, err)
			return
		}
		p, seq, err := partOf(a)
		if err != nil {
			yield(history.Record{}, l.corrupt(seq, err.Error()))
			return
		}
		if q.backwards {
			slices.Reverse(p.records)
		}
		for _, r := range p.records {
			if want(r) && !yield(r, nil) {
				return
			}
		}
	}
}
