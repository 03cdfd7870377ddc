package feed

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/web/view"
)

// Query says which entries of the record are wanted.
type Query struct {
	history.Filter
	Log    string     // of this log alone; empty: of all
	Before view.Place // nil: the newest
	Limit  int
}

// History returns a part of the record, the newest first: up to Limit that fit. A log
// that there is not is [ErrNoLog].
func (f *Feed) History(ctx context.Context, q Query) (view.Records, error) {
	if q.Log != "" {
		if _, err := f.one(q.Log); err != nil {
			return view.Records{}, err
		}
	}
	return f.fresh(ctx, q, f.most.list)
}

// Recent returns the newest records about a resource of a target, as far as they are
// near the end.
func (f *Feed) Recent(ctx context.Context, target, id string, limit int) (view.Records, error) {
	q := Query{Filter: history.Filter{Resource: id}, Limit: limit}
	if f.shared() {
		q.Log = target
	}
	return f.fresh(ctx, q, f.most.last)
}

func (f *Feed) read(ctx context.Context, q Query, look int) (view.Records, error) {
	ctx, end, err := f.begin(ctx)
	if err != nil {
		return view.Records{}, err
	}
	defer end()
	marks := map[string]*mark{}
	var strands []history.Strand
	for _, log := range f.logs(q.Log) {
		before, has := q.Before[log.Name]
		if q.Before != nil && !has {
			continue
		}
		m := &mark{at: before}
		marks[log.Name] = m
		strands = append(strands, history.Strand{Log: log.Name, Records: m.follow(log.Before(ctx, before))})
	}
	out, more, err := view.Pick(history.Merge(strands, true), q.Filter, q.Limit, look)
	if more {
		out.Before = view.Place{}
		for log, m := range marks {
			if !m.ended {
				out.Before[log] = m.at
			}
		}
	}
	return out, why(ctx, err)
}

// mark is how far a log was read backwards: what is before at was not taken yet.
type mark struct {
	at    uint64
	ended bool
}

// follow notes what is asked for: when it is, what came before it was taken.
func (m *mark) follow(newest history.Records) history.Records {
	return func(yield func(history.Record, error) bool) {
		last := m.at
		for r, err := range newest {
			if err != nil {
				m.at = last
				yield(r, err)
				return
			}
			m.at, last = r.Seq+1, r.Seq
			if !yield(r, nil) {
				return
			}
		}
		m.ended = true
	}
}

// How long an answer with the newest entries is given again, and how many are kept.
const (
	freshFor  = 2 * time.Second
	freshMost = 32
)

// answer is one that was given lately.
type answer struct {
	at  time.Time
	out view.Records
	err error
}

// fresh reads, or answers as a moment ago: open pages ask for the newest entries again
// with every change.
func (f *Feed) fresh(ctx context.Context, q Query, look int) (view.Records, error) {
	if !f.shared() || q.Before != nil {
		return f.read(ctx, q, look)
	}
	key, now := fmt.Sprintf("%#v %d", q, look), f.cfg.Now()
	f.mu.Lock()
	last, known := f.answers[key]
	f.mu.Unlock()
	if known && now.Sub(last.at).Abs() < freshFor {
		return last.out, last.err
	}
	out, err := f.read(ctx, q, look)
	if ctx.Err() != nil { // whoever asked went away
		return out, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.answers) >= freshMost {
		clear(f.answers)
	}
	f.answers[key] = answer{f.cfg.Now(), out, err}
	return out, err
}
