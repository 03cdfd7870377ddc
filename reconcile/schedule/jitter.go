package schedule

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"time"
)

// Jitter returns a delay of 0 up to, but not including, max. It is the same for
// the same key, so that a thousand targets on one schedule start spread out and
// each keeps its own place. It is 0 when max is not positive.
func Jitter(key string, max time.Duration) time.Duration {
	if max <= 0 {
		return 0
	}
	sum := sha256.Sum256([]byte(key)) // spreads keys that differ in one digit
	share, _ := bits.Mul64(binary.BigEndian.Uint64(sum[:8]), uint64(max))
	return time.Duration(share)
}

// maxSpread bounds how much later than its run a target may start.
const maxSpread = 30 * time.Second

// Spread is over how much time many targets that share a run at t are spread: a
// tenth of the time to the next run, and at most 30 seconds.
func (s Schedule) Spread(t time.Time) time.Duration {
	run := s.Next(t.Add(-1))
	next := s.Next(run)
	if next.IsZero() {
		return 0
	}
	return min(next.Sub(run)/10, maxSpread)
}
