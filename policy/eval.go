package policy

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// judge is the prepared query of one scope.
type judge struct {
	query    ast.Body
	compiler ast.QueryCompiler
	rules    []string // ids, sorted
	required []string // fields that every input has
}

// A query's answer has the number of the input and the set of its decisions.
const (
	numberVar    = ast.Var("number")
	decisionsVar = ast.Var("decisions")
)

// chunk is how many inputs one query judges: what a query costs by itself is
// shared by then, and a context that ends is still noticed soon.
const chunk = 100

// patience is how many evaluations of one call may run into their limit before
// the rest is refused without one: each of them holds up everything else.
const patience = 3

// Answer is what the rules said of one input. With an error the input has not been
// judged and must be refused.
type Answer struct {
	Result
	Err error
}

// Eval judges one input, as [Engine.EvalAll] does.
func (e *Engine) Eval(ctx context.Context, scope Scope, input any, now time.Time) (Result, error) {
	a := e.EvalAll(ctx, scope, 1, func(int) any { return input }, now)[0]
	return a.Result, a.Err
}

// EvalAll judges n inputs by all rules of a scope, and returns as many answers.
// Inputs are asked for when they are needed, so that only a few exist at a time:
// anything that encoding/json could write, with parts made by [Value] in it. now is
// the time that rules see. An input that cannot be judged does not stop the others.
func (e *Engine) EvalAll(ctx context.Context, scope Scope, n int, input func(int) any, now time.Time) []Answer {
	answers := make([]Answer, n)
	r := &round{engine: e, judge: e.judges[scope], now: now, patience: patience}
	for from := 0; from < n; from += chunk {
		inputs := make([]any, 0, chunk)
		for i := from; i < min(from+chunk, n); i++ {
			inputs = append(inputs, input(i))
		}
		r.evaluate(ctx, inputs, answers[from:from+len(inputs)])
	}
	for i := range answers {
		if err := answers[i].Err; err != nil {
			answers[i] = Answer{Err: fmt.Errorf("policy, scope %s: %w", scope, err)}
		}
	}
	return answers
}

// Value returns v in the engine's own form. Inputs that have a part in common
// share it, and the work of reading it.
func Value(v any) (any, error) { return ast.InterfaceToValue(v) }

// InputJSON writes an input as JSON, whatever it is made of.
func InputJSON(input any) ([]byte, error) {
	v, err := ast.InterfaceToValue(input)
	if err != nil {
		return nil, err
	}
	plain, err := ast.JSON(v)
	if err != nil {
		return nil, err
	}
	return json.Marshal(plain)
}

// round is one call of EvalAll.
type round struct {
	engine   *Engine
	judge    *judge
	now      time.Time
	patience int

	explainer *explainer // nil but for [Engine.Explain]
}

// evaluate judges inputs by one query; when that fails, each by one of its own, to
// find which it was.
func (r *round) evaluate(ctx context.Context, inputs []any, answers []Answer) {
	var terms []*ast.Term
	var places []int // of the terms among the inputs
	for i, in := range inputs {
		value, err := r.read(in)
		if err != nil {
			answers[i].Err = err
			continue
		}
		terms, places = append(terms, ast.NewTerm(value)), append(places, i)
	}
	if len(terms) == 0 {
		return
	}
	err := r.query(ctx, terms, func(i int, entries ast.Set) {
		a := &answers[places[i]]
		a.Evaluated = r.judge.rules
		a.Decisions, a.Err = r.engine.decode(entries)
	})
	for i, place := range places {
		a := &answers[place]
		switch {
		case err == nil && a.Evaluated == nil:
			a.Err = errors.New("the rules gave no result: a defect of the engine")
		case err != nil && len(terms) == 1:
			a.Err = err
		case err != nil:
			*a = Answer{}
			r.evaluate(ctx, []any{terms[i].Value}, answers[place:place+1])
		}
	}
}

// read makes an input what rules see, and wants the fields that the schema
// requires: without one, rules that read it would pass whatever they are for.
func (r *round) read(in any) (v ast.Value, err error) {
	if r.judge == nil {
		return nil, errors.New("there is no such scope")
	}
	if v, err = ast.InterfaceToValue(in); err != nil {
		return nil, fmt.Errorf("read the input: %w", err)
	}
	object, ok := v.(ast.Object)
	if !ok {
		return nil, errors.New("the input is not an object")
	}
	for _, field := range r.judge.required {
		if object.Get(ast.InternedTerm(field)) == nil {
			return nil, fmt.Errorf("the input has no field %q", field)
		}
	}
	return v, nil
}

// query evaluates terms under one deadline and hands over the decisions on each.
// It uses topdown as rego does, but without what rego does for each call.
func (r *round) query(ctx context.Context, terms []*ast.Term, each func(int, ast.Set)) (err error) {
	e := r.engine
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the rule engine failed: %v", p)
		}
	}()
	// OPA looks at a context now and then only, and mostly too late.
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.patience == 0 {
		return fmt.Errorf("not evaluated: %d evaluations before this one took longer than their limit of %s", patience, e.timeout)
	}
	cancel := topdown.NewCancel()
	limit := time.AfterFunc(e.timeout, cancel.Cancel)
	defer limit.Stop()
	defer context.AfterFunc(ctx, cancel.Cancel)()
	query := topdown.NewQuery(r.judge.query).
		WithQueryCompiler(r.judge.compiler).
		WithCompiler(e.compiler).
		WithStore(e.store).
		WithTransaction(e.txn).
		WithInput(ast.ArrayTerm(terms...)).
		WithTime(r.now).
		WithCancel(cancel).
		WithMetrics(metrics.NoOp()).
		WithStrictBuiltinErrors(true)
	if r.explainer != nil {
		query = query.WithQueryTracer(r.explainer).WithIndexing(false) // every rule is tried
	}
	err = query.Iter(ctx, func(q topdown.QueryResult) error {
		number, isNumber := q[numberVar].Value.(ast.Number)
		i, isInt := number.Int()
		entries, isSet := q[decisionsVar].Value.(ast.Set)
		if !isNumber || !isInt || !isSet {
			return errors.New("the rules gave no set of decisions: a defect of the engine")
		}
		each(i, entries)
		return nil
	})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case cancel.Cancelled():
		if len(terms) == 1 {
			r.patience--
		}
		return e.tooSlow(err)
	case err != nil:
		return e.explain(err)
	}
	return nil
}

// tooSlow reports the deadline, with the rule that was running when OPA knows it.
func (e *Engine) tooSlow(err error) error {
	where := ""
	var te *topdown.Error
	if errors.As(err, &te) {
		where = e.place(te.Location)
	}
	return fmt.Errorf("%sthe evaluation took longer than its limit of %s: %w", where, e.timeout, context.DeadlineExceeded)
}

// explain says which rule failed, and where.
func (e *Engine) explain(err error) error {
	var te *topdown.Error
	if !errors.As(err, &te) {
		return err
	}
	return fmt.Errorf("%s%s", e.place(te.Location), strings.TrimSpace(te.Message))
}

// place returns "rule action.x (file:line): ", or as much of it as is known.
func (e *Engine) place(loc *ast.Location) string {
	if loc == nil || loc.File == "" {
		return ""
	}
	at := fmt.Sprintf("%s:%d", loc.File, loc.Row)
	if id := e.files[loc.File]; id != "" {
		return fmt.Sprintf("rule %s (%s): ", id, at)
	}
	return at + ": "
}

func byRule(a, b Decision) int {
	return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Msg, b.Msg),
		cmp.Compare(a.MaxDrainSeconds, b.MaxDrainSeconds), cmp.Compare(a.Path, b.Path))
}
