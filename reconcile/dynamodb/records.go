package dynamodb

import (
	"context"
	"math"
	"slices"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// Records implements [history.Log]. Where the log is cut while it is read, it ends with a
// [history.CutError].
func (l *Log) Records(ctx context.Context, from uint64) history.Records {
	return func(yield func(history.Record, error) bool) {
		cp, err := l.newest(ctx)
		if err == nil && cp != nil && from > 1 && from <= cp.Seq {
			err = &history.CutError{Seq: from, Checkpoint: *cp}
		}
		if err != nil {
			yield(history.Record{}, err)
			return
		}
		next := max(from, 1)
		if cp != nil {
			next = max(next, cp.Seq+1)
		}
		first := next
		q := question{partition: logPartition + l.target, compare: ">=", sort: sortKey(first)}
		if first > 1 { // it may be in the middle of an item
			a, err := l.db.first(ctx, question{partition: q.partition, compare: "<=", sort: q.sort, backwards: true})
			if err != nil {
				yield(history.Record{}, err)
				return
			}
			if a != nil {
				q.sort = a.text(sk)
			}
		}
		l.each(ctx, q, func(r history.Record) bool { return r.Seq >= first }, func(r history.Record, err error) bool {
			if err == nil && r.Seq > next {
				err = l.cutError(ctx, next)
			}
			next = r.Seq + 1
			return yield(r, err) && err == nil
		})
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
		cp, err := l.newest(ctx)
		if err != nil {
			yield(history.Record{}, err)
			return
		}
		first := uint64(1)
		if cp != nil {
			first = cp.Seq + 1
		}
		next := uint64(0) // 0: whatever comes
		q := question{partition: logPartition + l.target, compare: "<", sort: sortKey(before), backwards: true, step: firstStep}
		l.each(ctx, q, func(r history.Record) bool { return r.Seq < before }, func(r history.Record, err error) bool {
			if err == nil && r.Seq < first {
				return false
			}
			if err == nil && next > 0 && r.Seq < next {
				if err = l.cutError(ctx, next); err != nil && isCut(err) {
					return false // the log begins with the record before now
				}
			}
			next = r.Seq - 1
			return yield(r, err) && err == nil
		})
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
