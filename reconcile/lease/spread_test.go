package lease_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-6ca89210/sluice/reconcile/lease"
)

func names(prefix string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%s-%d", prefix, i)
	}
	return list
}

func TestSpreadIsEvenToOneTargetWhateverTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		targets := rapid.SliceOfNDistinct(rapid.StringN(1, 8, -1), 0, 40, rapid.ID).Draw(t, "targets")
		replicas := rapid.SliceOfNDistinct(rapid.StringN(1, 8, -1), 1, 9, rapid.ID).Draw(t, "replicas")
		spread := lease.Spread(targets, replicas)
		load := map[string]int{}
		for _, target := range targets {
			if !slices.Contains(replicas, spread[target]) {
				t.Fatalf("%q is held by %q", target, spread[target])
			}
			load[spread[target]]++
		}
		for _, r := range replicas {
			if n := load[r]; n < len(targets)/len(replicas) || n > (len(targets)+len(replicas)-1)/len(replicas) {
				t.Fatalf("%q has %d of %d targets over %d replicas", r, n, len(targets), len(replicas))
			}
		}
		again := lease.Spread(rapid.Permutation(targets).Draw(t, "other targets"), rapid.Permutation(replicas).Draw(t, "other replicas"))
		for _, target := range targets {
			if again[target] != spread[target] {
				t.Fatalf("%q goes to %q or %q", target, spread[target], again[target])
			}
		}
	})
}

// With n replicas a joining one needs a share of 1/(n+1); what moves beyond that is the
// price of being even, and at most as much again.
func TestFewTargetsMoveWhenAReplicaComesOrGoes(t *testing.T) {
	targets := names("target", 120)
	for n := 2; n <= 9; n++ {
		before, after := lease.Spread(targets, names("replica", n)), lease.Spread(targets, names("replica", n+1))
		moved := 0
		for _, target := range targets {
			if before[target] != after[target] {
				moved++
			}
		}
		if share := len(targets) / (n + 1); moved < share || moved > 2*share {
			t.Errorf("from %d replicas to %d: %d of %d targets move, the share is %d", n, n+1, moved, len(targets), share)
		}
	}
}

func TestSpreadOverNobodyIsEmpty(t *testing.T) {
	if spread := lease.Spread([]string{"prod"}, nil); len(spread) != 0 {
		t.Error(spread)
	}
}
