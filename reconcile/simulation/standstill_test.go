package simulation

import (
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// standsStill is how long, by the machine's own clock, no time may pass in a world: a
// goroutine that never waits keeps all others from ever being due.
const standsStill = time.Minute

// instant is the time of the last step, as the world has it.
var instant atomic.Int64

// watch ends the program when a run stands still, with what every goroutine does. Nothing
// inside of the world could tell. It is called outside of the bubble; the function that it
// returns ends it.
func watch(seed uint64) (end func()) {
	done := make(chan struct{})
	go func() {
		ticker := time.NewTicker(standsStill)
		defer ticker.Stop()
		for last := int64(-1); ; {
			select {
			case <-done:
				return
			case <-ticker.C:
			}
			now := instant.Load()
			if now == last {
				debug.SetTraceback("all")
				panic(fmt.Sprintf("seed %d, step 0: invariant 12 does not hold: no time has passed in the world for %s (and [])", seed, standsStill))
			}
			last = now
		}
	}()
	return func() { close(done) }
}
