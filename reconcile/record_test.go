package reconcile

import (
	"testing"

	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// A fleet that one rule holds must not make a record that is too large to be written.
func TestWhatIsSaidOfAWholeFleetIsRecordedOnce(t *testing.T) {
	p := plan.Plan{}
	for range 20_000 {
		p.Resources = append(p.Resources, plan.Resource{State: plan.Held, Verdicts: []plan.Verdict{
			{Rule: "guard.removal_budget", Decision: "hold", Msg: "too many"}, {Rule: "guard.commit", Decision: "hold", Msg: "the commit is held"},
		}})
	}
	p.Resources[7].Verdicts[0].Msg = "something of its own"
	if got := decision(p); got.Decision != "hold" || len(got.Verdicts) != 3 || got.Verdicts[0].Msg != "too many" {
		t.Errorf("%s, %d verdicts", got.Decision, len(got.Verdicts))
	}
}
