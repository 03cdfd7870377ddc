package apply

import (
	"context"
	"sync"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// EC2 is one target's EC2.
type EC2 interface {
	// Reread reads one resource anew, by id. Any error means that nothing is known of
	// the resource now, so that nothing is done to it.
	Reread(ctx context.Context, kind inventory.Kind, id string) (inventory.Inventory, error)
	// Do makes one call, once. Its error is an *inventory.Fault.
	Do(ctx context.Context, call inventory.Call) (inventory.Answer, error)
}

// Journal keeps the durable record.
type Journal interface {
	// Intent makes a call's record durable and returns its number. After an error it is
	// not known to be durable, and the call is not made.
	Intent(ctx context.Context, s Step) (uint64, error)
	// Outcome adds what became of it. After an error the call counts as undecided.
	Outcome(ctx context.Context, intent uint64, s Step) error
}

// Step is one action on its way.
type Step struct {
	Commit       string // of the plan, as are the next two
	PolicyDigest string
	PlanHash     string
	Target       string
	Kind         inventory.Kind
	ID           string         // nat-… or eni-…; of a move, the interface that takes
	Spec         plan.SpecRef   // that asked for it
	Verdicts     []plan.Verdict // of the resource; read only
	Action       plan.Action

	Outcome   Outcome // empty: not ended
	Code      string  // EC2's error code; empty without one
	RequestID string  // EC2's; empty when nothing was sent or answered
	Message   string  // for people; empty when EC2 took the call
}

// Outcome is what became of a step.
type Outcome string

// The outcomes of a step. The classes of an [inventory.Fault] are outcomes too.
const (
	Accepted  Outcome = "accepted"  // EC2 took the call; whether it has effect is observed
	Preempted Outcome = "preempted" // not sent: a newer commit, or the process ends
	Changed   Outcome = "changed"   // not sent: EC2 no longer reports what the plan rests on
	Unread    Outcome = "unread"    // not sent: the resource could not be read again
	Guarded   Outcome = "guarded"   // not sent: it would remove a primary address
	Closed    Outcome = "closed"    // not sent: by now a window has closed, or a freeze begun
	NoRecord  Outcome = "no-record" // not sent: the intent could not be made durable
)

// Runner carries out plans.
type Runner struct {
	Clients   map[string]EC2   // by target: of every one that has a pending resource
	Journal   Journal          // of Apply; a probe is recorded by whoever asked for it
	Preempted func() bool      // asked before every call, by all targets; nil: never
	Now       func() time.Time // default time.Now
	Untrusted map[string]bool  // targets whose endpoint ignored DryRun once: never probed again; read only
	Answered  []Probe          // of earlier rounds: these are not asked again, and stand as they are
	Progress  func(Step)       // told of every step: before the call (Outcome is empty) and after it; may be nil
}

// Apply carries out the next action of every pending resource and returns what
// became of each, by target and in the plan's order. inventories are those that the plan
// rests on. There is no error: each step says by its outcome why it was not done.
// Progress is called by the goroutines of all targets.
func (r *Runner) Apply(ctx context.Context, approved judge.Approved, inventories []inventory.Inventory) []Step {
	p := approved.Plan()
	byTarget := map[string][]Step{}
	var targets []string
	for _, res := range p.Resources {
		if res.State != plan.Pending || len(res.Waves) == 0 || len(res.Waves[0]) == 0 {
			continue
		}
		if byTarget[res.Target] == nil {
			targets = append(targets, res.Target)
		}
		byTarget[res.Target] = append(byTarget[res.Target], newStep(p, res, res.Waves[0][0]))
	}
	var wg sync.WaitGroup
	for _, target := range targets {
		steps := byTarget[target]
		wg.Go(func() { r.batch(ctx, approved, steps, inventoryOf(inventories, target)) })
	}
	wg.Wait()
	var all []Step
	for _, target := range targets {
		all = append(all, byTarget[target]...)
	}
	return all
}

func newStep(p plan.Plan, res plan.Resource, a plan.Action) Step {
	return Step{
		Commit: p.Commit, PolicyDigest: p.PolicyDigest, PlanHash: p.PlanHash,
		Target: res.Target, Kind: res.Kind, ID: res.ID, Spec: res.Spec, Verdicts: res.Verdicts, Action: a,
	}
}

// batch carries out one target's steps in order. An outcome that will meet the
// next call too ends it; the rest is planned anew.
func (r *Runner) batch(ctx context.Context, approved judge.Approved, steps []Step, inv *inventory.Inventory) {
	client := r.Clients[steps[0].Target]
	ended := Outcome("")
	for i := range steps {
		s := &steps[i]
		if ended != "" {
			s.Outcome, s.Message = Preempted, "not sent: an earlier call of this target ended with "+string(ended)
			continue
		}
		r.step(ctx, client, approved, s, inv)
		switch s.Outcome {
		case Preempted, NoRecord, Outcome(inventory.ClassCredentials), Outcome(inventory.ClassThrottled), Outcome(inventory.ClassDryRunLeak):
			ended = s.Outcome
		}
	}
}

func inventoryOf(list []inventory.Inventory, target string) *inventory.Inventory {
	for i := range list {
		if list[i].Target == target {
			return &list[i]
		}
	}
	return &inventory.Inventory{Target: target}
}
