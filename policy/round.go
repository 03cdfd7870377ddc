package policy

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// round is one of the goroutines of a call of EvalAll. What all its queries need is
// made once.
type round struct {
	engine *Engine
	judge  *judge
	now    time.Time
	late   *atomic.Int64 // evaluations of the whole call that took too long

	mu     sync.Mutex
	cancel topdown.Cancel // of the query that runs
	limit  *time.Timer    // ends it; so does the context
	leave  func() bool    // ends waiting for the context

	explainer *explainer // nil but for [Engine.Explain]
}

func (e *Engine) newRound(ctx context.Context, scope Scope, now time.Time, late *atomic.Int64) *round {
	r := &round{engine: e, judge: e.judges[scope], now: now, late: late}
	r.watch()
	r.leave = context.AfterFunc(ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.cancel.Cancel()
	})
	return r
}

// watch makes a new limit, which has nothing to do with the one before.
func (r *round) watch() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cancel = topdown.NewCancel()
	r.limit = time.AfterFunc(r.engine.timeout, r.cancel.Cancel)
}

func (r *round) end() {
	r.limit.Stop()
	r.leave()
}

// evaluate judges one input.
func (r *round) evaluate(ctx context.Context, in any) (res Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			res, err = Result{}, fmt.Errorf("the rule engine failed: %v", p)
		}
	}()
	t, err := r.read(in)
	if err != nil {
		return Result{}, err
	}
	entries, err := r.query(ctx, t)
	if err != nil {
		return Result{}, err
	}
	decisions, err := r.engine.decode(entries)
	if err != nil {
		return Result{}, err
	}
	return Result{Decisions: decisions, Evaluated: r.judge.rules}, nil
}

// read makes an input what rules see, and wants the fields that the schema
// requires: without one, rules that read it would pass whatever they are for.
func (r *round) read(in any) (*ast.Term, error) {
	if r.judge == nil {
		return nil, errors.New("there is no such scope")
	}
	t, err := r.judge.words.term(in)
	if err != nil {
		return nil, fmt.Errorf("read the input: %w", err)
	}
	object, ok := t.Value.(ast.Object)
	if !ok {
		return nil, errors.New("the input is not an object")
	}
	for _, field := range r.judge.required {
		if object.Get(field) == nil {
			return nil, fmt.Errorf("the input has no field %s", field)
		}
	}
	return t, nil
}

// query evaluates the rules on one input under a deadline of its own, and returns
// their decisions. It uses topdown as rego does, but without what rego does for
// each call.
func (r *round) query(ctx context.Context, input *ast.Term) (entries ast.Set, err error) {
	// OPA looks at a context now and then only, and mostly too late.
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.late.Load() >= patience {
		return nil, fmt.Errorf("not evaluated: %d evaluations before this one took longer than their limit of %s", patience, r.engine.timeout)
	}
	r.limit.Reset(r.engine.timeout)
	results := 0
	err = r.prepare(input).Iter(ctx, func(q topdown.QueryResult) error {
		results++
		entries, _ = q[decisionsVar].Value.(ast.Set)
		return nil
	})
	late := !r.limit.Stop()
	if late {
		r.watch() // the old limit may strike at any moment: not at the next query
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case late:
		r.late.Add(1)
		return nil, r.engine.tooSlow(err)
	case err != nil:
		return nil, r.engine.explain(err)
	case entries == nil || results != 1:
		return nil, fmt.Errorf("the rules gave %d sets of decisions instead of one: a defect of the engine", results)
	}
	return entries, nil
}

func (r *round) prepare(input *ast.Term) *topdown.Query {
	e := r.engine
	q := topdown.NewQuery(r.judge.query).
		WithQueryCompiler(r.judge.compiler).
		WithCompiler(e.compiler).
		WithStore(e.store).
		WithTransaction(e.txn).
		WithBaseCache(e.base).
		WithInput(input).
		WithTime(r.now).
		WithCancel(r.cancel).
		WithVirtualCache(&resultCache{}).
		WithMetrics(metrics.NoOp()).
		WithStrictBuiltinErrors(true)
	if r.explainer != nil {
		q = q.WithQueryTracer(r.explainer).WithIndexing(false) // every rule is tried
	}
	return q
}

// resultCache keeps what rules gave during one query, but for the set of all
// decisions: nobody asks for that twice. Most queries have nothing else to keep.
type resultCache struct{ kept topdown.VirtualCache }

func (c *resultCache) all() topdown.VirtualCache {
	if c.kept == nil {
		c.kept = topdown.NewVirtualCache()
	}
	return c.kept
}

func (c *resultCache) Push()           { c.all().Push() }
func (c *resultCache) Pop()            { c.all().Pop() }
func (c *resultCache) Keys() []ast.Ref { return c.all().Keys() }

func (c *resultCache) Get(ref ast.Ref) (*ast.Term, bool) {
	if c.kept == nil {
		return nil, false
	}
	return c.kept.Get(ref)
}

func (c *resultCache) Put(ref ast.Ref, value *ast.Term) {
	if !ref.HasPrefix(gatheredPackage) {
		c.all().Put(ref, value)
	}
}
