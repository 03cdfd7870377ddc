package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/apply"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// Loop turns. Its methods are for one goroutine, except Status, Hint and DrainUntil.
type Loop struct {
	cfg     Config
	looker  *looker
	journal *journal
	aside   *aside

	latest  atomic.Pointer[Desired] // the newest that Git said
	hints   chan struct{}           // room for one: that Git may say something new
	stirred chan struct{}           // likewise: that EC2 may hold something else
	bell    bell                    // rung when latest is another
	current *Desired                // what this turn works on
	first   string                  // the commit that this process was the first to see
	runs    *runs                   // of the daemon; nil in commands, whose turns are runs themselves
	status  status
	probed  probed
	who     *attribution       // of the daemon; nil in commands
	right   map[string]holding // what each resource held when it was last seen as its spec says
	last    lastRead

	// untrusted are the targets whose endpoint carried out a dry-run.
	untrusted map[string]bool
	telling   sync.Mutex
}

// New makes a loop. Nothing is read or sent. The error says what cfg lacks, or that
// Config.Only names no target.
func New(cfg Config) (*Loop, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	out := cfg.Lookout
	if out == nil {
		out = NewLookout(cfg)
	}
	l := &Loop{cfg: cfg, aside: newAside(), looker: newLooker(out), untrusted: map[string]bool{}, last: lastRead{}, hints: make(chan struct{}, 1), stirred: make(chan struct{}, 1)}
	l.journal = &journal{store: cfg.History, ledger: cfg.Ledger, now: cfg.Now, ages: newAges(cfg.Now())}
	l.looker.scope, l.looker.base = cfg.scope, l.journal.base
	return l, nil
}

// Close ends what judged. The loop must not turn any more. The error is of an engine that
// did not end as it should; there is nothing left to close.
func (l *Loop) Close() error {
	if l.cfg.Lookout != nil {
		return l.looker.out.engines.leave(l.looker)
	}
	return l.looker.out.Close()
}

// Turn is what one turn of the loop saw and did.
type Turn struct {
	Desired     *Desired
	Inventories []inventory.Inventory
	Planned     plan.Plan // before it was judged
	Approved    judge.Approved
	Steps       []apply.Step  // mode apply
	Probes      []apply.Probe // mode dry-run

	at time.Time // when the inventories were read
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
//
// The error says why the turn was broken off: a source could not be read, Desired.Err,
// the record could not be written, or ctx ended; no turn comes with it then. With a
// [StaleError], and where what became of a call or a probe could not be recorded, the
// turn is returned too. What EC2 or policy refuses is no error: the turn says so.
func (l *Loop) Once(ctx context.Context, saved *plan.Plan) (*Turn, error) {
	l.tell(Event{Kind: EventReading, What: l.cfg.Specs.String()})
	d, err := l.look(ctx, l.looker.out.next())
	if err != nil {
		return nil, err
	}
	l.latest.Store(d)
	return l.turn(ctx, d, saved)
}

// Converge turns until nothing is left to wait for, a turn fails, or ctx ends. A
// look at Git that fails once a turn went well is told of, and what was read last
// stays in force: a drain must not be left in the middle. The last turn that went
// well is returned with an error too.
func (l *Loop) Converge(ctx context.Context, saved *plan.Plan) (*Turn, error) {
	pace := newPacer(l.cfg.Pace)
	looked := l.cfg.Now()
	t, err := l.Once(ctx, saved)
	trust := outage{known: map[string]bool{}}
	for {
		if err != nil || l.cfg.Mode != Apply || !t.Waiting() && !trust.passing(t.Plan(), l.cfg.Now()) {
			return t, err
		}
		pause := pace.next(t.Plan().PlanHash)
		l.tell(Event{Kind: EventWaiting, Turn: t, Pause: pause})
		select {
		case <-ctx.Done():
			return t, ErrInterrupted
		case <-time.After(pause):
		}
		if l.cfg.Now().Sub(looked) >= l.cfg.Interval {
			looked = l.cfg.Now()
			l.lookAgain(ctx)
		}
		var next *Turn
		if next, err = l.turn(ctx, l.latest.Load(), saved); next != nil {
			t = next
		}
	}
}

// ErrInterrupted is the end of a wait that somebody else ended.
var ErrInterrupted = errors.New("interrupted while still converging; run the same command again to go on")

// outagePatience is how long a resource that was seen well before may be in error
// before waiting for it ends: a read that fails, or shows nothing, may pass.
const outagePatience = 5 * time.Minute

// outage tells an error that may pass from one that stands since the beginning.
type outage struct {
	known map[string]bool // resources that were seen well
	since time.Time       // when the trouble began; zero while there is none
}

// passing reports whether a resource that was seen well is in error, not yet for
// too long.
func (o *outage) passing(p plan.Plan, now time.Time) bool {
	trouble := false
	for _, r := range p.Resources {
		key := r.Spec.File + " " + r.Spec.Name
		if r.State != plan.Error {
			o.known[key] = true
		} else if o.known[key] {
			trouble = true
		}
	}
	switch {
	case !trouble:
		o.since = time.Time{}
	case o.since.IsZero():
		o.since = now
	}
	return trouble && now.Sub(o.since) < outagePatience
}

// lookAgain reads Git in the middle of converging.
func (l *Loop) lookAgain(ctx context.Context) {
	d, err := l.look(ctx, l.looker.out.next())
	if err != nil {
		if ctx.Err() == nil {
			l.cfg.Log.Error("git was not read; going on with what was read last", "error", err)
			l.tell(Event{Kind: EventFailed, Err: err})
		}
		return
	}
	l.latest.Store(d)
}

// turn is one turn on what Git said, and tells what it came to.
func (l *Loop) turn(ctx context.Context, d *Desired, saved *plan.Plan) (*Turn, error) {
	part, end := l.around(ctx, d, Part{Name: PartTurn, Settled: l.settled(d)})
	t, err := l.takeTurn(part, d, saved)
	end(err)
	l.report(ctx, d, t, err)
	return t, err
}

// takeTurn takes the steps of one turn, in their order; ARCHITECTURE.md tells them.
func (l *Loop) takeTurn(ctx context.Context, d *Desired, saved *plan.Plan) (*Turn, error) {
	if d.Err != nil {
		return nil, d.Err
	}
	asked := l.turnTo(d)
	if err := l.journal.commit(ctx, d); err != nil {
		return nil, err
	}
	held, err := l.commitHold(ctx, d)
	if err != nil {
		return nil, err
	}
	t := &Turn{Desired: d}
	if err := l.observeAndPlan(ctx, t); err != nil {
		return nil, err
	}
	if err := l.judge(ctx, t, held); err != nil {
		return nil, err
	}
	if err := l.checkSaved(saved, t.Plan()); err != nil {
		return t, err
	}
	if err := l.record(ctx, t); err != nil {
		return nil, err
	}
	l.who.want(l.cfg.Ledger.Unanswered())
	l.tell(Event{Kind: EventPlanned, Turn: t})
	if asked {
		l.report(ctx, d, t, nil) // its calls may take minutes
	}
	if !l.cfg.LookOnly {
		acting, end := l.around(ctx, d, Part{Name: PartAct})
		err := l.act(acting, t)
		end(err)
		if err != nil {
			return t, err
		}
	}
	if l.runs != nil {
		l.runs.looked(t.Inventories)
	}
	l.status.turned(t, l.DrainUntil, l.cfg.Now())
	l.tell(Event{Kind: EventTurned, Turn: t})
	return t, l.unrecorded(t)
}

// turnTo makes d what this loop works on, and reports whether that is a new request. What
// was set aside is forgotten only then: a look that found the same commit and rules must
// not end a pause that EC2 asked for.
func (l *Loop) turnTo(d *Desired) (asked bool) {
	asked = l.current == nil || l.current.key() != d.key()
	if asked {
		l.aside = newAside() // what was set aside gets another chance
	}
	l.current = d
	if err := l.looker.judges(d.Engine); err != nil { // this turn judges by d's
		l.cfg.Log.Error("policies that are no longer in force were not ended", "error", err)
	}
	switch {
	case !l.cfg.Ledger.SeenCommit(d.Commit.ID):
		l.first = d.Commit.ID
	case l.first != d.Commit.ID:
		l.first = ""
	}
	return asked
}

// observeAndPlan reads EC2 and plans what leads from there to the specs: the turn's
// Inventories, Planned, and the instant that both are of. Intents are settled by what was
// just read before the planner is told of those that are left, and subnets are read last,
// since only then it is known which.
func (l *Loop) observeAndPlan(ctx context.Context, t *Turn) error {
	d := t.Desired
	l.tell(Event{Kind: EventReading, What: "EC2"})
	observing, end := l.around(ctx, d, Part{Name: PartObserve})
	t.Inventories = l.observe(observing, d.Specs.Documents)
	end(nil)
	t.at = l.cfg.Now()
	seen := sight(t.Inventories)
	if err := l.journal.settle(ctx, seen, t.at); err != nil {
		return err
	}
	in := plan.Input{
		Commit: d.Commit.ID, PolicyDigest: d.Engine.Digest(), Mode: string(l.cfg.Mode),
		Documents: d.Specs.Documents, Inventories: t.Inventories, GatewayLimit: l.gatewayLimits(), Intents: l.journal.intents(t.at),
		Targets: l.cfg.scope.targets,
	}
	planning, end := l.around(ctx, d, Part{Name: PartPlan})
	l.observeSubnets(planning, in)
	p := plan.Make(in)
	end(nil)
	if ctx.Err() != nil { // half an inventory is none
		return context.Cause(ctx)
	}
	if err := l.observeDrift(ctx, d, &p, seen, t.at); err != nil {
		return err
	}
	if err := l.setAside(ctx, d, &p, t.at); err != nil {
		return err
	}
	t.Planned = p
	return nil
}

// judge asks policy, budget, approvals and calendar: the turn's Approved. held is why
// the commit itself is, or empty.
func (l *Loop) judge(ctx context.Context, t *Turn, held string) error {
	d := t.Desired
	judging, end := l.around(ctx, d, Part{Name: PartPolicy})
	t.Approved = judge.Judge(judging, d.Engine, judge.Case{
		Plan: t.Planned, Documents: d.Specs.Documents, Inventories: t.Inventories, Missed: l.last.missed(t.Inventories),
		Commit: d.CommitInput(), Budget: l.cfg.Budget, Levels: d.Levels, Rulings: d.Rulings, Begun: l.begun(),
		CommitHold: held, Authors: l.allAuthors(d), AuthorsUnknown: l.authorsUnknown(d),
		Calendar: l.cfg.Calendar, Now: t.at,
	})
	end(ctx.Err())
	if ctx.Err() != nil { // what could not be evaluated in time was not refused
		return context.Cause(ctx)
	}
	return nil
}

// begun returns the approved plans of this commit that are not done yet.
func (l *Loop) begun() []plan.Plan {
	var list []plan.Plan
	for _, data := range l.cfg.Ledger.Approved() {
		var p plan.Plan
		if json.Unmarshal(data, &p) == nil {
			list = append(list, p)
		}
	}
	return list
}

// act carries out the next step, or probes it.
func (l *Loop) act(ctx context.Context, t *Turn) error {
	runner := &apply.Runner{
		Clients: map[string]apply.EC2{}, Journal: l.journal,
		Preempted: l.preempted, Now: l.cfg.Now, Untrusted: l.untrusted, Progress: func(s apply.Step) {
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
		return l.probe(ctx, t, runner)
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
