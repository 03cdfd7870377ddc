package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/ruling"
)

// Lookout looks at Git for one loop, or for many: each source is asked once an interval
// for all of them, a snapshot's specs are parsed once, and rules are compiled once.
type Lookout struct {
	specs    *remembered
	policies []*remembered
	load     LoadPolicies
	past     Past // nil: commits are not compared
	engines  engines
	bell     bell // rung when a look found something new

	begun atomic.Uint64 // looks, so that each has a number
	turn  chan struct{} // held by whoever looks; guards the sources and what follows. No mutex: waiting for it ends with ctx
	last  *Desired
	lines map[lineKey]lineAnswer
}

// NewLookout makes one from a configuration's sources, and their intervals.
func NewLookout(cfg Config) *Lookout {
	if cfg.LoadPolicies == nil {
		cfg.LoadPolicies = LoadHere(policy.Options{})
	}
	every := cfg.Interval
	o := &Lookout{specs: &remembered{Source: cfg.Specs, every: every, retry: every}, load: cfg.LoadPolicies, past: cfg.Past,
		turn: make(chan struct{}, 1), lines: map[lineKey]lineAnswer{}}
	for _, src := range cfg.Policies {
		r := &remembered{Source: src, every: every, retry: every}
		if p, ok := src.(Paced); ok && p.Every() > 0 {
			r.every, r.retry = p.Every(), min(every, p.Every())
		}
		o.policies = append(o.policies, r)
	}
	return o
}

// Close ends what judged. No loop that looks by o may turn any more. The error joins those
// of engines that did not end as they should; there is nothing left to close.
func (o *Lookout) Close() error { return o.engines.closeAll() }

// next is the number of the next look: it begins after now.
func (o *Lookout) next() uint64 { return o.begun.Load() + 1 }

// enter waits for one's turn to ask sources.
func (o *Lookout) enter(ctx context.Context) error {
	select {
	case o.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (o *Lookout) leave() { <-o.turn }

// read asks the sources that are due, or were not asked since a look of that number, and returns
// the same as before when none of them changed. What only the end of ctx broke off
// is not kept: another loop may look right after it. Looks are numbered, because no time
// would do for hints: a hint is answered by a look that began after it, whoever made it.
func (o *Lookout) read(ctx context.Context, k *looker, since uint64) (*Desired, error) {
	if err := o.enter(ctx); err != nil {
		return nil, err
	}
	defer o.leave()
	k.news = o.bell.next() // also where this look fails: what rang before it is heard
	number := o.begun.Add(1)
	last := o.last
	if last == nil {
		last = &Desired{}
	}
	d := *last
	var err error
	d.source = gitsource.Repository(o.specs.String())
	if d.snapshot, err = o.specs.read(ctx, number, since); err != nil {
		return nil, fmt.Errorf("specs: %w", err)
	}
	d.policies = make([]*gitsource.Snapshot, len(o.policies))
	for i, src := range o.policies {
		if d.policies[i], err = src.read(ctx, number, since); err != nil {
			return nil, fmt.Errorf("policy: %w", err)
		}
	}
	newSpecs := last.snapshot != d.snapshot
	newPolicies := last.snapshot == nil || !slices.Equal(last.policies, d.policies)
	if newSpecs || newPolicies {
		o.digest(ctx, &d, newSpecs, newPolicies)
		if ctx.Err() != nil {
			if newPolicies {
				err = closeEngine(d.Engine)
			}
			return nil, errors.Join(ctx.Err(), err)
		}
		if newPolicies && d.Engine != nil {
			o.engines.add(d.Engine)
		}
		if newSpecs {
			clear(o.lines)
		}
		o.last = &d
		o.bell.ring()
		k.news = o.bell.next() // its own ring is no news
	}
	o.engines.enter(k, o.last.Engine)
	return o.last, nil
}

// digest parses and compiles what is new.
func (o *Lookout) digest(ctx context.Context, d *Desired, newSpecs, newPolicies bool) {
	var parsing sync.WaitGroup // beside the policies, which take as long
	if newSpecs {
		parsing.Go(func() {
			d.Commit, d.Specs = d.snapshot.Commit, parse(d.snapshot)
			d.digests = digests(d.Specs.Documents)
		})
	}
	if newPolicies {
		d.Engine, d.Rulings, d.policyErr = o.compile(ctx, d.policies)
	}
	parsing.Wait()
	d.Levels = levels(d.Engine)
	d.Err = errors.Join(d.Specs.Err(), d.policyErr)
}

// lineKey names a question about what lies between two commits.
type lineKey struct {
	from string
	to   *gitsource.Snapshot
}

// lineAnswer is Git's word, and in which look at the specs it was asked.
type lineAnswer struct {
	line   *gitsource.Line
	err    error
	number uint64
}

// line asks what lies between two commits: once for all loops that stand at the same
// one, and after a failure again with the next look at the specs.
func (o *Lookout) line(ctx context.Context, from string, to *gitsource.Snapshot) (*gitsource.Line, error) {
	if err := o.enter(ctx); err != nil {
		return nil, err
	}
	defer o.leave()
	key := lineKey{from, to}
	if a, known := o.lines[key]; known && (a.err == nil || a.number == o.specs.number) {
		return a.line, a.err
	}
	line, err := o.past.Line(ctx, from, to)
	if ctx.Err() == nil {
		o.lines[key] = lineAnswer{line, err, o.specs.number}
	}
	return line, err
}

// compile makes the engine, and reads the rulings that stand beside the rules.
func (o *Lookout) compile(ctx context.Context, snapshots []*gitsource.Snapshot) (Engine, ruling.Set, error) {
	var sources []policy.Source
	var files []ruling.File
	for i, s := range snapshots {
		src := policy.Source{Name: o.policies[i].String()}
		for _, f := range s.Files {
			src.Files = append(src.Files, policy.File{Path: f.Path, Data: f.Data})
			files = append(files, ruling.File{Path: strings.TrimSuffix(src.Name, "/") + "/" + f.Path, Data: f.Data})
		}
		sources = append(sources, src)
	}
	engine, err := o.load(ctx, sources)
	if err != nil {
		return nil, ruling.Set{}, fmt.Errorf("policy: %w", err)
	}
	// A rule that is lowered for a while can be waived no more than before.
	own := map[string]policy.Level{}
	var lowered []string
	for _, r := range engine.Rules() {
		if own[r.ID] = r.Own(); r.LoweredFrom != "" {
			lowered = append(lowered, r.ID)
		}
	}
	rulings, problems := ruling.Parse(files, func(id string) (waivable, known bool) {
		level, known := own[id]
		return level != policy.Mandatory, known
	})
	var bad []error
	for _, p := range problems {
		bad = append(bad, p)
	}
	if len(bad) > 0 {
		bad = append(bad, closeEngine(engine))
		return nil, ruling.Set{}, fmt.Errorf("policy: %w", errors.Join(bad...))
	}
	rulings.Lowered = lowered
	return engine, rulings, nil
}

// Prepare reads all sources anew, before any loop does. The error says why nothing could
// be planned from them.
func (o *Lookout) Prepare(ctx context.Context) error {
	k := newLooker(o)
	d, err := o.read(ctx, k, o.next())
	if err != nil {
		return err
	}
	return errors.Join(d.Err, o.engines.leave(k))
}
