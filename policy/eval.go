package policy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// judge is the prepared query of one scope.
type judge struct {
	query    rego.PreparedEvalQuery
	rules    []string // ids, sorted
	required []string // fields that every input has
}

// Eval judges one input by all rules of a scope. The input is anything that
// encoding/json could write, or an ast.Value; now is the time that rules see. Any
// error means that the input has not been judged and must be refused.
func (e *Engine) Eval(ctx context.Context, scope Scope, input any, now time.Time) (res Result, err error) {
	defer func() {
		if r := recover(); r != nil {
			res, err = Result{}, fmt.Errorf("policy, scope %s: the rule engine failed: %v", scope, r)
		}
	}()
	j := e.judges[scope]
	if j == nil {
		return Result{}, fmt.Errorf("policy: there is no scope %q", scope)
	}
	// OPA looks at the context now and then only, and mostly too late.
	if err := ctx.Err(); err != nil {
		return Result{}, fmt.Errorf("policy, scope %s: %w", scope, err)
	}
	value, err := ast.InterfaceToValue(input)
	if err != nil {
		return Result{}, fmt.Errorf("policy, scope %s: read the input: %w", scope, err)
	}
	if err := j.checkInput(value); err != nil {
		return Result{}, fmt.Errorf("policy, scope %s: %w", scope, err)
	}
	terms, err := e.run(ctx, j, value, now)
	if err != nil {
		return Result{}, fmt.Errorf("policy, scope %s: %w", scope, err)
	}
	decisions, err := e.decode(j, terms)
	if err != nil {
		return Result{}, fmt.Errorf("policy, scope %s: %w", scope, err)
	}
	return Result{Decisions: decisions, Evaluated: slices.Clone(j.rules)}, nil
}

// checkInput wants the fields that the schema requires. Without one, rules that
// read it would pass whatever they are for.
func (j *judge) checkInput(value ast.Value) error {
	object, ok := value.(ast.Object)
	if !ok {
		return errors.New("the input is not an object")
	}
	for _, field := range j.required {
		if object.Get(ast.InternedTerm(field)) == nil {
			return fmt.Errorf("the input has no field %q", field)
		}
	}
	return nil
}

// run evaluates the query under its own deadline and returns its one result.
func (e *Engine) run(ctx context.Context, j *judge, input ast.Value, now time.Time) (*ast.Term, error) {
	limited, stop := context.WithTimeout(ctx, e.timeout)
	defer stop()
	cancel := topdown.NewCancel()
	defer context.AfterFunc(limited, cancel.Cancel)()

	var result *ast.Term
	rs, err := j.query.Eval(limited,
		rego.EvalParsedInput(input),
		rego.EvalTime(now),
		rego.EvalExternalCancel(cancel),
		// The entries are read as terms: turning them into JSON would cost more
		// than most rules.
		rego.EvalGenerateJSON(func(t *ast.Term, _ *rego.EvalContext) (any, error) {
			result = t
			return nil, nil
		}),
	)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if limited.Err() != nil {
		return nil, e.tooSlow(err)
	}
	if err != nil {
		return nil, e.explain(err)
	}
	if len(rs) != 1 || len(rs[0].Expressions) != 1 || result == nil {
		return nil, fmt.Errorf("the rules gave %d results instead of one", len(rs))
	}
	return result, nil
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
		cmp.Compare(a.Msg, b.Msg), cmp.Compare(a.MaxDrainSeconds, b.MaxDrainSeconds))
}
