package outbox

import (
	"context"
	"errors"
	"sync"
	"time"
)

// The bounds of an outbox.
const (
	room     = 1024             // subjects that are known at a time
	deadline = 10 * time.Second // of one Send
	attempts = 4                // to send the same news
	pause    = time.Second      // before the second attempt; four times as long before each further one
	longest  = 2 * time.Minute  // that a server may ask to wait for within the attempts
	rest     = 10 * time.Minute // before news that was given up may be sent again
	flush    = 5 * time.Second  // for what waits at the end
)

// Later is an error that may pass: the news is tried again.
type Later struct {
	Err   error
	After time.Duration // not before; what the server asked for
}

// Error is that of Err.
func (l *Later) Error() string { return l.Err.Error() }

// Unwrap is Err.
func (l *Later) Unwrap() error { return l.Err }

// ErrEnded is why news was given up that the process ended before it was tried.
var ErrEnded = errors.New("the process ended before it could be sent")

// Outbox holds what is to be sent: of each subject K the newest news V.
type Outbox[K, V comparable] struct {
	deliver func(context.Context, K, V) error
	gaveUp  func(K, V, error)

	mu       sync.Mutex
	subjects map[K]*subject[V]
	puts     int           // so far, for the age of subjects
	news     chan struct{} // room for one
}

// subject is what is known of one K.
type subject[V any] struct {
	put      int // when it was put last
	waiting  bool
	next     V
	due      time.Time
	attempts int
	err      error // of the last attempt
	flying   bool  // next, or what it replaced, is being sent

	last  V // what was sent, or given up, last
	said  bool
	until time.Time // given up: not again before
}

// New makes an empty outbox. send sends one piece of news; its context ends at a
// deadline. gaveUp is told of news that will not be sent, and may be nil. Run's
// goroutine calls both.
func New[K, V comparable](send func(context.Context, K, V) error, gaveUp func(K, V, error)) *Outbox[K, V] {
	return &Outbox[K, V]{deliver: send, gaveUp: gaveUp, subjects: map[K]*subject[V]{}, news: make(chan struct{}, 1)}
}

// Put makes v the news of k. It returns at once. Where there are too many subjects,
// the one that was put longest ago is forgotten.
func (o *Outbox[K, V]) Put(k K, v V) {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.subjects[k]
	if s == nil {
		if len(o.subjects) >= room {
			o.forgetOldest()
		}
		s = &subject[V]{}
		o.subjects[k] = s
	}
	o.puts++
	s.put = o.puts
	known := s.last == v && (s.said || time.Now().Before(s.until))
	switch {
	case s.waiting && s.next == v:
	case known && !s.flying:
		s.waiting = false // what waited in between is no news any more
	default:
		if !s.waiting {
			s.due = time.Time{}
		}
		s.next, s.waiting, s.attempts = v, true, 0
	}
	select {
	case o.news <- struct{}{}:
	default:
	}
}

func (o *Outbox[K, V]) forgetOldest() {
	var oldest K
	first := true
	for k, s := range o.subjects {
		if first || s.put < o.subjects[oldest].put {
			oldest, first = k, false
		}
	}
	delete(o.subjects, oldest)
}

// first returns the subject that is due first.
func (o *Outbox[K, V]) first() (k K, due time.Time, found bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for key, s := range o.subjects {
		if !s.waiting {
			continue
		}
		if !found || s.due.Before(due) || s.due.Equal(due) && s.put < o.subjects[k].put {
			k, due, found = key, s.due, true
		}
	}
	return k, due, found
}
