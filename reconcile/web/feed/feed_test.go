package feed

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/web/view"
)

var now = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

// endless is a record of so many entries, each made when it is read.
type endless struct {
	n    uint64
	read uint64
	cut  uint64 // the last record that is gone
}

func (e *endless) Head(context.Context) (history.Head, error) { return history.Head{Seq: e.n}, nil }

func (e *endless) Checkpoint(context.Context) (*history.Checkpoint, error) {
	if e.cut == 0 {
		return nil, nil
	}
	return &history.Checkpoint{Head: history.Head{Seq: e.cut}}, nil
}

func (e *endless) Records(_ context.Context, from uint64) history.Records {
	return func(yield func(history.Record, error) bool) {
		if from > 1 && from <= e.cut {
			yield(history.Record{}, &history.CutError{Seq: from})
			return
		}
		for seq := max(from, 1); seq <= e.n; seq++ {
			e.read++
			if !yield(e.record(seq), nil) {
				return
			}
		}
	}
}

func (e *endless) Before(_ context.Context, before uint64) history.Records {
	return func(yield func(history.Record, error) bool) {
		if before == 0 {
			before = e.n + 1
		}
		for seq := before - 1; seq > 0; seq-- {
			e.read++
			if !yield(e.record(seq), nil) {
				return
			}
		}
	}
}

func (e *endless) record(seq uint64) history.Record {
	return history.Record{Seq: seq, Kind: history.KindIntent, Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, 0, byte(seq >> 8), byte(seq)})}}
}

func TestARequestReadsABoundedPartOfTheRecord(t *testing.T) {
	e := &endless{n: 1_000_000}
	f := New(Config{Record: e, Now: func() time.Time { return now }})
	list, err := f.History(t.Context(), Query{Filter: history.Filter{Kinds: []history.Kind{history.KindDrift}}, Limit: 50})
	if err != nil || e.read > uint64(ofFile.list)+1 || list.Before[""] != e.n-uint64(ofFile.list)+1 {
		t.Errorf("a list read %d records and goes on before %s (%v)", e.read, list.Before, err)
	}
	e.read = 0
	if list, err = f.History(t.Context(), Query{Before: view.Place{"": 500}, Limit: 50}); err != nil || e.read > 51 || list.Entries[0].Seq != 499 || list.Before[""] != 450 {
		t.Errorf("a page read %d records, from %d (%v)", e.read, list.Entries[0].Seq, err)
	}
	e.read = 0
	story, err := f.Explain(t.Context(), netip.AddrFrom4([4]byte{10, 0, 0, 1}))
	if err != nil || e.read != uint64(ofFile.story) || story.From != e.n-uint64(ofFile.story)+1 || len(story.Events) == 0 {
		t.Errorf("a story read %d records, from %d: %d events (%v)", e.read, story.From, len(story.Events), err)
	}
}

func TestAStoryBeginsBehindWhatWasCutOff(t *testing.T) {
	e := &endless{n: 60_000, cut: 40_000}
	f := New(Config{Record: e, Now: func() time.Time { return now }})
	story, err := f.Explain(t.Context(), netip.AddrFrom4([4]byte{10, 0, 200, 1})) // of record 51,201
	if err != nil || story.From != e.cut+1 || len(story.Events) == 0 {
		t.Errorf("from %d: %d events (%v)", story.From, len(story.Events), err)
	}
}

func TestAFleetIsIndexedOnceATurnAndStillShowsTheNewestTimes(t *testing.T) {
	s := reconcile.Status{Turns: 1, Plan: plan.Plan{Resources: []plan.Resource{{Target: "prod", ID: "nat-1"}}}}
	f := New(Config{Status: func() reconcile.Status { return s }, Now: func() time.Time { return now }})
	f.Fleet()
	first := f.fleet
	s.GitError = "unreachable"
	if got := f.Fleet(); f.fleet != first || got.Overview().GitError != "unreachable" || len(got.Find("prod", "nat-1", now)) != 1 {
		t.Errorf("same turn: %+v", got.Overview())
	}
	s.Turns = 2
	s.Inventories = []inventory.Inventory{{Target: "prod", NatGateways: []inventory.NatGateway{{ID: "nat-1"}}}}
	f.Fleet()
	if f.fleet == first {
		t.Error("a new turn shows the old fleet")
	}
	if c := f.Change(); !c.All {
		t.Errorf("the first change %+v", c)
	}
	s.Turns = 3
	s.Plan.Resources = []plan.Resource{{Target: "prod", ID: "nat-1", State: plan.Pending}}
	if c := f.Change(); c.All || len(c.Resources) != 1 {
		t.Errorf("the next change %+v", c)
	}
}

// Nothing that a status says may end the daemon, which shows it.
func TestAStatusWithFewerResourcesAndTheSameTurnIsIndexedAnew(t *testing.T) {
	s := reconcile.Status{Turns: 7, Plan: plan.Plan{Resources: []plan.Resource{{Target: "prod", ID: "nat-1"}, {Target: "test", ID: "nat-2"}}}}
	f := New(Config{Status: func() reconcile.Status { return s }, Now: func() time.Time { return now }})
	f.Change()
	s.Plan.Resources = s.Plan.Resources[:1]
	f.Change()
	if got := f.Fleet(); len(got.Find("test", "nat-2", now)) != 0 || len(got.Find("prod", "nat-1", now)) != 1 {
		t.Error("it shows what is not there any more")
	}
}

func TestTheChainIsWalkedOnceAndThenOnlyWhatIsNew(t *testing.T) {
	store, err := history.Open(t.TempDir()+"/h.db", history.Holder{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	add := func(n int) {
		for i := range n {
			if _, err := store.Append(t.Context(), history.Record{Time: now, Kind: history.KindCommit, Commit: fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	add(3)
	counted := &counting{File: store}
	f := New(Config{Record: counted, Now: func() time.Time { return now }})
	if !f.walk(t.Context()) || f.Chain().Records != 3 || f.Chain().Head == "" {
		t.Fatalf("%+v", f.Chain())
	}
	add(1)
	if !f.walk(t.Context()) || f.Chain().Records != 4 || counted.from != 4 {
		t.Errorf("%+v, from record %d", f.Chain(), counted.from)
	}
	broken := New(Config{Record: &endless{n: 2}, Now: func() time.Time { return now }})
	if broken.walk(t.Context()) || broken.Chain().Broken == "" || broken.Chain().Records != 0 {
		t.Errorf("of a chain without hashes it says %+v", broken.Chain())
	}
}

// counting notes where the last reader began.
type counting struct {
	*history.File
	from uint64
}

func (c *counting) Records(ctx context.Context, from uint64) history.Records {
	c.from = from
	return c.File.Records(ctx, from)
}
