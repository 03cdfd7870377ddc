package judge

import (
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/ruling"
)

func TestAHeldCommitHoldsEveryChangeUntilItsPlanIsApproved(t *testing.T) {
	c := swap(t, 1, "10.0.1.21")
	c.CommitHold = "it was rewound"
	held := Judge(t.Context(), engine(t), c).Plan()
	if held.Hold != "it was rewound" || held.Resources[0].State != plan.Held || held.Resources[0].Reason != "guard.commit: the commit is held" {
		t.Errorf("hold %q, %s: %s", held.Hold, held.Resources[0].State, held.Resources[0].Reason)
	}
	c.Rulings.Approvals = []ruling.Approval{{Name: "a", PlanHash: held.PlanHash, Approver: "lead@example.com", Expires: c.Now.Add(time.Hour)}}
	approved := Judge(t.Context(), engine(t), c)
	if p := approved.Plan(); p.Hold != "" || p.Resources[0].State != plan.Pending || p.PlanHash != held.PlanHash || !approved.PastHold() {
		t.Errorf("hold %q, %s", p.Hold, p.Resources[0].State)
	}
}

func TestAHeldCommitLeavesAloneWhatAsksForNothing(t *testing.T) {
	c := swap(t, 1, "10.0.1.20")
	c.CommitHold = "it was rewound"
	if p := Judge(t.Context(), engine(t), c).Plan(); p.Hold == "" || p.Resources[0].State != plan.InSync || len(p.Resources[0].Verdicts) != 0 {
		t.Errorf("hold %q, %s, %v", p.Hold, p.Resources[0].State, p.Resources[0].Verdicts)
	}
}
