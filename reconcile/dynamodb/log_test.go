package dynamodb_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/seed-6ca89210/sluice/reconcile/dynamodb"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

func TestALogIsReadAsItWasWritten(t *testing.T) {
	db := open(t, server(t), nil)
	log, h, _ := holder(t, db, "a", "prod")
	got := write(t, log, "one", "two", "three")
	got = append(got, write(t, log, "four")...)
	if got[3].Seq != 5 || got[0].Epoch != 1 || got[3].Prev != got[2].Hash {
		t.Fatalf("%+v", got)
	}
	reader := db.Log("prod")
	for _, l := range []*dynamodb.Log{log, reader} {
		all := []string{"taken", "one", "two", "three", "four"}
		for from := uint64(0); from <= 6; from++ {
			want := all[min(max(int(from)-1, 0), 5):]
			if got := messages(t, l.Records(ctx, from)); !slices.Equal(got, want) {
				t.Errorf("from %d: %q, not %q", from, got, want)
			}
		}
		for before := uint64(0); before <= 7; before++ {
			want := slices.Clone(all[:min(max(int(before)-1, 0), 5)])
			if before == 0 {
				want = slices.Clone(all)
			}
			slices.Reverse(want)
			if got := messages(t, l.Before(ctx, before)); !slices.Equal(got, want) {
				t.Errorf("before %d: %q, not %q", before, got, want)
			}
		}
		if report, err := history.Verify(ctx, l); err != nil || report.Records != 5 || report.Head != got[3].Hash {
			t.Errorf("%+v %v", report, err)
		}
	}
	if head, err := log.Head(ctx); err != nil || head.Seq != 5 || h.Epoch() != 1 {
		t.Errorf("%+v %v", head, err)
	}
	var first history.Record
	for r := range reader.Records(ctx, 1) {
		first = r
		break
	}
	if first.Kind != history.KindTaken || first.Replica != "a" || first.Epoch != 1 || first.Target != "prod" {
		t.Errorf("%+v", first)
	}
	if targets, err := db.Targets(ctx); err != nil || !slices.Equal(targets, []string{"prod"}) {
		t.Errorf("%q %v", targets, err)
	}
	if _, err := reader.Append(ctx, records("no")...); err == nil {
		t.Error("a reader writes")
	}
	if none := messages(t, db.Log("other").Records(ctx, 0)); len(none) != 0 {
		t.Errorf("a log that was never written to: %q", none)
	}
}

func TestABatchThatIsTooLargeForAnItemBecomesSeveral(t *testing.T) {
	db := open(t, server(t), nil)
	log, _, _ := holder(t, db, "a", "prod")
	random := rand.New(rand.NewPCG(1, 2))
	var batch []history.Record
	for range 120 {
		batch = append(batch, history.Record{Kind: history.KindDecision, Time: at, Message: noise(random, 12_000)})
	}
	got, err := log.Append(ctx, batch...)
	if err != nil || len(got) != 120 {
		t.Fatalf("%d records, %v", len(got), err)
	}
	if report, err := history.Verify(ctx, db.Log("prod")); err != nil || report.Records != 121 {
		t.Errorf("%+v %v", report, err)
	}
	if back := messages(t, db.Log("prod").Before(ctx, 122)); len(back) != 121 || back[0] != got[119].Message {
		t.Errorf("%d records back", len(back))
	}
	huge := history.Record{Kind: history.KindDecision, Time: at, Plan: []byte(`"` + noise(random, 900_000) + `"`)}
	if _, err := log.Append(ctx, huge); err == nil || !strings.Contains(err.Error(), "holds no more than") {
		t.Errorf("%v", err)
	}
	write(t, log, "and on")
}

func TestAfterATakingNothingOfAnOlderEpochIsAppended(t *testing.T) {
	db := open(t, server(t), nil)
	old, _, end := holder(t, db, "a", "prod")
	write(t, old, "one")
	end()
	young, h, _ := holder(t, db, "b", "prod")
	for range 2 {
		if _, err := old.Append(ctx, records("late")...); !errors.Is(err, dynamodb.ErrFenced) {
			t.Fatalf("the old holder appends: %v", err)
		}
	}
	write(t, young, "two")
	if got := messages(t, db.Log("prod").Records(ctx, 0)); !slices.Equal(got, []string{"taken", "one", "taken", "two"}) {
		t.Errorf("%q", got)
	}
	if h.Epoch() != 2 {
		t.Errorf("epoch %d", h.Epoch())
	}
	if _, err := history.Verify(ctx, db.Log("prod")); err != nil {
		t.Error(err)
	}
}

func TestAHolderWhoseLeaseIsOldDoesNotGetTheLog(t *testing.T) {
	db := open(t, server(t), nil)
	_, old, end := holder(t, db, "a", "prod")
	end()
	holder(t, db, "b", "prod")
	if _, err := db.Writer(ctx, "prod", old); !errors.Is(err, dynamodb.ErrFenced) {
		t.Errorf("%v", err)
	}
}

func TestLogsOfTargetsAreApart(t *testing.T) {
	db := open(t, server(t), nil)
	for _, target := range []string{"prod", "prod-2", "prod#x"} {
		log, _, end := holder(t, db, "a", target)
		write(t, log, "of "+target)
		end()
	}
	for _, target := range []string{"prod", "prod-2", "prod#x"} {
		if got := messages(t, db.Log(target).Records(ctx, 0)); !slices.Equal(got, []string{"taken", "of " + target}) {
			t.Errorf("%s: %q", target, got)
		}
	}
}
