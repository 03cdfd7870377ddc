package simulation

import (
	"fmt"
	"hash/fnv"
	"time"
)

// dice decides by hash: of the seed, of what is decided, and of how often that came
// up before. It has no state, so that decisions do not depend on one another.
type dice struct{ seed uint64 }

func (d dice) roll(about ...any) uint64 {
	h := fnv.New64a()
	fmt.Fprintln(h, append([]any{d.seed}, about...)...)
	x := h.Sum64() // FNV mixes its last bytes badly: finish as splitmix64 does
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// chance is true with probability p.
func (d dice) chance(p float64, about ...any) bool {
	return float64(d.roll(about...)>>11)/(1<<53) < p
}

// below is a number from 0 to n-1.
func (d dice) below(n int, about ...any) int { return int(d.roll(about...) % uint64(n)) }

// between is a duration with odd nanoseconds: no two end at the same instant.
func (d dice) between(least, most time.Duration, about ...any) time.Duration {
	return least + time.Duration(d.roll(about...)%uint64(most-least))
}

// pick is one of a list.
func pick[T any](d dice, list []T, about ...any) T { return list[d.below(len(list), about...)] }
