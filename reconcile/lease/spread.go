package lease

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
)

// Spread says which replica should hold each target, of the targets that each replica
// has: by rights the same, but for the while in which one replica after another gets
// another configuration. It is pure: replicas that see the same others agree. A target
// goes to a replica that has it. Of replicas with the same targets none gets more than one
// more than another, and few targets move when a replica comes or goes, or gets a target:
// each goes to the one that scores highest for it (rendezvous hashing), as long as that
// has room.
func Spread(has map[string][]string) map[string]string {
	spread, load := map[string]string{}, map[string]int{}
	for _, g := range groups(has) {
		g.place(spread, load)
	}
	return spread
}

// group is targets that the same replicas have.
type group struct {
	targets, replicas []string
}

// groups begins with those that the fewest replicas have: the others go where there is
// room then.
func groups(has map[string][]string) []*group {
	holders := map[string][]string{} // by target, in order
	for _, replica := range slices.Sorted(maps.Keys(has)) {
		for _, target := range unique(has[replica]) {
			holders[target] = append(holders[target], replica)
		}
	}
	byHolders := map[string]*group{}
	for _, target := range slices.Sorted(maps.Keys(holders)) {
		key := strings.Join(holders[target], "\x00")
		if byHolders[key] == nil {
			byHolders[key] = &group{replicas: holders[target]}
		}
		byHolders[key].targets = append(byHolders[key].targets, target)
	}
	return slices.SortedFunc(maps.Values(byHolders), func(a, b *group) int {
		return cmp.Or(cmp.Compare(len(a.replicas), len(b.replicas)), slices.Compare(a.replicas, b.replicas))
	})
}

// place adds the group's targets to what its replicas have already.
func (g *group) place(spread map[string]string, load map[string]int) {
	type pair struct {
		target, replica string
		score           uint64
	}
	pairs := make([]pair, 0, len(g.targets)*len(g.replicas))
	for _, t := range g.targets {
		for _, r := range g.replicas {
			pairs = append(pairs, pair{t, r, score(t, r)})
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return cmp.Compare(b.score, a.score) })
	level, more := g.level(load)
	for _, p := range pairs {
		if _, placed := spread[p.target]; placed || load[p.replica] > level || load[p.replica] == level && more == 0 {
			continue
		}
		if load[p.replica] == level {
			more--
		}
		load[p.replica]++
		spread[p.target] = p.replica
	}
}

// level is how many targets each replica gets to have, where it had fewer, and how many of
// these get one more.
func (g *group) level(load map[string]int) (level, more int) {
	level = load[g.replicas[0]]
	for _, r := range g.replicas {
		level = min(level, load[r])
	}
	for left := len(g.targets); ; level++ {
		low := 0
		for _, r := range g.replicas {
			if load[r] <= level {
				low++
			}
		}
		if left < low {
			return level, left
		}
		left -= low
	}
}

// score is the same in every process, and without any pattern between similar names.
func score(target, replica string) uint64 {
	sum := sha256.Sum256([]byte(target + "\x00" + replica))
	return binary.BigEndian.Uint64(sum[:])
}

func unique(names []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(names)))
}
