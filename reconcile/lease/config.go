package lease

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Config says what a [Keeper] keeps. Table, ID and Targets are required.
type Config struct {
	Table Table

	// ID names this process, and no other that ever was: make it anew at each start,
	// from the host's name and random bits.
	ID  string
	URL string // of this replica's page, for the others to show; may be empty

	// Targets are what there are leases for, until [Keeper.Retarget] says otherwise. All
	// replicas should have the same, but for as long as it takes to tell them of others.
	Targets []string

	// Duration is how long a lease lasts from a renewal; 30 s when zero. LongestCall
	// bounds any call that a holder makes, and is at most half of that; a third when
	// zero.
	Duration, LongestCall time.Duration

	Log *slog.Logger // nil: nothing is logged
}

const defaultDuration = 30 * time.Second

// Parts of a lease's duration.
const (
	renewals = 3  // a lease is renewed, and the table is read, so often in one
	tries    = 6  // one call to the table takes no longer than this part
	breaths  = 24 // the pause after one that failed
)

// rests is for how many leases a replica leaves a target alone on which its work ended:
// longer than another waits before it takes one that is not its own, and not clean.
const rests = 3

// complete puts in what was left out, and refuses what cannot work.
func (c Config) complete() (Config, error) {
	if c.Duration == 0 {
		c.Duration = defaultDuration
	}
	if c.LongestCall == 0 {
		c.LongestCall = c.Duration / 3
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	switch {
	case c.Table == nil:
		return c, errors.New("leases need a table")
	case c.ID == "":
		return c, errors.New("a replica that holds leases needs an ID")
	case c.Duration < 0 || c.LongestCall < 0:
		return c, fmt.Errorf("a lease of %s, or a longest call of %s, is negative", c.Duration, c.LongestCall)
	case c.LongestCall > c.Duration/2:
		return c, fmt.Errorf("a lease of %s is too short for calls of up to %s: it must last twice as long, or a call would find its lease about to end; make the lease longer", c.Duration, c.LongestCall)
	}
	var err error
	c.Targets, err = ordered(c.Targets)
	return c, err
}
