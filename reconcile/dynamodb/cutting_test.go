package dynamodb_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-6ca89210/sluice/reconcile/dynamodb/dynalite"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// sortKeys lists the sort keys of a partition.
func (p place) sortKeys(t testing.TB, partition string) (list []string) {
	t.Helper()
	out := p.Do(t, "Query", map[string]any{
		"TableName": p.table, "KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": map[string]any{":pk": map[string]any{"S": partition}},
	})
	for _, item := range out["Items"].([]any) {
		key := item.(map[string]any)["sk"].(map[string]any)["S"].(string)
		list = append(list, strings.TrimLeft(key, "0"))
	}
	return list
}

// The log has record 1 (taken), and then two a day under 2, 4, 6 and so on.
func TestWhatIsCutOffATableIsInTheArchiveAndTheChainGoesOn(t *testing.T) {
	s := server(t)
	db := open(t, s, nil)
	log, _, end := holder(t, db, "a", "prod")
	log.SetPart(4)
	daily(t, log, 0, 5)
	arch := newMemory()
	cuts, err := log.CutBefore(ctx, day(3), day(9), arch) // of record 8 the day is not over
	if err != nil || len(cuts) != 2 || cuts[0].From != 1 || cuts[0].To != 4 || cuts[1].From != 5 || cuts[1].To != 7 {
		t.Fatalf("%+v, %v", cuts, err)
	}
	if !slices.Equal(arch.names, []string{"sluice-history-sluice-prod-0000000001-0000000004-" + cuts[0].Hash[:8] + ".jsonl", "sluice-history-sluice-prod-0000000005-0000000007-" + cuts[1].Hash[:8] + ".jsonl"}) {
		t.Errorf("%q", arch.names)
	}
	if got := s.sortKeys(t, "log#prod"); !slices.Equal(got, []string{"1", "8", "10", "12", "13"}) { // 1 begins an epoch
		t.Errorf("what is left of the log: %q", got)
	}
	if n, m := len(s.sortKeys(t, "cut#prod")), len(s.sortKeys(t, "state#prod")); n != 1 || m != 1 {
		t.Errorf("%d checkpoints and %d states are left", n, m)
	}
	arch.wantWhole(t, log, 13)
	if got, err := seqs(log.Records(ctx, 0)); err != nil || !slices.Equal(got, []uint64{8, 9, 10, 11, 12, 13}) {
		t.Errorf("forwards %d, %v", got, err)
	}
	if got, err := seqs(log.Before(ctx, 10)); err != nil || !slices.Equal(got, []uint64{9, 8}) {
		t.Errorf("backwards %d, %v", got, err)
	}
	if got, err := seqs(log.Before(ctx, 5)); err != nil || got != nil {
		t.Errorf("before what is there: %d, %v", got, err)
	}
	var cut *history.CutError
	if _, err := seqs(log.Records(ctx, 4)); !errors.As(err, &cut) || !strings.Contains(err.Error(), "records up to 7 are in memory:sluice-history-sluice-prod-0000000005-") {
		t.Errorf("record 4: %v", err)
	}
	if cuts, err := log.CutBefore(ctx, day(3), day(9), arch); err != nil || cuts != nil {
		t.Errorf("again: %+v, %v", cuts, err)
	}
	end()
	young, _, _ := holder(t, db, "b", "prod")
	daily(t, young, 10, 1)
	if cuts, err := young.CutBefore(ctx, day(10), day(10), arch); err != nil || len(cuts) != 1 {
		t.Errorf("%+v, %v", cuts, err)
	}
	arch.wantWhole(t, db.Log("prod"), 17)
}

// Two tables may have targets of one name and export to one place, and a table may be made
// anew: what is there already keeps nothing from being exported.
func TestLogsOfOneTargetHaveOneArchive(t *testing.T) {
	server, arch := server(t), newMemory()
	for _, s := range []place{server, server.fresh(t, "another"), {dynalite.Start(t), ""}} {
		if s.table == "" {
			s = s.fresh(t, "another") // made anew
		}
		log, _, _ := holder(t, open(t, s, nil), "a", "prod")
		write(t, log, fmt.Sprint("something else ", len(arch.names)))
		if cuts, err := log.CutBefore(ctx, day(9), day(9), arch); err != nil || len(cuts) != 1 {
			t.Fatalf("%+v, %v", cuts, err)
		}
	}
	if len(arch.names) != 3 {
		t.Errorf("%q", arch.names)
	}
}

// A replica that was killed had told the lease of no record since.
func TestALeaseMayNameARecordThatWasCutOff(t *testing.T) {
	for name, seq := range map[string]uint64{"the last that was": 5, "one before": 3} {
		t.Run(name, func(t *testing.T) {
			db := open(t, server(t), nil)
			arch := newMemory()
			log, h, end := holder(t, db, "a", "prod")
			daily(t, log, 0, 2)
			var named history.Record
			for r := range log.Records(ctx, seq) {
				named = r
				break
			}
			if _, err := log.CutBefore(ctx, day(100), day(100), arch); err != nil {
				t.Fatal(err)
			}
			h.Head(named.Seq, named.Hash)
			end()
			arch.wantWhole(t, db.Log("prod"), 6)
			young, h, end := holder(t, db, "b", "prod")
			arch.wantWhole(t, young, 7)
			h.Head(5, "another")
			end()
			if _, err := history.Verify(ctx, db.Log("prod")); err == nil || !strings.Contains(err.Error(), "not the one that the lease holds") {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestNothingOfATableIsCutUntilTheExportWasVerified(t *testing.T) {
	s := server(t)
	log, _, _ := holder(t, open(t, s, nil), "a", "prod")
	daily(t, log, 0, 2)
	cuts, err := log.CutBefore(ctx, day(9), day(9), liar{newMemory()})
	if cuts != nil || err == nil || errors.Is(err, history.ErrNotWritten) || !strings.Contains(err.Error(), "records 1 to 5 stay: ") {
		t.Errorf("%+v, %v", cuts, err)
	}
	if got := s.sortKeys(t, "log#prod"); len(got) != 3 {
		t.Errorf("%q is left", got)
	}
}

// What is cut off and cannot be deleted is behind the checkpoint all the same: what is
// told must not say that it stays.
func TestACutWhoseRestCannotBeDeletedSaysSo(t *testing.T) {
	s, net := server(t), &undeletable{}
	log, _, _ := holder(t, open(t, s, net), "a", "prod")
	daily(t, log, 0, 2)
	arch := newMemory()
	cuts, err := log.CutBefore(ctx, day(9), day(9), arch)
	if len(cuts) != 1 || err == nil || errors.Is(err, history.ErrNotWritten) || !strings.HasPrefix(err.Error(), "what was cut off may not all be deleted yet: ") {
		t.Errorf("%+v, %v", cuts, err)
	}
	arch.wantWhole(t, log, 6)
}

// undeletable is a line that is cut by whatever deletes.
type undeletable struct{}

func (undeletable) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasSuffix(req.Header.Get("X-Amz-Target"), ".DeleteItem") {
		return nil, errCut
	}
	return http.DefaultTransport.RoundTrip(req)
}

// liar is an archive that loses the last record.
type liar struct{ *memory }

func (l liar) Get(ctx context.Context, name string) ([]byte, error) {
	data, err := l.memory.Get(ctx, name)
	lines := strings.SplitAfter(string(data), "\n")
	return []byte(strings.Join(lines[:len(lines)-2], "")), err
}

// killed ends a process with its n-th request: it reaches the table or not, and nothing
// comes after it.
type killed struct {
	left   atomic.Int64
	effect bool
	die    context.CancelFunc
}

func (k *killed) RoundTrip(req *http.Request) (*http.Response, error) {
	switch left := k.left.Add(-1); {
	case left > 0:
		return http.DefaultTransport.RoundTrip(req)
	case left == 0 && k.effect:
		defer k.die()
		return lost(req.WithContext(ctx))
	}
	k.die()
	return gone(req)
}

func TestACutThatIsKilledAnywhereLosesNothing(t *testing.T) {
	s := server(t)
	for _, effect := range []bool{false, true} {
		s := s.fresh(t, map[bool]string{false: "lost", true: "done"}[effect])
		db := open(t, s, nil)
		for n, finished := int64(1), false; !finished; n++ {
			if n > 200 {
				t.Fatal("it never gets through")
			}
			target := "prod" + strings.Repeat("x", int(n))
			arch, k := newMemory(), &killed{effect: effect}
			k.left.Store(1 << 40)
			mortal := open(t, s, k)
			h, end := hold(t, db, "a", target)
			log, err := mortal.Writer(ctx, target, h)
			if err != nil {
				t.Fatal(err)
			}
			log.SetPart(3)
			daily(t, log, 0, 3)
			life, die := context.WithCancel(ctx)
			k.die = die
			k.left.Store(n)
			_, err = log.CutBefore(life, day(2), day(9), arch)
			finished = err == nil && life.Err() == nil
			die()
			end()
			arch.wantWhole(t, db.Log(target), 7)

			young, _, end := holder(t, db, "b", target)
			daily(t, young, 9, 1)
			arch.wantWhole(t, db.Log(target), 10)
			if _, err := young.CutBefore(ctx, day(2), day(10), arch); err != nil {
				t.Fatalf("killed at request %d, the next holder: %v", n, err)
			}
			arch.wantWhole(t, db.Log(target), 10)
			if left := s.sortKeys(t, "log#"+target); left[0] != "1" || left[1] != "6" { // 1 begins an epoch
				t.Errorf("killed at request %d: %q is left", n, left)
			}
			if cuts, states := len(s.sortKeys(t, "cut#"+target)), len(s.sortKeys(t, "state#"+target)); cuts != 1 || states != 1 {
				t.Errorf("killed at request %d: %d checkpoints and %d states are left", n, cuts, states)
			}
			end()
		}
	}
}

// turn is what one holder does: appends, a day each, and then a cut.
type turn struct {
	appends [][]history.Record
	part    uint64
	keep    int // so many days at the end
}

var turns = rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) (one turn) {
	for range rapid.IntRange(1, 4).Draw(rt, "appends") {
		one.appends = append(one.appends, drawRecords(rt))
	}
	one.part, one.keep = rapid.Uint64Range(1, 9).Draw(rt, "part"), rapid.IntRange(0, 5).Draw(rt, "keep")
	return one
}), 1, 4)

// That of any log is history's own test of a file, which is cut by the same steps.
func TestATableThatIsCutFoldsToTheSameLedger(t *testing.T) {
	db := open(t, server(t), nil)
	for seed := range 8 {
		target, arch := "prod"+strings.Repeat("x", seed), newMemory()
		days, wrote := 0, uint64(0)
		for _, one := range turns.Example(seed) {
			log, _, end := holder(t, db, "a", target)
			log.SetPart(one.part)
			for _, list := range one.appends {
				for i := range list {
					list[i].Time = day(days)
				}
				if _, err := log.Append(ctx, list...); err != nil {
					t.Fatal(err)
				}
				wrote, days = wrote+uint64(len(list)), days+1
			}
			if _, err := log.CutBefore(ctx, day(days-one.keep), day(days), arch); err != nil {
				t.Fatal(err)
			}
			end()
			arch.wantWhole(t, db.Log(target), wrote)
		}
		if seed > 0 && len(arch.names) == 0 && days > 8 {
			t.Errorf("seed %d: nothing was cut in %d days", seed, days)
		}
	}
}

// drawRecords draws an append of one day.
func drawRecords(rt *rapid.T) (list []history.Record) {
	for range rapid.IntRange(1, 5).Draw(rt, "records") {
		r := history.Record{Commit: rapid.SampledFrom([]string{"c1", "c2"}).Draw(rt, "commit"), PlanHash: "p1", Target: "t"}
		r.Kind = rapid.SampledFrom([]history.Kind{
			history.KindCommit, history.KindIntent, history.KindOutcome, history.KindSettled, history.KindConverged, history.KindAcknowledged, history.KindDrift, history.KindHeld,
		}).Draw(rt, "kind")
		switch r.Kind {
		case history.KindIntent, history.KindDrift:
			r.ResourceKind, r.ResourceID = "NatGateway", rapid.SampledFrom([]string{"n1", "n2"}).Draw(rt, "id")
			r.Verb, r.Addresses, r.MaxDrainSeconds = "unassign", ips("10.0.1.20"), 100
		case history.KindOutcome, history.KindSettled:
			r.Intent = uint64(rapid.IntRange(1, 20).Draw(rt, "intent"))
			r.Outcome = rapid.SampledFrom([]string{history.OutcomeAccepted, history.OutcomeLost, history.OutcomeDone}).Draw(rt, "outcome")
		}
		list = append(list, r)
	}
	return list
}
