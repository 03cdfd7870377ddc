package simulation

import (
	"flag"
	"maps"
	"slices"
	"testing"
)

// regression is a bug of sluice that simulation found, and the seed that would find it
// again: with the bug planted again, under the name that is given, it does.
type regression struct {
	seed    uint64
	planted string
	bug     string

	// unraced is a seed that is left out under the race detector: in its world the
	// simulation sets crypto/rand's source while the other replica's SDK reads it.
	unraced bool
}

// regressions are run each time. A change of the world gives a seed another run: then
// `make planted` says which does not find its bug any more, and which one would.
var regressions = []regression{
	{4, "clock-believed", "A clock that was set back kept resources converging until it was there again: an intent's age was the difference of two times of day.", false},
	{64, "unplanned-claims", "An address that two specs list went to the one whose resource could be read, while the other's could not.", false},
	{29, "clock-set-ahead", "A clock that was set ahead made a call whose answer was lost old at once: it counted as never made while reads still lagged, and was sent again.", false},
	{1795389694, "set-while-down", "A clock that was set ahead between a kill and the start made a call whose answer was lost old at once, and it was sent again.", false},
	{1795385211, "unanswered-clean", "A lease was given back as clean just after a call without an answer, which was still on its way: the next holder did not wait for it.", true},
	// No mutation of it was met again: chance between two that are ready is the runtime's.
	// Its test is TestALookThatFailsHasHeardWhatRangBeforeIt in reconcile.
	{1795382874, "", "A loop that another one woke looked again without a pause for as long as a source failed: a replica took a whole processor, and the world stood still.", false},
}

// meets are seeds that are tried first for a planted bug that few of them meet.
var meets = map[string]uint64{
	"half-a-lease": 7, "acts-at-once": 7, "lease-unlooked": 7, "lease-endless": 7, "epoch-unsaid": 7, "given-back-early": 7, "log-unread": 7, "refused-lease-held": 13,
	"call-outlives-lease": 15, "epoch-stands": 7, "always-clean": 7, "unfenced": 7, "doubt-forgotten": 7,
}

// covering are seeds in which, taken together and with those of regressions, faults of
// every class fire. Where one class does not fire any more, go test names new ones:
// go test ./reconcile/simulation -run TestCover -v -args -sim.cover=60
var covering = []uint64{7, 23, 10}

var (
	cover = flag.Int("sim.cover", 0, "find the fewest of so many seeds in which every fault fires")
	try   = flag.Uint64("sim.try", 0, "run this seed before all others")
)

// seeds are those of a plain run, and more of them where more are wanted.
func seeds(atLeast int) []uint64 {
	var list []uint64
	if *try != 0 {
		list = append(list, *try)
	}
	list = append(list, covering...)
	for _, r := range regressions {
		if !raceDetector || !r.unraced {
			list = append(list, r.seed)
		}
	}
	list = distinct(list)
	for seed := uint64(1); len(list) < atLeast; seed++ {
		list = distinct(append(list, seed))
	}
	return list
}

func distinct(list []uint64) []uint64 {
	seen := map[uint64]bool{}
	return slices.DeleteFunc(list, func(n uint64) bool {
		again := seen[n]
		seen[n] = true
		return again
	})
}

// knownTo is the seed that is known to meet a planted bug; 0: none is, or many do.
func knownTo(bug string) uint64 {
	for _, r := range regressions {
		if r.planted == bug {
			return r.seed
		}
	}
	return meets[bug]
}

func TestEveryRegressionIsPlantedAgain(t *testing.T) {
	for _, r := range regressions {
		if r.seed == 0 || r.bug == "" || r.planted != "" && !slices.ContainsFunc(plantedBugs, func(b plantedBug) bool { return b.name == r.planted }) {
			t.Errorf("regression %+v: it needs a seed, a sentence and, where the bug can be planted, its name", r)
		}
	}
	for name := range meets {
		if !slices.ContainsFunc(plantedBugs, func(b plantedBug) bool { return b.name == name }) {
			t.Errorf("seed %d meets %s, which is not planted", meets[name], name)
		}
	}
}

// TestCover finds seeds for covering, the one that brings most first.
func TestCover(t *testing.T) {
	if *cover == 0 {
		t.Skip("for whoever needs a new list")
	}
	fires := map[uint64]map[fault]int{}
	for seed := range uint64(*cover) {
		o := simulate(t, seed+1, nil)
		if fires[seed+1] = o.counts; o.failure != nil {
			t.Error(o.report)
		}
	}
	missing := slices.Clone(faults)
	for _, r := range regressions { // they are run in any case
		o := simulate(t, r.seed, nil)
		missing = slices.DeleteFunc(missing, func(f fault) bool { return o.counts[f] > 0 })
	}
	var list []uint64
	for len(missing) > 0 && !t.Failed() {
		best, gain := uint64(0), 0
		for _, seed := range slices.Sorted(maps.Keys(fires)) {
			n := 0
			for _, f := range missing {
				if fires[seed][f] > 0 {
					n++
				}
			}
			if n > gain {
				best, gain = seed, n
			}
		}
		if gain == 0 {
			t.Fatalf("in no seed fires %q", missing)
		}
		list = append(list, best)
		missing = slices.DeleteFunc(missing, func(f fault) bool { return fires[best][f] > 0 })
	}
	t.Logf("covering: %v", list)
}
