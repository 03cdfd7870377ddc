package simulation

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"slices"
	"sync"
	"time"
)

// lastEvents is how many events a failure shows.
const lastEvents = 40

// trace is what happened, one line an event. Its digest tells whether two runs were the
// same. Within one instant it knows no order: two loops of a replica that wake up together
// touch nothing that is the other's until the times of their answers have parted them.
type trace struct {
	mu    sync.Mutex
	out   io.Writer // nil: nobody watches
	sum   hash.Hash
	last  []string
	at    time.Duration // of the last event
	now   []string      // all events of that instant, not in the sum yet
	steps int
	began time.Time
}

func newTrace(out io.Writer) *trace {
	return &trace{out: out, sum: sha256.New(), began: time.Now()}
}

func (t *trace) add(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.steps++
	text, at := fmt.Sprintf(format, args...), time.Since(t.began)
	if at != t.at {
		t.passes()
		t.at = at
		instant.Store(int64(at))
	}
	t.now = append(t.now, text)
	line := fmt.Sprintf("%6d %12s %s\n", t.steps, at.Truncate(time.Microsecond), text)
	t.last = append(t.last, line)
	if len(t.last) > lastEvents {
		t.last = t.last[1:]
	}
	if t.out != nil {
		fmt.Fprint(t.out, line)
	}
}

// passes ends an instant.
func (t *trace) passes() {
	slices.Sort(t.now)
	fmt.Fprintf(t.sum, "%d %q\n", t.at, t.now)
	t.now = t.now[:0]
}

func (t *trace) digest() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.passes()
	return hex.EncodeToString(t.sum.Sum(nil))
}
