package fleet

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// Crew is the loops of one configuration: one for each target that the fleet holds. Its
// methods may be called by several goroutines.
type Crew struct {
	fleet *Fleet
	cfg   reconcile.Config
}

// Crew makes the loops of a configuration. Its Targets are all targets, and need not be
// those of the crew before; History, Ledger, Only and Lookout are the fleet's to fill in.
// What listens is called by one loop at a time.
func (f *Fleet) Crew(cfg reconcile.Config) *Crew {
	if cfg.Interval <= 0 {
		cfg.Interval = time.Minute
	}
	cfg.Lookout = reconcile.NewLookout(cfg)
	if cfg.Log == nil {
		cfg.Log = f.cfg.Log
	}
	if cfg.Now == nil {
		cfg.Now = f.cfg.Now
	}
	var telling sync.Mutex
	if tell := cfg.Events; tell != nil {
		cfg.Events = func(e reconcile.Event) {
			telling.Lock()
			defer telling.Unlock()
			tell(e)
		}
	}
	var observing sync.Mutex
	observers := cfg.Observers
	cfg.Observers = nil
	for _, observe := range observers {
		cfg.Observers = append(cfg.Observers, func(o reconcile.Outcome) {
			observing.Lock()
			defer observing.Unlock()
			observe(o)
		})
	}
	return &Crew{fleet: f, cfg: cfg}
}

// Prepare reads specs and policies before the crew serves. The error says why nothing
// could be planned from them.
func (c *Crew) Prepare(ctx context.Context) error { return c.cfg.Lookout.Prepare(ctx) }

// Serve works for the targets that the fleet holds, and for those that it takes
// meanwhile, until ctx ends. Only one crew of a fleet serves at a time; each goes on
// where the one before it stood. From now on the fleet competes for this configuration's
// targets: what it holds of others is given back.
func (c *Crew) Serve(ctx context.Context) error {
	if err := c.fleet.retarget(c.cfg.Targets); err != nil {
		return err
	}
	var working sync.WaitGroup
	defer working.Wait()
	begun := map[*seat]bool{}
	for {
		now := map[*seat]bool{}
		for _, s := range c.seats() {
			if now[s] = begun[s]; !now[s] && s.begin() {
				now[s] = true
				working.Go(func() { c.work(ctx, s) })
			}
		}
		begun = now
		select {
		case <-ctx.Done():
			return nil
		case <-c.fleet.news:
		}
	}
}

// work serves one target until ctx ends, or its lease.
func (c *Crew) work(ctx context.Context, s *seat) {
	defer s.working.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	log := c.cfg.Log.With("target", s.target)
	loop, err := s.next(ctx, c.configOf(s))
	if err == nil {
		c.fleet.worksAgain(s.target)
		err = loop.Serve(ctx)
	}
	if err != nil {
		log.Error("nothing is done for a target", "epoch", s.held.Epoch(), "error", err)
	}
	if loop != nil {
		if err := loop.Close(); err != nil {
			log.Error("what judged for a target was not ended", "error", err)
		}
	}
}

// configOf is the configuration of one target's loop.
func (c *Crew) configOf(s *seat) reconcile.Config {
	cfg := c.cfg
	cfg.Only, cfg.Log = s.target, c.cfg.Log.With("target", s.target)
	cfg.Targets = maps.Clone(c.cfg.Targets)
	target := cfg.Targets[s.target]
	target.EC2 = fenced{target.EC2, s.held, c.fleet.cfg.LongestCall}
	cfg.Targets[s.target] = target
	return cfg
}

// Close ends what judged. The crew must not serve any more.
func (c *Crew) Close() error { return c.cfg.Lookout.Close() }

// Hint tells all loops that Git may have something new; see [reconcile.Loop.Hint].
func (c *Crew) Hint() { c.each((*reconcile.Loop).Hint) }

// HintEC2 tells all loops that somebody may have changed what EC2 holds; see
// [reconcile.Loop.HintEC2].
func (c *Crew) HintEC2() { c.each((*reconcile.Loop).HintEC2) }

// seats are those of the configuration's targets. Of a target that was removed there may
// be one for a while yet.
func (c *Crew) seats() []*seat {
	return slices.DeleteFunc(c.fleet.all(), func(s *seat) bool {
		_, known := c.cfg.Targets[s.target]
		return !known
	})
}

func (c *Crew) each(f func(*reconcile.Loop)) {
	for _, s := range c.seats() {
		if loop := s.current(); loop != nil {
			f(loop)
		}
	}
}

// Draining lists what is not finished in the targets that are held.
func (c *Crew) Draining() []plan.Resource {
	var list []plan.Resource
	c.each(func(l *reconcile.Loop) { list = append(list, l.Draining()...) })
	return list
}

// DrainUntil returns when an address that sluice is draining is gone at the latest, in a
// target that is held.
func (c *Crew) DrainUntil(target, id string, addr netip.Addr) (end time.Time, known bool) {
	for _, s := range c.seats() {
		if loop := s.current(); loop != nil && s.target == target {
			return loop.DrainUntil(target, id, addr)
		}
	}
	return time.Time{}, false
}

// worksAgain forgets why a target was given back before.
func (f *Fleet) worksAgain(target string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.errs, target)
}
