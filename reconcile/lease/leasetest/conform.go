package leasetest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/lease"
)

// Conform holds a table, which must be empty, to what [lease.Table] promises.
func Conform(t *testing.T, table lease.Table) {
	t.Helper()
	ctx := t.Context()
	if items, err := table.Leases(ctx); err != nil || len(items) != 0 {
		t.Fatalf("an empty table has %+v %v", items, err)
	}
	first := lease.Item{
		Target: "prod", Holder: "a", URL: "https://a/", Epoch: 1, Version: 1, Duration: 30 * time.Second, HeadSeq: 1<<63 + 7, HeadHash: "ab",
	}
	free := lease.Item{Target: "prod", Epoch: 1, Version: 4, Duration: 1500 * time.Millisecond, Clean: true}
	for _, step := range []struct {
		item   lease.Item
		expect uint64
		err    error
	}{
		{first, 7, lease.ErrConflict}, // there is none yet
		{first, 0, nil},
		{first, 0, lease.ErrConflict},
		{free, 2, lease.ErrConflict},
		{free, 1, nil},
		{free, 1, lease.ErrConflict},
	} {
		if err := table.Write(ctx, step.item, step.expect); !errors.Is(err, step.err) {
			t.Fatalf("%+v over %d: %v, not %v", step.item, step.expect, err, step.err)
		}
		if step.err == nil {
			if items, err := table.Leases(ctx); err != nil || !slices.Equal(items, []lease.Item{step.item}) {
				t.Fatalf("wrote %+v, read %+v %v", step.item, items, err)
			}
		}
	}
	other := first
	other.Target = "test"
	if err := table.Write(ctx, other, 0); err != nil {
		t.Fatal(err)
	}
	if items, err := table.Leases(ctx); err != nil || len(items) != 2 || !slices.Contains(items, free) || !slices.Contains(items, other) {
		t.Fatalf("%+v %v", items, err)
	}
	a, b := lease.Replica{ID: "a", URL: "https://a/", Version: 2, Targets: []string{"prod", "test"}}, lease.Replica{ID: "b", Version: 1}
	for _, r := range []lease.Replica{{ID: "a", URL: "https://a/", Version: 1}, b, a} {
		if err := table.Beat(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	if list, err := table.Replicas(ctx); err != nil || !same(list, a, b) {
		t.Fatalf("%+v %v", list, err)
	}
	for range 2 {
		if err := table.Leave(ctx, "a"); err != nil {
			t.Fatal(err)
		}
	}
	if list, err := table.Replicas(ctx); err != nil || !same(list, b) {
		t.Fatalf("%+v %v", list, err)
	}
}

// same compares replicas, in whatever order they were read.
func same(got []lease.Replica, want ...lease.Replica) bool {
	slices.SortFunc(got, func(a, b lease.Replica) int { return strings.Compare(a.ID, b.ID) })
	return slices.EqualFunc(got, want, func(a, b lease.Replica) bool {
		return a.ID == b.ID && a.URL == b.URL && a.Version == b.Version && slices.Equal(a.Targets, b.Targets)
	})
}
