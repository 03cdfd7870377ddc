package simulation

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"sync"
	"time"
)

// lastEvents is how many events a failure shows.
const lastEvents = 40

// trace is what happened, one line an event. Its digest tells whether two runs were
// the same.
type trace struct {
	mu    sync.Mutex
	out   io.Writer // nil: nobody watches
	sum   hash.Hash
	last  []string
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
	line := fmt.Sprintf("%6d %12s %s\n", t.steps, time.Since(t.began).Truncate(time.Microsecond), fmt.Sprintf(format, args...))
	t.sum.Write([]byte(line))
	t.last = append(t.last, line)
	if len(t.last) > lastEvents {
		t.last = t.last[1:]
	}
	if t.out != nil {
		fmt.Fprint(t.out, line)
	}
}

func (t *trace) digest() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return hex.EncodeToString(t.sum.Sum(nil))
}
