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
	Levels  map[string]policy.Level
	Rulings ruling.Set
	Now     time.Time
}

// Spec returns what each spec rule says of a good document, those that pass
// included, in the order of their ids.
func (a Auditor) Spec(ctx context.Context, doc spec.Document) ([]plan.Verdict, error) {
	res, err := a.Engine.Eval(ctx, policy.ScopeSpec, documentInput(doc), a.Now)
	if err != nil {
		return nil, err
	}
	j := judgement{c: Case{Levels: a.Levels, Rulings: a.Rulings, Now: a.Now}}
	var r plan.Resource
	for _, d := range j.waive(&r, doc, res).Decisions {
		r.Verdicts = append(r.Verdicts, plan.Verdict{Rule: d.Rule, Decision: d.Kind, Msg: d.Msg})
	}
	said := map[string][]plan.Verdict{}
	for _, v := range r.Verdicts {
		said[v.Rule] = append(said[v.Rule], v)
	}
	var list []plan.Verdict
	for _, id := range res.Evaluated {
		if len(said[id]) == 0 {
			list = append(list, plan.Verdict{Rule: id, Decision: "pass"})
		}
		list = append(list, said[id]...)
	}
	return list, nil
}
