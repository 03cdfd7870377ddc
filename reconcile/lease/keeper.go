package lease

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Keeper takes, renews and gives back the leases of one replica. Its methods may be
// called by several goroutines.
type Keeper struct {
	cfg      Config
	troubles troubles
	changed  chan struct{} // room for one: that there are other targets

	mu      sync.Mutex
	running bool
	targets []string             // in order
	sights  map[string]sight     // by target, as last read
	peers   map[string]peer      // by ID, as last read, without ourselves
	holding map[string]*holding  // by target: from the taking to the end of its goroutine
	resting map[string]time.Time // a hold that ended by itself is not begun again before
	vain    map[string]string    // targets that were given back for nothing, and which members were live then
	acts    map[string]time.Time // from when on no call of an earlier holding is on its way, as of our last taking, or its end
	beats   uint64
}

// New makes a keeper. It sends nothing.
func New(cfg Config) (*Keeper, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	return &Keeper{
		cfg: cfg, targets: cfg.Targets, changed: make(chan struct{}, 1), troubles: troubles{log: cfg.Log, list: map[string]*trouble{}},
		sights: map[string]sight{}, peers: map[string]peer{}, holding: map[string]*holding{}, resting: map[string]time.Time{},
		vain: map[string]string{}, acts: map[string]time.Time{},
	}, nil
}

// Items returns the leases of this replica's targets, and those that a live one holds, as
// last read or written, in the order of their names. One that nobody ever held has
// Version 0.
func (k *Keeper) Items() []Item {
	k.mu.Lock()
	defer k.mu.Unlock()
	live := k.live(time.Now())
	items := make([]Item, 0, len(k.sights))
	for t, s := range k.sights {
		if _, held := live[s.item.Holder]; held || k.has(t) {
			items = append(items, s.item)
		}
	}
	for _, t := range k.targets {
		if _, known := k.sights[t]; !known {
			items = append(items, Item{Target: t})
		}
	}
	slices.SortFunc(items, func(a, b Item) int { return strings.Compare(a.Target, b.Target) })
	return items
}

// Known returns the names of all targets that ever had a lease, as last read, and of those
// of this replica, in order.
func (k *Keeper) Known() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return unique(slices.Concat(slices.Collect(maps.Keys(k.sights)), k.targets))
}

// Trouble says what of the table cannot be reached now, and for how long; nil when all
// is well.
func (k *Keeper) Trouble() error { return k.troubles.current() }

// Run holds leases until ctx ends. For each target that it takes it calls hold in a
// goroutine of its own, whose context ends when hold should: the lease is to be given
// back, or is lost, or can soon be lost (then the cause is [ErrLost]). Hold returns
// when no call of its is on the way any more; then the lease is given back. When hold
// returns by itself, another replica gets its chance first. Run returns when all
// have returned, and a second one at once with an error.
func (k *Keeper) Run(ctx context.Context, hold func(ctx context.Context, h *Held) error) error {
	k.mu.Lock()
	if k.running {
		k.mu.Unlock()
		return errors.New("this keeper runs already")
	}
	k.running = true
	k.mu.Unlock()

	var holds sync.WaitGroup
	for ctx.Err() == nil {
		next := time.Now().Add(k.cfg.Duration / renewals)
		if k.look(ctx) {
			k.rebalance()
			for h := range k.take(ctx, next) {
				o := k.begin(h)
				holds.Go(func() { k.keep(ctx, o, hold) })
			}
		}
		k.rest(ctx, next)
	}
	holds.Wait()
	k.leave(ctx, k.cfg.ID)
	return nil
}

// rest waits for the next look, which comes sooner when there are other targets.
func (k *Keeper) rest(ctx context.Context, next time.Time) {
	timer := time.NewTimer(time.Until(next))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-k.changed:
	}
}

// pause waits, or not when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
