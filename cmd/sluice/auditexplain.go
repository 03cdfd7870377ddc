package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// explaining is an engine that keeps, of what it denies or holds, why: for the
// actions of a plan and for the plan, whose inputs nobody else sees.
type explaining struct {
	reconcile.Engine
	judge.Explainer
	actions map[string][]policy.Explanation // by place of the document behind them
	plan    []policy.Explanation
}

// explained loads policies as [isolated] does, into an engine that explains.
func explained(cfg config.Config, into *explaining) reconcile.LoadPolicies {
	return func(ctx context.Context, sources []policy.Source) (reconcile.Engine, error) {
		e, err := isolated(cfg)(ctx, sources)
		if err != nil {
			return nil, err
		}
		explainer, ok := e.(judge.Explainer)
		if !ok {
			return nil, fmt.Errorf("%T does not explain: a defect of sluice", e)
		}
		into.Engine, into.Explainer = e, explainer
		return into, nil
	}
}

// EvalAll judges, and explains what fails.
func (e *explaining) EvalAll(ctx context.Context, scope policy.Scope, n int, input func(int) any, now time.Time) []policy.Answer {
	answers := e.Engine.EvalAll(ctx, scope, n, input, now)
	for i, a := range answers {
		if scope != policy.ScopeSpec && failing(a.Result) {
			e.keep(ctx, scope, input(i), now)
		}
	}
	return answers
}

// Eval judges one input as EvalAll does.
func (e *explaining) Eval(ctx context.Context, scope policy.Scope, input any, now time.Time) (policy.Result, error) {
	a := e.EvalAll(ctx, scope, 1, func(int) any { return input }, now)[0]
	return a.Result, a.Err
}

func failing(r policy.Result) bool {
	return slices.ContainsFunc(r.Decisions, func(d policy.Decision) bool { return d.Kind == policy.Deny || d.Kind == policy.Hold })
}

// keep explains one input. What cannot be explained was judged all the same.
func (e *explaining) keep(ctx context.Context, scope policy.Scope, input any, now time.Time) {
	list, err := e.Explain(ctx, scope, input, now)
	if err != nil {
		return
	}
	if scope == policy.ScopePlan {
		e.plan = list
		return
	}
	var of struct {
		Document struct {
			File string `json:"file"`
			Line int    `json:"line"`
		} `json:"document"`
	}
	if data, err := policy.InputJSON(input); err == nil && json.Unmarshal(data, &of) == nil {
		at := placeKey(of.Document.File, of.Document.Line)
		e.actions[at] = append(e.actions[at], list...)
	}
}

func placeKey(file string, line int) string { return fmt.Sprintf("%s:%d", file, line) }

// explain says of a document that fails why each rule fired, or did not.
func (au *audit) explain(ctx context.Context, doc spec.Document, out *render.AuditDocument) {
	if au.why == nil || !slices.Contains([]string{policy.Deny, policy.Hold}, out.Decision()) {
		return
	}
	list, err := au.Auditor.Explain(ctx, au.why, doc)
	if err != nil {
		return // the rules' own error is told already
	}
	out.Explanations = slices.Concat(list, au.why.actions[placeKey(doc.File, doc.Line)])
	if au.resources != nil {
		out.Explanations = append(out.Explanations, au.why.plan...)
	}
}
