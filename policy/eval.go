package policy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// judge is the prepared query of one scope.
type judge struct {
	query    ast.Body
	compiler ast.QueryCompiler
	rules    []string    // ids, sorted
	required []*ast.Term // fields that every input has
	words    words
}

// decisionsVar is what a query binds its result to.
const decisionsVar = ast.Var("decisions")

// patience is how many evaluations of one call may run into their limit before
// the rest is refused without one: each of them holds up everything else.
const patience = 3

// inputsPerWorker is how many inputs are worth another goroutine.
const inputsPerWorker = 32

// chunkSize is how many inputs a goroutine asks for at once: for one at a time the
// goroutines would mostly wait for each other.
const chunkSize = 16

// Answer is what the rules said of one input. With an error the input has not been
// judged and must be refused.
type Answer struct {
	Result
	Err error
}

// Eval judges one input, as [Engine.EvalAll] does. After an error it has not been judged
// and must be refused.
func (e *Engine) Eval(ctx context.Context, scope Scope, input any, now time.Time) (Result, error) {
	a := e.EvalAll(ctx, scope, 1, func(int) any { return input }, now)[0]
	return a.Result, a.Err
}

// EvalAll judges n inputs by all rules of a scope, and returns as many answers.
// Inputs are asked for when they are needed, by one goroutine at a time, so that only a few exist:
// anything that encoding/json could write, with parts made by [Value] in it. now is
// the time that rules see. An input that cannot be judged does not stop the others.
//
// Errors name the rule and its line where they are known: a built-in function or a
// message that failed, an entry or an input of the wrong form. That of an evaluation
// longer than Options.EvalTimeout is [context.DeadlineExceeded]; once ctx has ended, all
// are ctx's.
func (e *Engine) EvalAll(ctx context.Context, scope Scope, n int, input func(int) any, now time.Time) []Answer {
	answers := make([]Answer, n)
	var asking sync.Mutex
	ask := func(from, to int) []any {
		asking.Lock()
		defer asking.Unlock()
		chunk := make([]any, 0, to-from)
		for i := from; i < to; i++ {
			chunk = append(chunk, input(i))
		}
		return chunk
	}
	var next, late atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), 1+n/inputsPerWorker) {
		workers.Go(func() {
			r := e.newRound(ctx, scope, now, &late)
			defer r.end()
			for from := int(next.Add(chunkSize)) - chunkSize; from < n; from = int(next.Add(chunkSize)) - chunkSize {
				for i, in := range ask(from, min(from+chunkSize, n)) {
					res, err := r.evaluate(ctx, in)
					if err != nil {
						res, err = Result{}, fmt.Errorf("policy, scope %s: %w", scope, err)
					}
					answers[from+i] = Answer{res, err}
				}
			}
		})
	}
	workers.Wait()
	return answers
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
