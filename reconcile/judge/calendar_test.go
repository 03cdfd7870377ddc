package judge

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/calendar"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/ruling"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// frozen is a calendar with a freeze of what a selector picks, for an hour from the
// instant at which swap's cases are judged.
func frozen(selector spec.Selector) calendar.Calendar {
	return calendar.Calendar{Freezes: []calendar.Freeze{{Name: "quiet", Selector: selector,
		Until: time.Unix(1e9, 0).Add(time.Hour).UTC(), Reason: "a move", Owner: "ada"}}}
}

func TestAFreezeHoldsUntilItEndsAndChangesNoHash(t *testing.T) {
	c := swap(t, 1, "10.0.1.21")
	open := judged(t, c)
	c.Calendar = frozen(spec.Selector{Labels: map[string]string{"env": "prod"}})
	closed := judged(t, c)
	r := closed.Resources[0]
	const want = "guard.freeze: frozen by quiet until 2001-09-09 02:46:40 UTC, owner ada: a move; goes on by itself 2001-09-09 02:46:40 UTC"
	if r.State != plan.Held || r.Reason != want || r.Opens == nil || !r.Opens.Equal(time.Unix(1e9+3600, 0)) || len(r.Waves) == 0 {
		t.Errorf("%s, %q, opens %v", r.State, r.Reason, r.Opens)
	}
	if v := holdsOf(r); len(v) != 1 || v[0].Rule != "guard.freeze" || v[0].Decision != "hold" {
		t.Errorf("verdicts %+v", v)
	}
	if closed.PlanHash != open.PlanHash {
		t.Error("the hash depends on the time, so no saved plan and no approval would outlive a window")
	}
	c.Calendar = frozen(spec.Selector{Labels: map[string]string{"env": "test"}})
	if p := judged(t, c); p.Summary.Pending != 1 || p.Resources[0].Opens != nil {
		t.Errorf("frozen by a freeze that does not select it: %+v", p.Resources[0])
	}
	c.Calendar, c.Now = frozen(spec.Selector{}), c.Now.Add(time.Hour)
	if p := judged(t, c); p.Summary.Pending != 1 {
		t.Errorf("held after its end: %+v", p.Resources[0])
	}
}

func TestAnApprovalSaysWhetherAndTheCalendarWhen(t *testing.T) {
	c := swap(t, 6) // six removals: over the budget
	c.Calendar = frozen(spec.Selector{})
	unapproved := judged(t, c)
	r := unapproved.Resources[0]
	if r.State != plan.Held || !strings.HasPrefix(r.Reason, BudgetRule) || r.Opens == nil {
		t.Errorf("%s, %q", r.State, r.Reason)
	}
	if v := holdsOf(r); len(v) != 2 || v[0].Rule != BudgetRule || v[1].Rule != calendar.FreezeRule {
		t.Errorf("whoever approves sees the freeze behind the budget: %+v", v)
	}
	c.Rulings.Approvals = []ruling.Approval{{Name: "yes", PlanHash: unapproved.PlanHash, Approver: "lead@example.com", Reason: "ok", Expires: c.Now.Add(48 * time.Hour)}}
	a := Judge(t.Context(), engine(t), c)
	if r := a.Plan().Resources[0]; r.State != plan.Held || !strings.HasPrefix(r.Reason, calendar.FreezeRule) || a.PastHold() {
		t.Errorf("an approval lifted a freeze: %s, %q, begun: %v", r.State, r.Reason, a.PastHold())
	}
	c.Now = c.Now.Add(time.Hour)
	if r := judged(t, c).Resources[0]; r.State != plan.Pending {
		t.Errorf("approved, and the freeze has ended: %s, %q", r.State, r.Reason)
	}
}

func TestADeniedPlanDoesNotOnlyWait(t *testing.T) {
	c := swap(t, 1, "10.0.1.21")
	c.Calendar = frozen(spec.Selector{})
	p := Judge(t.Context(), engine(t, "# METADATA\n# title: No\npackage sluice.spec.no\n\ndeny contains \"no\" if input.kind == \"NatGateway\"\n"), c).Plan()
	if r := p.Resources[0]; r.State != plan.Denied || r.Opens != nil {
		t.Errorf("%s, %q, opens %v", r.State, r.Reason, r.Opens)
	}
}

func TestAMoveIsAChangeOfTheInterfaceThatGivesToo(t *testing.T) {
	c := shared(t, nil)
	c.Calendar = frozen(spec.Selector{Name: "d"}) // from which c takes an address
	a := Judge(t.Context(), engine(t), c)
	for _, r := range a.Plan().Resources {
		moves := false
		for _, wave := range r.Waves {
			for _, act := range wave {
				if act.Verb != inventory.VerbMove {
					continue
				}
				moves = true
				if holds := a.Closed(r.Target, r.Kind, r.ID, act, c.Now); len(holds) != 1 || holds[0].Rule != calendar.FreezeRule {
					t.Errorf("the call would be made: %+v", holds)
				}
			}
		}
		if r.Spec.Name == "c" && (!moves || r.State != plan.Held || r.Opens == nil) || r.Spec.Name == "a" && r.State != plan.Pending {
			t.Errorf("%s is %s (%s)", r.Spec.Name, r.State, r.Reason)
		}
	}
}

func TestASuspendThatHasEndedIsAWarning(t *testing.T) {
	c := swap(t, 1, "10.0.1.21")
	c.Documents[0].Suspend = &spec.Suspend{Until: c.Now.Add(time.Minute).UTC(), Reason: "a move", Owner: "ada"}
	if r := judged(t, c).Resources[0]; r.State != plan.Held || holdsOf(r)[0].Rule != calendar.SuspendRule {
		t.Errorf("%s, %+v", r.State, r.Verdicts)
	}
	c.Now = c.Now.Add(time.Minute)
	r := judged(t, c).Resources[0]
	if r.State != plan.Pending || len(holdsOf(r)) > 0 || !strings.Contains(r.Verdicts[len(r.Verdicts)-1].Msg, "take it out of the spec") {
		t.Errorf("%s, %+v", r.State, r.Verdicts)
	}
	findings, err := Auditor{Engine: engine(t), Now: c.Now}.Spec(t.Context(), c.Documents[0])
	if last := findings[len(findings)-1]; err != nil || last.Rule != calendar.SuspendRule || last.Decision != "warn" || last.Line == 0 {
		t.Errorf("an audit says nothing of it: %+v, %v", last, err)
	}
}

// holdsOf are the verdicts that hold a resource.
func holdsOf(r plan.Resource) []plan.Verdict {
	return slices.DeleteFunc(slices.Clone(r.Verdicts), func(v plan.Verdict) bool { return v.Decision != "hold" })
}

func judged(t *testing.T, c Case) plan.Plan {
	t.Helper()
	return Judge(t.Context(), engine(t), c).Plan()
}
