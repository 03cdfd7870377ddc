package history

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"testing"
)

// filled is a log of n records.
func filled(t *testing.T, n int) *File {
	t.Helper()
	f, err := Open(filepath.Join(t.TempDir(), "h.db"), Holder{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	for done := 0; done < n; {
		var list []Record
		for range min(n-done, 500) {
			done++
			list = append(list, Record{Time: start, Kind: KindCommit, Commit: fmt.Sprint(done)})
		}
		if _, err := f.Append(t.Context(), list...); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func TestRecordsAreReadBackwardsFromAnywhere(t *testing.T) {
	for _, tt := range []struct {
		records int
		before  uint64
		first   uint64 // 0: none
	}{
		{0, 0, 0}, {0, 7, 0}, {3, 0, 3}, {3, 1, 0}, {3, 2, 1}, {3, 3, 2}, {3, 4, 3}, {3, 99, 3}, {2*batch + 1, 0, 2*batch + 1}, {2 * batch, batch + 1, batch},
	} {
		f := filled(t, tt.records)
		want := tt.first
		for r, err := range f.Before(t.Context(), tt.before) {
			if err != nil || r.Seq != want || r.Commit != fmt.Sprint(want) {
				t.Fatalf("%d records, before %d: record %d (%v), want %d", tt.records, tt.before, r.Seq, err, want)
			}
			want--
		}
		if want != 0 {
			t.Errorf("%d records, before %d: it ended at %d", tt.records, tt.before, want+1)
		}
	}
}

func TestReadingBackwardsEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f := filled(t, 2*batch)
	n := 0
	for _, err := range f.Before(ctx, 0) {
		if err != nil {
			break
		}
		n++
		cancel()
	}
	if n != batch {
		t.Errorf("%d records were read after the end, want the batch of %d", n, batch)
	}
}

func TestAWalkGoesOnWhereTheLastOneEnded(t *testing.T) {
	f := filled(t, 10)
	head, err := VerifyAfter(Head{}, f.Records(t.Context(), 0))
	if err != nil || head.Seq != 10 {
		t.Fatalf("%+v, %v", head, err)
	}
	if _, err := f.Append(t.Context(), Record{Time: start, Kind: KindCommit}); err != nil {
		t.Fatal(err)
	}
	if next, err := VerifyAfter(head, f.Records(t.Context(), head.Seq+1)); err != nil || next.Seq != 11 {
		t.Errorf("%+v, %v", next, err)
	}
	head.Hash = "another"
	if _, err := VerifyAfter(head, f.Records(t.Context(), head.Seq+1)); err == nil {
		t.Error("a chain that does not hang on its beginning is taken")
	}
}

func TestAStoryIsTheSameWhenRecordsComeOneByOne(t *testing.T) {
	addr := netip.MustParseAddr("10.0.1.20")
	f := filled(t, 1)
	if _, err := f.Append(t.Context(), Record{Time: start, Kind: KindIntent, Commit: "1", Addresses: []netip.Addr{addr}}); err != nil {
		t.Fatal(err)
	}
	story, err := ExplainEach(f.Records(t.Context(), 0), addr)
	if err != nil || len(story.Events) != 1 || story.Events[0].Kind != KindIntent {
		t.Errorf("%+v, %v", story, err)
	}
}
