package fleet

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/lease"
)

// Config is all that a [Fleet] is made of. Keeper, Log and Writer are required.
type Config struct {
	Keeper *lease.Keeper
	// LongestCall bounds each call; it is the keeper's.
	LongestCall time.Duration

	// Read opens a target's log for reading; Write takes it over for a lease: what an
	// older epoch appends from then on is refused.
	Read  func(target string) history.Log
	Write func(ctx context.Context, target string, held *lease.Held) (history.Store, error)

	Log *slog.Logger     // default: discards
	Now func() time.Time // default time.Now
}

func (c *Config) validate() error {
	switch {
	case c.Keeper == nil:
		return errors.New("fleet: no keeper of leases")
	case c.Read == nil || c.Write == nil:
		return errors.New("fleet: no logs")
	case c.LongestCall <= 0:
		return errors.New("fleet: calls have no bound")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return nil
}
