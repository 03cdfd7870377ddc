package lease

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// troubles are the kinds of call to the table that fail now.
type troubles struct {
	log *slog.Logger

	mu   sync.Mutex
	list map[string]*trouble
}

// The kinds of call, which IAM may allow one by one.
const (
	reading = "read it"
	writing = "write to it"
)

type trouble struct {
	since time.Time
	err   error
}

// note takes in how one call ended, and says once when a kind begins to fail and once
// when it is well again. That somebody else was first is no trouble of the table's.
func (t *troubles) note(what string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := t.list[what]
	switch {
	case err == nil || errors.Is(err, ErrConflict):
		if was != nil {
			delete(t.list, what)
			t.log.Info("the leases' table can be reached again", "to", what, "after", time.Since(was.since).Round(time.Millisecond))
		}
	case was == nil:
		t.list[what] = &trouble{time.Now(), err}
		t.log.Warn("the leases' table cannot be reached: what is held is held for as long as its lease lasts", "to", what, "error", err)
	default:
		was.err = err
	}
}

// current returns the trouble that has lasted longest, or nil.
func (t *troubles) current() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var oldest *trouble
	var what string
	for name, one := range t.list {
		if oldest == nil || one.since.Before(oldest.since) {
			oldest, what = one, name
		}
	}
	if oldest == nil {
		return nil
	}
	return fmt.Errorf("for %s the leases' table cannot be reached to %s: %w", time.Since(oldest.since).Round(time.Second), what, oldest.err)
}
