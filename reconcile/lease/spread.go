package lease

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// Spread says which replica should hold each target. It is pure: replicas that see the
// same others agree. No replica gets more than one target more than another, and few
// targets move when a replica comes or goes: each goes to the one that scores highest
// for it (rendezvous hashing), as long as that has room. Without replicas it is empty.
func Spread(targets, replicas []string) map[string]string {
	targets, replicas = unique(targets), unique(replicas)
	spread := make(map[string]string, len(targets))
	if len(replicas) == 0 {
		return spread
	}
	type pair struct {
		target, replica string
		score           uint64
	}
	pairs := make([]pair, 0, len(targets)*len(replicas))
	for _, t := range targets {
		for _, r := range replicas {
			pairs = append(pairs, pair{t, r, score(t, r)})
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return cmp.Compare(b.score, a.score) })

	each, more := len(targets)/len(replicas), len(targets)%len(replicas) // so many replicas get one more
	load := make(map[string]int, len(replicas))
	for _, p := range pairs {
		if _, placed := spread[p.target]; placed || load[p.replica] > each || load[p.replica] == each && more == 0 {
			continue
		}
		if load[p.replica] == each {
			more--
		}
		load[p.replica]++
		spread[p.target] = p.replica
	}
	return spread
}

// score is the same in every process, and without any pattern between similar names.
func score(target, replica string) uint64 {
	sum := sha256.Sum256([]byte(target + "\x00" + replica))
	return binary.BigEndian.Uint64(sum[:])
}

func unique(names []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(names)))
}
