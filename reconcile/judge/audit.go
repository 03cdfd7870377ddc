package judge

import (
	"context"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/ruling"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// Auditor judges documents by themselves, as a plan's spec rules would.
type Auditor struct {
	Engine  Engine
	Levels  map[string]policy.Level // by rule; only advisory ones matter
	Rulings ruling.Set              // its waivers; approvals are of plans
	Now     time.Time               // decides which waivers and suspends have ended
}

// Finding is what one rule says of a document, and where in its file. Line and
// Column are 0 when the rule does not say what it is about.
type Finding struct {
	plan.Verdict     // its decision is "pass" where the rule had nothing to say
	Line, Column int // from 1
}

// Findings are all that the spec rules say of a document, those that pass included,
// in the order of their ids. With an error (the engine's) the document has not been
// judged.
type Findings struct {
	List []Finding
	Err  error
}

// Specs judges good documents, and returns as many findings.
func (a Auditor) Specs(ctx context.Context, docs []spec.Document) []Findings {
	answers := a.Engine.EvalAll(ctx, policy.ScopeSpec, len(docs), func(i int) any { return documentInput(docs[i]) }, a.Now)
	all := make([]Findings, len(docs))
	for i, answer := range answers {
		all[i] = Findings{a.findings(docs[i], answer.Result), answer.Err}
	}
	return all
}

// Explainer says why rules decide as they do; *policy.Engine is one.
type Explainer interface {
	// Explain fails where [Engine].Eval of the input does: nothing is known of it then.
	Explain(ctx context.Context, scope policy.Scope, input any, now time.Time) ([]policy.Explanation, error)
}

// Explain says why each spec rule fired on a document, or did not. Levels and waivers do
// not count here. The error is e's.
func (a Auditor) Explain(ctx context.Context, e Explainer, doc spec.Document) ([]policy.Explanation, error) {
	return e.Explain(ctx, policy.ScopeSpec, documentInput(doc), a.Now)
}

// Spec judges one document as Specs does. After an error it has not been judged.
func (a Auditor) Spec(ctx context.Context, doc spec.Document) ([]Finding, error) {
	f := a.Specs(ctx, []spec.Document{doc})[0]
	return f.List, f.Err
}

// findings lists every rule that was evaluated, those that pass too: a rule that is not
// among them was not asked, and a reader must be able to tell the two apart.
func (a Auditor) findings(doc spec.Document, res policy.Result) []Finding {
	said := map[string][]Finding{}
	for _, d := range res.Decisions {
		said[d.Rule] = append(said[d.Rule], a.finding(doc, d))
	}
	var list []Finding
	for _, id := range res.Evaluated {
		if len(said[id]) == 0 {
			list = append(list, Finding{Verdict: plan.Verdict{Rule: id, Decision: "pass"}})
		}
		list = append(list, said[id]...)
	}
	if v, ended := endedSuspend(doc, a.Now); ended {
		f := Finding{Verdict: v}
		f.Line, f.Column = doc.Locate("/spec/suspend")
		list = append(list, f)
	}
	return list
}

// finding is one decision after levels and waivers.
func (a Auditor) finding(doc spec.Document, d policy.Decision) Finding {
	j := judgement{c: Case{Levels: a.Levels, Rulings: a.Rulings, Now: a.Now}}
	var r plan.Resource // where a waiver is noted
	for _, d := range j.waive(&r, doc, policy.Result{Decisions: []policy.Decision{d}}).Decisions {
		r.Verdicts = append(r.Verdicts, plan.Verdict{Rule: d.Rule, Decision: d.Kind, Msg: d.Msg})
	}
	f := Finding{Verdict: r.Verdicts[0]}
	if d.Path != "" {
		f.Line, f.Column = doc.Locate(d.Path)
	}
	return f
}
