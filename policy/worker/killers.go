package worker

import (
	"crypto/sha256"
	"encoding/json"
	"sync"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
)

// An input that ended a child is not tried again for so long, by the same rules; so
// many are remembered.
const (
	killerRest = 10 * time.Minute
	maxKillers = 10_000
)

// killers are inputs that ended a child. A daemon asks about the same ones again and
// again, and each attempt would cost a child and the patience for others.
type killers struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]killer
}

type killer struct {
	until time.Time
	err   error // what it ended the child with
}

// killerKey names an input. Its time does not count: it is another one every time, and
// the input would never be known again.
func killerKey(scope policy.Scope, input []byte) [sha256.Size]byte {
	var fields map[string]any
	if json.Unmarshal(input, &fields) == nil { // and the order of fields does not either
		delete(fields, "time")
		if data, err := json.Marshal(fields); err == nil {
			input = data
		}
	}
	return sha256.Sum256(append([]byte(scope+"\n"), input...))
}

func (k *killers) add(scope policy.Scope, input []byte, err error, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known == nil || len(k.known) >= maxKillers {
		k.known = map[[sha256.Size]byte]killer{}
	}
	k.known[killerKey(scope, input)] = killer{now.Add(killerRest), err}
}

// find returns what an input ended a child with lately, or nil.
func (k *killers) find(scope policy.Scope, input []byte, now time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.known) == 0 {
		return nil // the common case costs nothing
	}
	key := killerKey(scope, input)
	found, ok := k.known[key]
	if ok && !now.Before(found.until) {
		delete(k.known, key)
		return nil
	}
	return found.err
}
