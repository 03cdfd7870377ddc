package simulation

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing/cryptotest"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile"
)

// opinion is what policy said of one thing last.
type opinion struct {
	failed, deny, hold bool
}

// engine is the process beside sluice that evaluates rules. It may hang, until its
// limit ends it; what it answers is written down for the checker.
type engine struct {
	reconcile.Engine
	p *process
}

// compiled keeps what policy.Load makes of the same files, over all runs of this
// program: compiling is pure, and takes longer than an hour of the simulation.
var compiled sync.Map

// limit is policy's own for one evaluation.
const limit = 5 * time.Second

func (p *process) loadPolicies(ctx context.Context, sources []policy.Source) (reconcile.Engine, error) {
	h := sha256.New()
	for _, s := range sources {
		files := slices.SortedFunc(slices.Values(s.Files), func(a, b policy.File) int {
			if a.Path < b.Path {
				return -1
			}
			return 1
		})
		for _, f := range files {
			if f.Path[:min(9, len(f.Path))] != "approvals" {
				fmt.Fprintf(h, "%s %d %s\n", f.Path, len(f.Data), f.Data)
			}
		}
	}
	key := string(h.Sum(nil))
	made, ok := compiled.Load(key)
	if !ok {
		e, err := policy.Load(ctx, sources, policy.Options{EvalTimeout: time.Hour}) // of a real clock
		if err != nil {
			p.w.fired(policyBroken)
			return nil, err
		}
		made, _ = compiled.LoadOrStore(key, e)
	}
	// Compiling takes random numbers, and the SDK's next pause must not depend on
	// whether it was necessary.
	cryptotest.SetGlobalRandom(p.w.t, p.w.roll("after compiling", p.w.nth("compiling")))
	return engine{made.(*policy.Engine), p}, nil
}

func (e engine) Eval(ctx context.Context, scope policy.Scope, input any, now time.Time) (policy.Result, error) {
	a := e.EvalAll(ctx, scope, 1, func(int) any { return input }, now)[0]
	return a.Result, a.Err
}

var errHung = errors.New("the evaluation took longer than its limit of 5s: context deadline exceeded")

func (e engine) EvalAll(ctx context.Context, scope policy.Scope, n int, input func(int) any, now time.Time) []policy.Answer {
	w := e.p.w
	inputs := make([]any, n)
	for i := range inputs {
		inputs[i] = input(i)
	}
	about := []any{scope, w.nth("policy", scope)}
	if w.pair { // of two loops that ask at once, neither is the first
		asked := e.p.digestOf(inputs)
		about = []any{scope, e.p.number, asked, w.nth("policy", e.p.number, scope, asked)}
	}
	if n > 0 && e.p.killed(killInPolicy, 0.002, about...) {
		return failAll(n, errCut)
	}
	var answers []policy.Answer
	if n > 0 && w.strikes(policyHangs, 0.01, about...) {
		w.fired(policyHangs)
		w.add("policy hangs, scope %s", scope)
		_ = e.p.wait(ctx, limit)
		answers = failAll(n, errHung)
	} else {
		answers = e.Engine.EvalAll(ctx, scope, n, func(i int) any { return inputs[i] }, now)
	}
	for i, a := range answers {
		e.p.hears(scope, inputs[i], a)
	}
	return answers
}

// digestOf tells inputs from others.
func (p *process) digestOf(inputs []any) string {
	h := sha256.New()
	for _, in := range inputs {
		data, err := policy.InputJSON(in)
		if err != nil {
			p.w.t.Errorf("an input of policy cannot be read: %v", err)
		}
		h.Write(data)
	}
	return string(h.Sum(nil))
}

func failAll(n int, err error) []policy.Answer {
	answers := make([]policy.Answer, n)
	for i := range answers {
		answers[i].Err = err
	}
	return answers
}

// subject is what an input is about.
type subject struct {
	Metadata struct{ Name string }
	Action   struct {
		Verb                string
		Addresses, Prefixes []string
	}
	Resource struct{ ID, Target string }
}

// hears writes an answer down.
func (p *process) hears(scope policy.Scope, input any, a policy.Answer) {
	var key string
	if scope == policy.ScopePlan {
		key = "plan"
	} else {
		data, err := policy.InputJSON(input)
		var s subject
		if err == nil {
			err = json.Unmarshal(data, &s)
		}
		if err != nil {
			p.w.t.Errorf("an input of policy cannot be read: %v", err)
		}
		key = "spec " + s.Metadata.Name
		if scope == policy.ScopeAction {
			key = actionKey(s.Resource.Target, s.Resource.ID, s.Action.Verb, slices.Concat(s.Action.Addresses, s.Action.Prefixes))
		}
	}
	o := opinion{failed: a.Err != nil}
	for _, d := range a.Decisions {
		o.deny = o.deny || d.Kind == policy.Deny
		o.hold = o.hold || d.Kind == policy.Hold
	}
	if o.failed && !errors.Is(a.Err, errHung) && !errors.Is(a.Err, errCut) {
		p.w.fired(policyFails)
	}
	if o.deny {
		p.w.fired(policyDenies)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked[key] = o
}

func actionKey(target, id, verb string, subjects []string) string {
	list := slices.Clone(subjects)
	slices.Sort(list)
	return keyOf(target, id, verb, list)
}
