package feed

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAWholeLogThatOthersShareIsReadForAWhileAndThenGoneOnWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _ := table(&slice{n: 150, start: now})
		from, parts, got := uint64(1), 0, uint64(0)
		for more := true; more; parts++ {
			stream, err := f.Stream(t.Context(), "a", from)
			if err != nil {
				t.Fatal(err)
			}
			began, last := time.Now(), error(nil)
			if !stream.Until.Equal(began.Add(streamFor)) {
				t.Errorf("it ends at %s", stream.Until)
			}
			for r, err := range stream.Records {
				if last = err; err != nil {
					continue
				}
				if got++; r.Seq != got {
					t.Fatalf("record %d instead of %d", r.Seq, got)
				}
				time.Sleep(time.Second + time.Millisecond) // whoever takes it is slow
			}
			stream.End()
			if more = last != nil; more && (time.Since(began) > streamFor+time.Second || got != 120 || !strings.HasSuffix(last.Error(), "go on with from=121")) {
				t.Fatalf("after %s and %d records: %v", time.Since(began), got, last)
			}
			from = got + 1
		}
		if got != 150 || parts != 2 {
			t.Errorf("%d records of 150 in %d parts", got, parts)
		}
	})
}

func TestAStreamFromATableThatHangsSaysWhereToGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _ := table(&slice{n: 30, start: now, slow: time.Hour})
		stream, err := f.Stream(t.Context(), "a", 7)
		if err != nil {
			t.Fatal(err)
		}
		defer stream.End()
		began := time.Now()
		for _, err = range stream.Records {
		}
		if took := time.Since(began); took != streamFor || !errors.Is(err, errLong) || !strings.HasSuffix(err.Error(), "from=7") {
			t.Errorf("after %s: %v", took, err)
		}
		began = time.Now()
		if _, err = f.Checkpoint(t.Context(), "a"); time.Since(began) != readFor || !errors.Is(err, errSlow) {
			t.Errorf("a checkpoint after %s: %v", time.Since(began), err)
		}
	})
}

func TestAFewWholeLogsThatOthersShareAreReadAtOnce(t *testing.T) {
	f, _ := table(&slice{n: 3, start: now})
	for range 2 { // a place that was left is free again
		var held []Stream
		for range streams {
			stream, err := f.Stream(t.Context(), "a", 1)
			if err != nil {
				t.Fatal(err)
			}
			held = append(held, stream)
		}
		if _, err := f.Stream(t.Context(), "a", 1); !errors.Is(err, ErrBusy) {
			t.Errorf("one too many: %v", err)
		}
		if _, err := f.History(t.Context(), Query{Limit: 2}); err != nil {
			t.Errorf("a list waits for streams: %v", err)
		}
		for _, s := range held {
			s.End()
		}
	}
}

func TestAFileIsStreamedToAsManyAsAskAndToItsEnd(t *testing.T) {
	f := New(Config{Record: &endless{n: 5}, Now: func() time.Time { return now }})
	for range 4 * streams {
		if s, err := f.Stream(t.Context(), "", 1); err != nil || !s.Until.IsZero() {
			t.Fatalf("until %s (%v)", s.Until, err)
		}
	}
}
