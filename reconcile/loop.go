package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/apply"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// Loop turns. Its methods are for one goroutine, except Status and Preempt.
type Loop struct {
	cfg     Config
	journal *journal
	aside   *aside

	latest  atomic.Pointer[Desired] // the newest that Git said
	current *Desired                // what this turn works on
	status  status
	probed  probedPlan
	telling sync.Mutex
}

// New makes a loop.
func New(cfg Config) (*Loop, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	l := &Loop{cfg: cfg, aside: newAside()}
	l.journal = &journal{store: cfg.History, ledger: cfg.Ledger, now: cfg.Now}
	return l, nil
}

// Turn is what one turn of the loop saw and did.
type Turn struct {
	Desired     *Desired
	Inventories []inventory.Inventory
	Approved    judge.Approved
	Steps       []apply.Step  // mode apply
	Probes      []apply.Probe // mode dry-run
}

// Plan returns the judged plan of the turn.
func (t *Turn) Plan() plan.Plan { return t.Approved.Plan() }

// Waiting reports whether another turn may bring the world further: an action was
// carried out or is still to be, or something is in transition. A resource that
// only waits for what another one gives up (it has waves, but may not begin) is
// nothing to wait for by itself: the other one may be held.
func (t *Turn) Waiting() bool {
	return slices.ContainsFunc(t.Plan().Resources, func(r plan.Resource) bool {
		return r.State == plan.Pending || r.State == plan.Converging && len(r.Waves) == 0
	})
}

// Once looks at Git and EC2 and takes the next step. saved, when not nil, is the
// plan that this one must be.
func (l *Loop) Once(ctx context.Context, saved *plan.Plan) (*Turn, error) {
	l.tell(Event{Kind: EventReading, What: l.cfg.Specs.String()})
	d, err := look(ctx, l.cfg.Specs, l.cfg.Policies, l.latest.Load())
	if err != nil {
		return nil, err
	}
	l.latest.Store(d)
	return l.turn(ctx, d, saved)
}

// Converge turns until nothing is left to wait for, a turn fails, or ctx ends.
func (l *Loop) Converge(ctx context.Context, saved *plan.Plan) (*Turn, error) {
	pace := newPacer(l.cfg.Pace)
	looked := l.cfg.Now()
	t, err := l.Once(ctx, saved)
	for {
		if err != nil || l.cfg.Mode != Apply || !t.Waiting() {
			return t, err
		}
		pause := pace.next(t.Plan().PlanHash)
		l.tell(Event{Kind: EventWaiting, Turn: t, Pause: pause})
		select {
		case <-ctx.Done():
			return t, fmt.Errorf("ended while still converging: %w", context.Cause(ctx))
		case <-time.After(pause):
		}
		if l.cfg.Now().Sub(looked) < l.cfg.Interval {
			t, err = l.turn(ctx, l.current, saved)
			continue
		}
		looked = l.cfg.Now()
		t, err = l.Once(ctx, saved)
	}
}

// turn is one turn on what Git said.
func (l *Loop) turn(ctx context.Context, d *Desired, saved *plan.Plan) (*Turn, error) {
	if d.Err != nil {
		return nil, d.Err
	}
	if l.current == nil || l.current.key() != d.key() {
		l.aside = newAside() // a new request: what was set aside gets another chance
	}
	l.current = d
	if err := l.journal.commit(ctx, d); err != nil {
		return nil, err
	}
	l.tell(Event{Kind: EventReading, What: "EC2"})
	t := &Turn{Desired: d, Inventories: l.observe(ctx, d.Specs.Documents)}
	now := l.cfg.Now()
	if err := l.journal.settle(ctx, t.Inventories, now); err != nil {
		return nil, err
	}
	in := plan.Input{
		Commit: d.Commit.ID, PolicyDigest: d.Engine.Digest(), Mode: string(l.cfg.Mode),
		Documents: d.Specs.Documents, Inventories: t.Inventories, GatewayLimit: l.gatewayLimits(), Intents: l.journal.intents(now),
	}
	l.observeSubnets(ctx, in)
	if ctx.Err() != nil { // half an inventory is none
		return nil, context.Cause(ctx)
	}
	p := plan.Make(in)
	if err := l.setAside(ctx, &p, now); err != nil {
		return nil, err
	}
	t.Approved = judge.Judge(ctx, d.Engine, judge.Case{
		Plan: p, Documents: d.Specs.Documents, Inventories: t.Inventories,
		Commit: d.commitInput(), Budget: l.cfg.Budget, Now: now,
	})
	if err := l.record(ctx, t); err != nil {
		return nil, err
	}
	if err := l.checkSaved(saved, t.Plan()); err != nil {
		return t, err
	}
	l.tell(Event{Kind: EventPlanned, Turn: t})
	if !l.cfg.LookOnly {
		if err := l.act(ctx, t); err != nil {
			return t, err
		}
	}
	l.status.turned(t, l.cfg.Now())
	l.tell(Event{Kind: EventTurned, Turn: t})
	return t, l.unrecorded(t)
}

// act carries out the next step, or probes it.
func (l *Loop) act(ctx context.Context, t *Turn) error {
	runner := &apply.Runner{
		Clients: map[string]apply.EC2{}, Journal: l.journal,
		Preempted: l.preempted, Progress: func(s apply.Step) {
			l.status.beat(l.cfg.Now())
			l.tell(Event{Kind: EventStep, Turn: t, Step: &s})
		},
	}
	for name, target := range l.cfg.Targets {
		runner.Clients[name] = target.EC2
	}
	switch l.cfg.Mode {
	case Apply:
		t.Steps = runner.Apply(ctx, t.Approved, t.Inventories)
		l.aside.learn(t.Steps, l.cfg.Now())
	case DryRun:
		if hash := t.Plan().PlanHash; l.probed.hash != hash { // the same question is not asked twice
			l.probed = probedPlan{hash, runner.Probe(ctx, t.Approved)}
			t.Probes = l.probed.answers
			return l.journal.probes(ctx, t.Plan(), l.probed.answers)
		}
		t.Probes = l.probed.answers
	}
	return nil
}

// preempted reports whether Git said something newer since this turn began.
func (l *Loop) preempted() bool { return l.latest.Load() != l.current }

// unrecorded is the error of a turn in which a record could not be made: without
// one there are no calls, and that is for a person to mend.
func (l *Loop) unrecorded(t *Turn) error {
	for _, s := range t.Steps {
		if s.Outcome == apply.NoRecord {
			return errors.New(s.Message)
		}
	}
	return nil
}

func (l *Loop) gatewayLimits() map[string]int {
	limits := map[string]int{}
	for name, t := range l.cfg.Targets {
		limits[name] = t.GatewayLimit
	}
	return limits
}

// probedPlan remembers a dry-run's answers for one plan.
type probedPlan struct {
	hash    string
	answers []apply.Probe
}
