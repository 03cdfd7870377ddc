package reconcile

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile/apply"
	"github.com/seed-6ca89210/sluice/reconcile/calendar"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
)

// Mode says how far a turn may go.
type Mode string

// The modes.
const (
	Observe Mode = "observe" // no mutating call
	DryRun  Mode = "dry-run" // mutating calls with DryRun, where EC2 has it
	Apply   Mode = "apply"   // acts
)

// Source is where specs or policies come from; *gitsource.Source is one.
type Source interface {
	// Snapshot returns the newest snapshot, or last itself when nothing changed. After an
	// error what was read last stays in force.
	Snapshot(ctx context.Context, last *gitsource.Snapshot) (*gitsource.Snapshot, error)
	// String names the source for people, without secrets.
	String() string
}

// Paced is a source of policies that has an interval of its own.
type Paced interface {
	// Every is the time between two looks at it; 0 means [Config].Interval.
	Every() time.Duration
}

// EC2 is one target's EC2; *ec2.Client is one.
type EC2 interface {
	apply.EC2
	// Observe and Subnets tell of reads that failed by Unread: they have no error.
	Observe(ctx context.Context, q inventory.Query) inventory.Inventory
	Subnets(ctx context.Context, q inventory.SubnetQuery) ([]inventory.Subnet, []inventory.Unread)
}

// Target is one account and Region.
type Target struct {
	EC2          EC2
	GatewayLimit int   // addresses one NAT gateway can hold, the primary included; 0: AWS's default, 8
	Trail        Trail // says who changed addresses; nil: nobody is asked
}

// Pace bounds the pause between two looks at something in transition; it grows
// from Min to Max while nothing changes.
type Pace struct {
	Min, Max time.Duration
}

// Config is all that a [Loop] is made of.
type Config struct {
	Mode     Mode
	LookOnly bool // plan and judge, but neither act nor probe
	Specs    Source
	// Past is the specs' history. With it, a commit that does not descend from the last
	// applied one is held until an operator acknowledges it, or an approval names its
	// plan; nil: commits are not compared, as for a folder or a pinned commit.
	Past     Past
	Signed   Signed   // which commits are held unless they are signed
	Policies []Source // none: only the shipped library
	// LoadPolicies compiles the policies; nil: [LoadHere].
	LoadPolicies LoadPolicies

	Targets map[string]Target
	// Only is the one of Targets that the loop works for, where others work for the
	// rest: what names one of those is no business of its. What names no target at all
	// is the business of the first one's loop, and files that cannot be read are that of
	// every loop. Empty: all targets.
	Only string
	// Lookout looks at Git for several loops, in place of Specs, Past and Policies. The
	// loop does not close it. nil: the loop looks by itself.
	Lookout  *Lookout
	Budget   judge.Budget // removals that need no approval; the zero value: none
	Calendar calendar.Calendar
	// AdoptCommand is the command that writes the spec for what is live on a resource,
	// as a person types it; for schedules that adopt.
	AdoptCommand func(target, id string) string
	Interval     time.Duration // between two looks at a source, unless it is [Paced]; default 1m
	// HintInterval is the least time from one look at Git to one that [Loop.Hint]
	// asks for; default 2s.
	HintInterval time.Duration
	// EC2HintInterval is the least time from the beginning of one turn to one that
	// [Loop.HintEC2] asks for; default 10s.
	EC2HintInterval time.Duration
	Pace            Pace // default 1s to 15s

	// History is where intents and outcomes go; nil in commands that only look.
	History history.Store
	// Ledger is what the history says already; nil: nothing.
	Ledger *history.Ledger

	Log    *slog.Logger     // default: discards
	Now    func() time.Time // default time.Now
	Events func(Event)      // told what happens as it happens; may be nil
	// Observers are told what each turn found of its commit, target by target, in
	// order. The loop calls them, one at a time, so they return at once: what takes
	// time belongs into an outbox.
	Observers []func(Outcome)
	// Around are told of each part of the work as it begins and ends, by the goroutines
	// that do it.
	Around []Around

	scope scope
}

// validate refuses what cannot work and fills in what is left out. Its errors are for
// whoever wires a loop: what a person wrote was checked in cmd/sluice/config.
func (c *Config) validate() error {
	switch {
	case c.Specs == nil:
		return errors.New("reconcile: no source of specs")
	case len(c.Targets) == 0:
		return errors.New("reconcile: no target")
	case c.Mode != Observe && c.Mode != DryRun && c.Mode != Apply:
		return errors.New("reconcile: mode must be observe, dry-run or apply")
	case !slices.Contains([]Signed{SignedNone, SignedHead, SignedSince}, c.Signed):
		return fmt.Errorf("reconcile: signed %q is not one of head and since-last-applied", c.Signed)
	case c.Mode == Apply && !c.LookOnly && c.History == nil:
		return errors.New("reconcile: mode apply needs a history: no call without a durable record")
	}
	if err := c.narrow(); err != nil {
		return err
	}
	if c.Interval <= 0 {
		c.Interval = time.Minute
	}
	if c.HintInterval <= 0 {
		c.HintInterval = 2 * time.Second
	}
	if c.EC2HintInterval <= 0 {
		c.EC2HintInterval = 10 * time.Second
	}
	if c.Pace.Min <= 0 {
		c.Pace.Min = time.Second
	}
	if c.Pace.Max < c.Pace.Min {
		c.Pace.Max = max(15*time.Second, c.Pace.Min)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Ledger == nil {
		c.Ledger = history.NewLedger()
	}
	return nil
}
