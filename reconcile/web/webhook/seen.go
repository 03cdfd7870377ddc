package webhook

import (
	"crypto/sha256"
	"sync"
	"time"
)

// How long, and how many, deliveries of a provider are remembered. It is longer
// than a signed timestamp stays good, twice the tolerance, by far. Only deliveries
// that were verified take a place, so no stranger can push others out.
const (
	remembered = time.Hour
	places     = 8192 // two for a delivery at most
)

// seen remembers what was delivered lately, the oldest first.
type seen struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]bool
	order []sighting
}

type sighting struct {
	key [sha256.Size]byte
	at  time.Time
}

// first reports whether none of the names was seen lately, and remembers all.
func (s *seen) first(now time.Time, names ...string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(now)
	fresh := true
	for _, name := range names {
		key := sha256.Sum256([]byte(name)) // of one size, whatever the host sends
		if s.known[key] {
			fresh = false
			continue
		}
		if s.known == nil {
			s.known = map[[sha256.Size]byte]bool{}
		}
		s.known[key] = true
		s.order = append(s.order, sighting{key, now})
	}
	return fresh
}

// forget makes room for one more delivery.
func (s *seen) forget(now time.Time) {
	for len(s.order) > 0 && (now.Sub(s.order[0].at) >= remembered || len(s.order) > places-2) {
		delete(s.known, s.order[0].key)
		s.order = s.order[1:]
	}
}
