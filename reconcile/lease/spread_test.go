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

// alike is replicas that all have the same targets.
func alike(targets, replicas []string) map[string][]string {
	has := map[string][]string{}
	for _, r := range replicas {
		has[r] = targets
	}
	return has
}

func TestSpreadIsEvenToOneTargetWhateverTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		targets := rapid.SliceOfNDistinct(rapid.StringN(1, 8, -1), 0, 40, rapid.ID).Draw(t, "targets")
		replicas := rapid.SliceOfNDistinct(rapid.StringN(1, 8, -1), 1, 9, rapid.ID).Draw(t, "replicas")
		spread := lease.Spread(alike(targets, replicas))
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
		again := lease.Spread(alike(rapid.Permutation(targets).Draw(t, "other targets"), rapid.Permutation(replicas).Draw(t, "other replicas")))
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
		before, after := lease.Spread(alike(targets, names("replica", n))), lease.Spread(alike(targets, names("replica", n+1)))
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
	if spread := lease.Spread(nil); len(spread) != 0 {
		t.Error(spread)
	}
}

// While configurations differ, a target goes to a replica that has it, and where it could
// go to several, to none that has two more than another.
func TestSpreadOverReplicasWithDifferentTargets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old := rapid.SliceOfNDistinct(rapid.StringN(1, 8, -1), 0, 20, rapid.ID).Draw(t, "old")
		added := rapid.SliceOfNDistinct(rapid.StringN(9, 12, -1), 0, 20, rapid.ID).Draw(t, "added")
		has := map[string][]string{}
		for _, r := range rapid.SliceOfNDistinct(rapid.StringN(1, 8, -1), 1, 9, rapid.ID).Draw(t, "replicas") {
			if has[r] = old; rapid.Bool().Draw(t, "reloaded") {
				has[r] = slices.Concat(old, added)
			}
		}
		spread, load := lease.Spread(has), map[string]int{}
		for _, r := range spread {
			load[r]++
		}
		for _, target := range slices.Concat(old, added) {
			holder, held := spread[target]
			for r, targets := range has {
				if !slices.Contains(targets, target) {
					continue
				}
				if !held || load[holder] > load[r]+1 {
					t.Fatalf("%q is %q's, which has %d, and could be %q's, which has %d", target, holder, load[holder], r, load[r])
				}
			}
			if held && !slices.Contains(has[holder], target) {
				t.Fatalf("%q is given to %q, which does not have it", target, holder)
			}
		}
	})
}

func TestWhileOneReplicaAfterAnotherGetsANewTargetFewMove(t *testing.T) {
	before, after := names("target", 60), names("target", 62)
	has := alike(before, names("replica", 4))
	last, moved := lease.Spread(has), 0
	for _, r := range names("replica", 4) {
		has[r] = after
		next := lease.Spread(has)
		for target, holder := range last {
			if next[target] != holder {
				moved++
			}
		}
		last = next
	}
	if len(last) != 62 || moved > 16 {
		t.Errorf("%d targets are spread, %d moved", len(last), moved)
	}
}
