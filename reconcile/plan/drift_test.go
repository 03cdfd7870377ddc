package plan_test

import (
	"testing"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

func TestDriftIsNoPartOfAPlansHash(t *testing.T) {
	p := plan.Plan{Resources: []plan.Resource{{ID: "nat-1", State: plan.Pending, Waves: [][]plan.Action{{{Verb: inventory.VerbAssign}}}}}}
	p.Seal()
	before := p.PlanHash
	p.Resources[0].Drift = &plan.Drift{Note: "CloudTrail names nobody"}
	if p.Seal(); p.PlanHash != before {
		t.Error("who changed something must not make another plan: an approval names the hash")
	}
}
