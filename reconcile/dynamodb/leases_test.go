package dynamodb_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/lease"
	"github.com/seed-6ca89210/sluice/reconcile/lease/leasetest"
)

func TestTheTableOfDynamoDBIsOne(t *testing.T) {
	leasetest.Conform(t, open(t, server(t), nil).Leases())
}

func TestALeaseThatSomebodyRemovedComesBackWithItsEpoch(t *testing.T) {
	s := server(t)
	db := open(t, s, nil)
	for range 3 {
		_, _, end := holder(t, db, "a", "prod")
		end()
	}
	s.Do(t, "DeleteItem", map[string]any{"TableName": s.table, "Key": map[string]any{"pk": map[string]any{"S": "lease"}, "sk": map[string]any{"S": "prod"}}})
	anew := lease.Item{Target: "prod", Holder: "b", Epoch: 1, Version: 1, Duration: time.Minute}
	if err := db.Leases().Write(ctx, anew, 0); !errors.Is(err, lease.ErrConflict) {
		t.Errorf("%v", err)
	}
	want := lease.Item{Target: "prod", Epoch: 3, Version: 1, Duration: time.Minute}
	if items, err := db.Leases().Leases(ctx); err != nil || !slices.Equal(items, []lease.Item{want}) {
		t.Errorf("%+v %v", items, err)
	}
}

func TestALeaseThatCannotBeReadStopsItsTargetOnly(t *testing.T) {
	s := server(t)
	db := open(t, s, nil)
	_, _, end := holder(t, db, "a", "prod")
	end()
	s.Do(t, "PutItem", map[string]any{"TableName": s.table, "Item": map[string]any{
		"pk": map[string]any{"S": "lease"}, "sk": map[string]any{"S": "prod"}, "epoch": map[string]any{"S": "x"}, "version": map[string]any{"N": "1"},
	}})
	good := lease.Item{Target: "test", Holder: "a", Epoch: 1, Version: 1, Duration: time.Minute}
	if err := db.Leases().Write(ctx, good, 0); err != nil {
		t.Fatal(err)
	}
	items, err := db.Leases().Leases(ctx)
	if err != nil || len(items) != 2 || items[0].Holder != "" || items[1] != good {
		t.Fatalf("%+v %v", items, err)
	}
	if want := `the item with pk "lease" and sk "prod" cannot be read: its epoch is no number`; items[0].Damaged != want {
		t.Errorf("it says %q", items[0].Damaged)
	}
	taken := items[0]
	taken.Holder, taken.Version = "a", items[0].Version+1
	if err := db.Leases().Write(ctx, taken, items[0].Version); !errors.Is(err, lease.ErrConflict) {
		t.Errorf("taken: %v", err)
	}

	s.Do(t, "DeleteItem", map[string]any{"TableName": s.table, "Key": map[string]any{"pk": map[string]any{"S": "lease"}, "sk": map[string]any{"S": "prod"}}})
	taken.Epoch, taken.Duration = 1, time.Minute
	if err := db.Leases().Write(ctx, taken, 0); !errors.Is(err, lease.ErrConflict) {
		t.Errorf("taken at once after it was deleted: %v", err)
	}
	want := lease.Item{Target: "prod", Epoch: 1, Version: 1, Duration: time.Minute}
	if items, err := db.Leases().Leases(ctx); err != nil || !slices.Contains(items, want) {
		t.Errorf("the next holder has nothing to wait for: %+v %v", items, err)
	}
}

// Three keepers share three targets on one table, each with its log, and one ends.
func TestReplicasShareTargetsAndGoOnWithEachOthersLogs(t *testing.T) {
	db := open(t, server(t), nil)
	targets := []string{"dev", "prod", "test"}
	var mu sync.Mutex
	held := map[string]string{}
	changed := make(chan struct{}, 64)
	set := func(target, id string) {
		mu.Lock()
		defer mu.Unlock()
		held[target] = id
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	begin := func(id string) func() {
		keeper, err := lease.New(lease.Config{Table: db.Leases(), ID: id, Targets: targets, Duration: 3 * time.Second, LongestCall: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(ctx)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = keeper.Run(ctx, func(ctx context.Context, h *lease.Held) error {
				log, err := db.Writer(ctx, h.Target(), h)
				if err != nil {
					return err
				}
				if _, err := log.Append(ctx, records("work of "+id)...); err != nil {
					return err
				}
				set(h.Target(), id)
				<-ctx.Done()
				return nil
			})
		}()
		return func() { cancel(); <-ended }
	}
	until := func(what string, ok func() bool) {
		t.Helper()
		deadline := time.After(time.Minute)
		for {
			mu.Lock()
			done := ok()
			mu.Unlock()
			if done {
				return
			}
			select {
			case <-changed:
			case <-deadline:
				t.Fatalf("not %s: %v", what, held)
			}
		}
	}
	endA := begin("a")
	until("all a's", func() bool { return held["dev"] == "a" && held["prod"] == "a" && held["test"] == "a" })
	endB, endC := begin("b"), begin("c")
	until("one each", func() bool {
		return held["dev"] != held["prod"] && held["prod"] != held["test"] && held["test"] != held["dev"]
	})
	endA()
	until("of b and c", func() bool { return held["dev"] != "a" && held["prod"] != "a" && held["test"] != "a" })
	endB()
	endC()
	for _, target := range targets {
		if report, err := history.Verify(ctx, db.Log(target)); err != nil || report.Records < 4 {
			t.Errorf("%s: %+v %v", target, report, err)
		}
	}
}

// The requests that a table sees, which cost money: see "Several replicas" in
// ARCHITECTURE.md. What each takes of DynamoDB's units is by its size: one write unit a
// KB, one read unit four.
func TestEachStepIsOneRequest(t *testing.T) {
	net := &network{}
	s := server(t)
	db := open(t, s, net)
	log, _, _ := holder(t, db, "a", "prod")
	table := db.Leases()
	item := lease.Item{Target: "test", Holder: "sluice-6d5f7c9b8-x2x7q-3f9a77b0", URL: "https://10.0.1.17:8443/", Epoch: 1, Version: 1, Duration: time.Minute, HeadSeq: 1e6, HeadHash: strings.Repeat("ab", 32)}
	for _, c := range []struct {
		what  string
		calls string
		do    func() error
	}{
		{"a lease that nobody had", "Query PutItem", func() error { return table.Write(ctx, item, 0) }},
		{"a renewal", "PutItem", func() error { item.Version = 2; return table.Write(ctx, item, 1) }},
		{"a beat", "PutItem", func() error { return table.Beat(ctx, lease.Replica{ID: item.Holder, URL: item.URL, Version: 1}) }},
		{"a look at the leases", "Query", func() error { _, err := table.Leases(ctx); return err }},
		{"a look at the replicas", "Query", func() error { _, err := table.Replicas(ctx); return err }},
		{"an append", "PutItem", func() error { _, err := log.Append(ctx, call(history.KindIntent)); return err }},
		{"an append of several records", "PutItem", func() error {
			_, err := log.Append(ctx, call(history.KindSettled), call(history.KindIntent), call(history.KindOutcome))
			return err
		}},
		{"a reader's look at a log's end, whose lease is one of many", "GetItem Query", func() error { _, err := db.Log("prod").Head(ctx); return err }},
		{"the writer's own look at its head", "", func() error { _, err := log.Head(ctx); return err }},
	} {
		net.next()
		if err := c.do(); err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		if got := net.made(); got != c.calls {
			t.Errorf("%s made %q, not %q", c.what, got, c.calls)
		}
	}
	t.Logf("a lease of %d bytes, an intent of %d, three records of a call of %d", s.size(t, "lease", "test"), s.size(t, "log#prod", fmt.Sprintf("%020d", 2)), s.size(t, "log#prod", fmt.Sprintf("%020d", 3)))
	if size := s.size(t, "lease", "test"); size > 1024 {
		t.Errorf("a lease of %d bytes costs two units a renewal", size)
	}
	if size := s.size(t, "log#prod", fmt.Sprintf("%020d", 2)); size > 1024 {
		t.Errorf("an intent of %d bytes costs two units", size)
	}
}

// call is a record of a call as large as they are in practice.
func call(kind history.Kind) history.Record {
	return history.Record{
		Kind: kind, Time: at, Commit: strings.Repeat("7f3c", 10), PolicyDigest: "sha256:" + strings.Repeat("b3", 32), PlanHash: "sha256:" + strings.Repeat("9d", 32),
		Decision: "allow", Target: "prod-euc1", ResourceKind: "NatGateway", ResourceID: "nat-0ee3edd182361f662", SpecName: "egress-a", SpecFile: "gateways/egress-a.yaml", SpecLine: 12,
		Verb: "unassign", Addresses: ips("10.0.1.20", "10.0.1.21", "10.0.1.22"), MaxDrainSeconds: 350, RequestID: "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
	}
}
