package reconcile

import (
	"context"
	"fmt"
	"slices"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// record writes down what this turn decided, where it is news: a plan that asks
// for something, and that a commit is reached.
func (l *Loop) record(ctx context.Context, t *Turn) error {
	p := t.Plan()
	var records []history.Record
	asks := p.Summary.Pending+p.Summary.Held+p.Summary.Denied > 0
	if asks && l.cfg.Ledger.LastDecision() != p.PlanHash {
		records = append(records, decision(p))
	}
	if except, news := l.reached(p); news {
		records = append(records, history.Record{
			Kind: history.KindConverged, Commit: p.Commit, PolicyDigest: p.PolicyDigest, PlanHash: p.PlanHash, Except: except,
		})
	}
	_, err := l.journal.append(ctx, records...)
	return err
}

// reached reports whether a commit is newly reached: nothing is left to do or to
// wait for. except lists the resources that could not follow; it only ever gets
// shorter under one commit, so that drift is not taken for work still to be done.
func (l *Loop) reached(p plan.Plan) (except []string, news bool) {
	if p.Summary.Pending+p.Summary.Converging > 0 {
		return nil, false
	}
	before, reached := l.cfg.Ledger.LastConverged(p.Commit, p.PolicyDigest)
	for _, r := range p.Resources {
		key := resourceKey(r)
		if r.State != plan.InSync && (!reached || slices.Contains(before, key)) {
			except = append(except, key)
		}
	}
	slices.Sort(except)
	return except, !reached || len(except) < len(before)
}

// decision is the record of a judged plan. Verdicts of resources that nothing
// would happen to are left out.
func decision(p plan.Plan) history.Record {
	rec := history.Record{Kind: history.KindDecision, Commit: p.Commit, PolicyDigest: p.PolicyDigest, PlanHash: p.PlanHash, Decision: "allow"}
	for _, r := range p.Resources {
		switch {
		case r.State == plan.Denied:
			rec.Decision = policy.Deny
		case r.State == plan.Held && rec.Decision != policy.Deny:
			rec.Decision = policy.Hold
		}
		if r.State == plan.Denied || r.State == plan.Held || r.State == plan.Pending {
			rec.Verdicts = append(rec.Verdicts, verdicts(r.Verdicts)...)
		}
	}
	rec.Message = fmt.Sprintf("mode %s: %d pending, %d held, %d denied, %d blocked, %d in error",
		p.Mode, p.Summary.Pending, p.Summary.Held, p.Summary.Denied, p.Summary.Blocked, p.Summary.Error)
	return rec
}

// drifted reports whether a resource that had reached this commit differs again,
// though no commit and no policy asked for it.
func (l *Loop) drifted(p plan.Plan, r plan.Resource) bool {
	except, reached := l.cfg.Ledger.LastConverged(p.Commit, p.PolicyDigest)
	return reached && r.State == plan.Pending && !slices.Contains(except, resourceKey(r))
}

func resourceKey(r plan.Resource) string {
	return fmt.Sprintf("%s/%s/%s/%s", r.Target, r.Kind, r.ID, r.Spec.Name)
}

func resourceRecord(kind history.Kind, p plan.Plan, r plan.Resource) history.Record {
	return history.Record{
		Kind: kind, Commit: p.Commit, PolicyDigest: p.PolicyDigest, PlanHash: p.PlanHash,
		Target: r.Target, ResourceKind: string(r.Kind), ResourceID: r.ID,
		SpecName: r.Spec.Name, SpecFile: r.Spec.File, SpecLine: r.Spec.Line,
	}
}
