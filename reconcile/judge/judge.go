package judge

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/calendar"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/ruling"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// Engine evaluates the rules of one scope; *policy.Engine is one.
type Engine interface {
	// Eval judges one input. After an error nothing was decided, and nothing may be done.
	Eval(ctx context.Context, scope policy.Scope, input any, now time.Time) (policy.Result, error)
	// EvalAll judges n inputs and returns as many answers, each with an error of its own.
	EvalAll(ctx context.Context, scope policy.Scope, n int, input func(int) any, now time.Time) []policy.Answer
}

// Case is what is judged, and what it rests on.
type Case struct {
	Plan        plan.Plan             // as plan.Make made it, perhaps with resources set aside; it is copied
	Documents   []spec.Document       // that it was made of
	Inventories []inventory.Inventory // likewise
	// Missed is what could not be read this time, as it was read last. It only counts
	// against the budget.
	Missed  []inventory.Inventory
	Commit  Commit
	Budget  Budget
	Levels  map[string]policy.Level // by rule; only advisory ones matter here
	Rulings ruling.Set              // waivers and approvals, from the trusted policy source
	// Begun are the approved plans that were begun: what is left of one needs no
	// approval of its own.
	Begun []plan.Plan
	// Authors are who else had a part in the change than the commit itself says: an
	// approval of theirs does not count.
	Authors []Person
	// AuthorsUnknown is why Authors may not be all of them: then no approval counts,
	// for it could be of one's own change. Empty: they are all.
	AuthorsUnknown string
	// CommitHold is why the commit itself is held; empty: it is not.
	CommitHold string
	// Calendar says what must wait, and until when.
	Calendar calendar.Calendar
	Now      time.Time // of the whole judgement: rules, waivers and calendar see one instant
}

// Approved is a judged plan. Its pending resources are those that may be carried
// out; the zero value holds none.
type Approved struct {
	plan     plan.Plan
	calendar calendar.Calendar
	owners   map[liveKey]spec.Document // of every resource that has a good one
	left     map[string]int            // of the budget, by target
}

// Plan returns the judged plan: every resource with its verdicts, those that were
// stopped included. The caller must not change its slices.
func (a Approved) Plan() plan.Plan { return a.plan }

// BudgetLeft says by target how many more addresses the specs may take away without
// an approval. The caller must not change it.
func (a Approved) BudgetLeft() map[string]int { return a.left }

// Judge evaluates spec rules for every good document, action rules for every
// action, plan rules for the whole, then the budget, then whether the commit is held,
// then approvals, and in the end the calendar. It fails closed: what cannot be
// evaluated is not approved.
func Judge(ctx context.Context, engine Engine, c Case) Approved {
	j := &judgement{engine: engine, c: c, p: clonePlan(c.Plan), docs: indexDocuments(c.Documents), live: indexLive(c.Inventories), missed: indexLive(c.Missed), free: newFree(c.Inventories), left: map[string]int{}}
	j.judgeDocuments(ctx)
	j.judgeActions(ctx)
	j.p.Seal()
	j.whole(ctx)
	j.budgets()
	j.holdCommit()
	j.p.Seal()
	j.approve()
	j.wait()
	j.p.Seal()
	return j.approved()
}

// judgement is one plan on its way through the checks, which change it in place.
type judgement struct {
	engine Engine
	c      Case
	p      plan.Plan
	docs   map[plan.SpecRef]document
	live   map[liveKey]live
	missed map[liveKey]live
	free   free
	left   map[string]int // of the budget, by target
}

// judgeDocuments asks the spec rules about the document behind each resource.
func (j *judgement) judgeDocuments(ctx context.Context) {
	var judged []*plan.Resource
	for i := range j.p.Resources {
		r := &j.p.Resources[i]
		switch _, ok := j.docs[r.Spec]; {
		case r.State == plan.Error: // there is nothing that could be carried out
		case !ok:
			r.Stop(plan.Error, "no good document stands behind this resource, so it cannot be judged")
		default:
			judged = append(judged, r)
		}
	}
	answers := j.engine.EvalAll(ctx, policy.ScopeSpec, len(judged), func(i int) any { return j.docs[judged[i].Spec].input }, j.c.Now)
	for i, r := range judged {
		j.read(r, j.waive(r, j.docs[r.Spec].Document, answers[i].Result), answers[i].Err)
	}
}

// step is one action of a resource as the action rules are asked about it.
type step struct {
	r             *plan.Resource
	a             *plan.Action
	wave          int
	before, after int  // addresses that take new connections
	free          *int // addresses of the subnet after it; nil: not known
}

// mostRounds is how often one action is asked about. Each round but the last made
// its drain shorter; rules that never agree are wrong.
const mostRounds = 8

// judgeActions asks the action rules about each action of each resource. A cap
// changes an action, so what was capped is asked about again: a drain that one rule
// shortens may be too short for another.
func (j *judgement) judgeActions(ctx context.Context) {
	var steps []step
	for i := range j.p.Resources {
		steps = append(steps, j.steps(&j.p.Resources[i])...)
	}
	in := j.newActionInputs()
	said := map[*plan.Action][]policy.Decision{}
	for range mostRounds {
		answers := j.engine.EvalAll(ctx, policy.ScopeAction, len(steps), func(i int) any { return in.of(steps[i]) }, j.c.Now)
		var capped []step
		for i, s := range steps {
			res := j.waive(s.r, j.docs[s.r.Spec].Document, answers[i].Result)
			if j.cap(s.r, s.a, res) {
				capped = append(capped, s)
			}
			res.Decisions = news(said[s.a], res.Decisions)
			said[s.a] = append(said[s.a], res.Decisions...)
			j.read(s.r, res, answers[i].Err)
		}
		if steps = capped; len(steps) == 0 {
			return
		}
	}
	for _, s := range steps {
		s.r.Stop(plan.Error, fmt.Sprintf("rules capped the drain of %s %d times and would not stop; mend them", s.a, mostRounds))
	}
}

// news are the decisions of rules that have not said so before, in other words
// perhaps.
func news(before, decisions []policy.Decision) []policy.Decision {
	return slices.DeleteFunc(decisions, func(d policy.Decision) bool {
		return slices.ContainsFunc(before, func(b policy.Decision) bool { return b.Rule == d.Rule && b.Kind == d.Kind })
	})
}

// steps lists a resource's actions, guarded. Actions that the guard refuses are asked
// about all the same: whoever reads the plan sees every rule that is against it.
func (j *judgement) steps(r *plan.Resource) []step {
	live, found := j.live[keyOf(r)]
	if _, ok := j.docs[r.Spec]; !ok || len(r.Waves) == 0 {
		return nil
	}
	if !found {
		r.Stop(plan.Error, fmt.Sprintf("%s is not in the inventory that the plan rests on", r.ID))
		return nil
	}
	var list []step
	subnet, taken := subnetKey{r.Target, live.subnet}, 0
	serving := live.serving()
	for w, wave := range r.Waves {
		for n := range wave {
			a := &wave[n]
			if err := Guard(*a, live.addresses); err != nil {
				r.Verdicts = append(r.Verdicts, plan.Verdict{Rule: GuardRule, Decision: policy.Deny, Msg: err.Error()})
				r.Stop(plan.Denied, err.Error())
			}
			j.free.take(subnet, takes(*a))
			taken += takes(*a)
			list = append(list, step{r, a, w, serving, serving + change(*a), j.free.after(subnet)})
			serving += change(*a)
		}
	}
	if r.State == plan.Denied || r.State == plan.Error {
		j.free.take(subnet, -taken) // what is refused takes no address from the others
	}
	return list
}

// change is how many more (or fewer) addresses serve after an action.
func change(a plan.Action) int {
	if a.Verb == inventory.VerbUnassign {
		return -len(a.Addresses)
	}
	return len(a.Addresses)
}

// cap shortens a drain to the lowest cap, and reports whether it did.
func (j *judgement) cap(r *plan.Resource, a *plan.Action, res policy.Result) (capped bool) {
	for _, d := range res.Decisions {
		if d.Kind == policy.Cap && a.MaxDrainSeconds > d.MaxDrainSeconds && d.MaxDrainSeconds >= 1 {
			a.MaxDrainSeconds, capped = d.MaxDrainSeconds, true
			r.Verdicts = append(r.Verdicts, plan.Verdict{Rule: d.Rule, Decision: d.Kind, Msg: d.Msg})
		}
	}
	return capped
}

// read takes decisions into a resource; caps were read before. It fails closed: an error
// stops the resource, and so does a word that is no decision, which an engine of another
// version might know.
func (j *judgement) read(r *plan.Resource, res policy.Result, err error) {
	if err != nil {
		r.Verdicts = append(r.Verdicts, plan.Verdict{Rule: EngineRule, Decision: policy.Deny, Msg: err.Error()})
		r.Stop(plan.Error, "policy could not be evaluated, so nothing is done: "+err.Error())
		return
	}
	for _, d := range res.Decisions {
		if d.Kind == policy.Cap {
			continue
		}
		if !slices.Contains([]string{policy.Deny, policy.Hold, policy.Warn}, d.Kind) {
			r.Stop(plan.Error, fmt.Sprintf("policy answered %s with %q, which is no decision, so nothing is done", d.Rule, d.Kind))
			continue
		}
		r.Verdicts = appendOnce(r.Verdicts, plan.Verdict{Rule: d.Rule, Decision: d.Kind, Msg: d.Msg})
		stop(r, d.Kind, d.Rule, d.Msg)
	}
}

// stop applies a deny or a hold to a resource; a deny outweighs a hold, and an
// error, a block, or something in transition stands.
func stop(r *plan.Resource, kind, rule, msg string) {
	reason := fmt.Sprintf("%s: %s", rule, msg)
	waits := r.State == plan.Converging && len(r.Waves) == 0 // a drain goes on, whatever is said of it
	switch {
	case waits || r.State == plan.Error || r.State == plan.Blocked || r.State == plan.Denied:
	case kind == policy.Deny:
		r.Stop(plan.Denied, reason)
	case kind == policy.Hold && r.State == plan.Pending:
		r.Stop(plan.Held, reason)
	}
}

// whole judges the plan by the plan rules; their verdicts bind every resource
// that would change.
func (j *judgement) whole(ctx context.Context) {
	res, err := j.engine.Eval(ctx, policy.ScopePlan, j.planInput(), j.c.Now)
	for i, d := range res.Decisions {
		res.Decisions[i] = j.advise(d)
	}
	for i := range j.p.Resources {
		if r := &j.p.Resources[i]; len(r.Waves) > 0 {
			j.read(r, res, err)
		}
	}
}

func appendOnce(list []plan.Verdict, v plan.Verdict) []plan.Verdict {
	for _, have := range list {
		if have == v {
			return list
		}
	}
	return append(list, v)
}

// clonePlan copies what judging changes: resources, their waves and verdicts.
func clonePlan(p plan.Plan) plan.Plan {
	resources := make([]plan.Resource, len(p.Resources))
	for i, r := range p.Resources {
		waves := make([][]plan.Action, len(r.Waves))
		for w := range r.Waves {
			waves[w] = append([]plan.Action(nil), r.Waves[w]...)
		}
		r.Waves, r.Verdicts = waves, append([]plan.Verdict{}, r.Verdicts...)
		resources[i] = r
	}
	p.Resources = resources
	return p
}
