package feed

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/web/view"
)

// slice is a log of records in memory, each a second after the one before.
type slice struct {
	n     uint64
	start time.Time
	fails error         // every question
	slow  time.Duration // an answer
	asked atomic.Int64  // records and questions
}

func (s *slice) record(seq uint64) history.Record {
	addr := netip.AddrFrom4([4]byte{10, 0, 0, byte(seq % 4)})
	return history.Record{Seq: seq, Kind: history.KindIntent, Verb: "assign", Time: s.start.Add(time.Duration(seq) * time.Second), ResourceID: "nat-1", Addresses: []netip.Addr{addr}}
}

func (s *slice) yields(ctx context.Context, from, to uint64, step int, yield func(history.Record, error) bool) {
	select {
	case <-time.After(s.slow):
	case <-ctx.Done():
		yield(history.Record{}, fmt.Errorf("no answer: %w", ctx.Err()))
		return
	}
	s.asked.Add(1)
	if s.fails != nil {
		yield(history.Record{}, s.fails)
		return
	}
	for seq := from; seq != to; seq += uint64(step) {
		s.asked.Add(1)
		if !yield(s.record(seq), nil) {
			return
		}
	}
}

func (s *slice) Checkpoint(ctx context.Context) (*history.Checkpoint, error) {
	select {
	case <-time.After(s.slow):
		return nil, s.fails
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *slice) Head(context.Context) (history.Head, error) { return history.Head{Seq: s.n}, s.fails }

func (s *slice) Records(ctx context.Context, from uint64) history.Records {
	return func(yield func(history.Record, error) bool) { s.yields(ctx, max(from, 1), s.n+1, 1, yield) }
}

func (s *slice) Before(ctx context.Context, before uint64) history.Records {
	if before == 0 {
		before = s.n + 1
	}
	return func(yield func(history.Record, error) bool) { s.yields(ctx, before-1, 0, -1, yield) }
}

// table is a feed on logs, of which the first is a's, and a clock that it goes by.
func table(logs ...*slice) (*Feed, *time.Time) {
	clock := now
	return New(Config{Now: func() time.Time { return clock }, Logs: func() []Log {
		var list []Log
		for i, l := range logs {
			list = append(list, Log{string(rune('a' + i)), l})
		}
		return list
	}}), &clock
}

func TestPagesOfSeveralLogsHaveEveryRecordOnceWhateverIsWrittenMeanwhile(t *testing.T) {
	logs := []*slice{{n: 70, start: now}, {n: 0, start: now}, {n: 5, start: now.Add(-time.Hour)}, {n: 90, start: now.Add(20 * time.Second)}}
	f, _ := table(logs...)
	seen, last := map[string]bool{}, time.Time{}
	q := Query{Limit: 20}
	for page := 0; ; page++ {
		got, err := f.History(t.Context(), q)
		if err != nil || page > 20 {
			t.Fatalf("page %d: %v", page, err)
		}
		for _, e := range got.Entries {
			key := fmt.Sprint(e.Log, e.Seq)
			if seen[key] || !last.IsZero() && e.Time.After(last) {
				t.Fatalf("page %d: %s again, or after an older one", page, key)
			}
			seen[key], last = true, e.Time
		}
		if got.Before == nil {
			break
		}
		for _, l := range logs {
			l.n += 3 // newer than the first page
		}
		if q.Before, err = view.ParsePlace(got.Before.String()); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 70+5+90 {
		t.Errorf("%d records of 165", len(seen))
	}
}

func TestOneTargetsPageAsksItsLogAlone(t *testing.T) {
	a, b := &slice{n: 100, start: now}, &slice{n: 100, start: now}
	f, _ := table(a, b)
	got, err := f.History(t.Context(), Query{Log: "b", Limit: 10})
	if err != nil || len(got.Entries) != 10 || got.Before.String() != "b:91" || a.asked.Load() != 0 {
		t.Errorf("%+v (%v), %d questions to a", got, err, a.asked.Load())
	}
	if got, err = f.Recent(t.Context(), "b", "nat-1", 5); err != nil || len(got.Entries) != 5 || a.asked.Load() != 0 {
		t.Errorf("of a resource: %+v (%v), %d questions to a", got, err, a.asked.Load())
	}
}

func TestARequestReadsABoundedPartOfAllLogsTogether(t *testing.T) {
	logs := []*slice{{n: 1_000_000, start: now}, {n: 1_000_000, start: now}, {n: 40, start: now}}
	f, _ := table(logs...)
	asked := func() (n int64) {
		for _, l := range logs {
			n += l.asked.Swap(0)
		}
		return n
	}
	got, err := f.History(t.Context(), Query{Filter: history.Filter{Resource: "nat-9"}, Limit: 50})
	if n := asked(); err != nil || n > int64(ofLogs.list+2*len(logs)) || got.Looked != ofLogs.list || got.Before == nil {
		t.Errorf("a list asked %d times and looked at %d (%v)", n, got.Looked, err)
	}
	if _, err = f.Recent(t.Context(), "a", "nat-9", 12); err != nil || asked() > int64(ofLogs.last+2) {
		t.Error("a resource's page", err)
	}
	story, err := f.Explain(t.Context(), netip.MustParseAddr("10.0.0.1"))
	if n := asked(); err != nil || n > int64(ofLogs.story+2*len(logs)) || len(story.Events) == 0 {
		t.Errorf("a story asked %d times: %d events (%v)", n, len(story.Events), err)
	}
	if len(story.Logs) != 3 || story.Logs[0].From != 1_000_000-uint64(ofLogs.story-40)/2+1 || story.Logs[2].From != 1 {
		t.Errorf("%+v", story.Logs)
	}
}

func TestALogThatIsDamagedHidesNoOther(t *testing.T) {
	damage := &history.CorruptError{Path: "of b", Seq: 7, Reason: "its hash does not fit"}
	f, _ := table(&slice{n: 30, start: now}, &slice{n: 30, start: now, fails: damage})
	got, err := f.History(t.Context(), Query{Limit: 10})
	if !errors.Is(err, damage) || len(got.Entries) != 10 || got.Before.String() != "a:21,b:0" {
		t.Errorf("%+v (%v)", got, err)
	}
	story, err := f.Explain(t.Context(), netip.MustParseAddr("10.0.0.1"))
	if err != nil || len(story.Events) == 0 || story.Logs[0].Unread != "" || !strings.Contains(story.Logs[1].Unread, "its hash does not fit") {
		t.Errorf("%+v (%v)", story, err)
	}
}

func TestATableThatIsAwayIsSaidAndAskedNoMoreThanItMustBe(t *testing.T) {
	away := errors.New(`DynamoDB table "sluice": no answer to Query`)
	log := &slice{n: 30, start: now, fails: away}
	f, clock := table(log)
	for range 10 {
		if got, err := f.History(t.Context(), Query{Limit: 10}); !errors.Is(err, away) || got.Before != nil {
			t.Fatalf("%+v (%v)", got, err)
		}
	}
	if _, err := f.Explain(t.Context(), netip.MustParseAddr("10.0.0.1")); !errors.Is(err, away) {
		t.Error(err)
	}
	if n := log.asked.Load(); n != 1 {
		t.Errorf("ten views of one page asked %d times", n)
	}
	log.fails = nil
	*clock = clock.Add(freshFor)
	if got, err := f.History(t.Context(), Query{Limit: 10}); err != nil || len(got.Entries) != 10 {
		t.Errorf("when it is back: %+v (%v)", got, err)
	}
}

func TestARequestEndsWhenTheTableIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _ := table(&slice{n: 30, start: now, slow: time.Hour})
		began := time.Now()
		_, err := f.History(t.Context(), Query{Limit: 10})
		if took := time.Since(began); took != readFor || !errors.Is(err, errSlow) {
			t.Errorf("after %s: %v", took, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := f.History(ctx, Query{Limit: 11}); errors.Is(err, errSlow) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("whoever went away is told %v", err)
		}
	})
}

func TestNoMoreThanAFewRequestsReadAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &slice{n: 30, start: now, slow: 2 * time.Second}
		f, _ := table(log)
		began := time.Now()
		ended := make(chan error)
		for i := range 3 * readers {
			go func() {
				_, err := f.History(t.Context(), Query{Limit: 1 + i})
				ended <- err
			}()
		}
		for range 3 * readers {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(began); took != 6*time.Second {
			t.Errorf("they took %s", took)
		}
	})
}

func TestWhatIsOneLogsIsAskedOfANamedOne(t *testing.T) {
	f, _ := table(&slice{n: 3, start: now}, &slice{n: 4, start: now})
	if _, err := f.Stream(t.Context(), "", 1); !errors.Is(err, ErrWhichLog) {
		t.Error(err)
	}
	if _, err := f.Checkpoint(t.Context(), "nobody's"); !errors.Is(err, ErrNoLog) {
		t.Error(err)
	}
	if got, err := f.History(t.Context(), Query{Log: "nobody's", Limit: 3}); !errors.Is(err, ErrNoLog) {
		t.Errorf("%+v (%v)", got, err)
	}
	if got, err := f.Recent(t.Context(), "has none yet", "nat-1", 3); err != nil || len(got.Entries) != 0 {
		t.Errorf("of a target that nobody took yet: %+v (%v)", got, err)
	}
	stream, err := f.Stream(t.Context(), "b", 2)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.End()
	n := 0
	for _, err := range stream.Records {
		if n++; err != nil {
			t.Error(err)
		}
	}
	if n != 3 || strings.Join(f.Logs(), " ") != "a b" || !f.Chain().Apart {
		t.Errorf("%d records of %v, %+v", n, f.Logs(), f.Chain())
	}
	f.Run(t.Context()) // whoever takes a target walks its chain: this ends at once
}

// cutting is a log whose first five records are cut off right after it was asked for its
// checkpoint.
type cutting struct {
	*slice
	looked int
}

func (c *cutting) Checkpoint(context.Context) (*history.Checkpoint, error) {
	c.looked++
	if c.looked == 1 {
		return nil, nil
	}
	return &history.Checkpoint{Head: history.Head{Seq: 5}}, nil
}

func (c *cutting) Records(ctx context.Context, from uint64) history.Records {
	return c.slice.Records(ctx, max(from, 6))
}

func TestAStorySaysFromWhereItIsToldWhenItsLogIsCutMeanwhile(t *testing.T) {
	story, err := tell(t.Context(), Log{"a", &cutting{slice: &slice{n: 9}}}, netip.MustParseAddr("10.0.0.1"), 1)
	if err != nil || story.From != 6 {
		t.Errorf("from %d, %v", story.From, err)
	}
}
