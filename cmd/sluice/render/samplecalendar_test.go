package render

import (
	"bytes"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/calendar"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// waitingPlan is a plan that a window and a freeze hold, and nothing else.
func waitingPlan() plan.Plan {
	p := swapPlan()
	r := &p.Resources[0]
	opens := time.Date(2027, 1, 7, 2, 0, 0, 0, time.FixedZone("CET", 3600))
	const frozen = "frozen by year-end until 2027-01-07 00:00 UTC, owner net@example.com: year-end trade"
	r.Verdicts = append(r.Verdicts,
		plan.Verdict{Rule: calendar.FreezeRule, Decision: "hold", Msg: frozen},
		plan.Verdict{Rule: calendar.WindowRule, Decision: "hold", Msg: "outside of window nights, which opens 2026-12-24 02:00 CET (Europe/Berlin)"})
	r.Stop(plan.Held, calendar.FreezeRule+": "+frozen+"; goes on by itself 2027-01-07 02:00 CET")
	r.Opens = &opens
	p.Seal()
	return p
}

func sampleAgenda() Agenda {
	berlin, three, none := time.FixedZone("CET", 3600), 3, 0
	at := time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)
	prod := spec.Selector{Labels: map[string]string{"env": "prod"}, Kind: "NatGateway"}
	return Agenda{At: at.Add(-time.Hour), Spread: true, Next: []calendar.Entry{
		{At: at.In(berlin), What: calendar.WindowOpens, Name: "nights", Selector: prod, Specs: &three},
		{At: at.Add(time.Hour).In(berlin), What: calendar.DriftCorrect, Name: "prod", Selector: prod, Specs: &three},
		{At: at.Add(2 * time.Hour), What: calendar.DriftDetect, Name: "drift", Specs: &none},
		{At: at.Add(3 * time.Hour), What: calendar.SuspendEnds, Name: "egress-a", Selector: spec.Selector{Name: "egress-a"}},
	}, Later: []calendar.Entry{{At: at.Add(3000 * time.Hour), What: calendar.FreezeBegins, Name: "year-end", Specs: &three}}}
}

func TestTheAgendaAsJSON(t *testing.T) {
	var b bytes.Buffer
	if err := AgendaJSON(&b, sampleAgenda()); err != nil {
		t.Fatal(err)
	}
	golden(t, "agenda.json", b.Bytes())
	b.Reset()
	if err := AgendaJSON(&b, Agenda{At: sampleTime}); err != nil {
		t.Fatal(err)
	}
	golden(t, "agenda-empty.json", b.Bytes())
}

func TestWhatOnlyWaitsForItsTimeNeedsNoApproval(t *testing.T) {
	hold := func(rule string) plan.Verdict { return plan.Verdict{Rule: rule, Decision: "hold"} }
	for _, c := range []struct {
		name     string
		state    plan.State
		verdicts []plan.Verdict
		want     bool
	}{
		{"a window", plan.Held, []plan.Verdict{hold("guard.window")}, false},
		{"a window and a budget", plan.Held, []plan.Verdict{hold("guard.removal_budget"), hold("guard.window")}, true},
		{"a window and a budget that was approved", plan.Held,
			[]plan.Verdict{hold("guard.removal_budget"), {Rule: "approval", Decision: "allow"}, hold("guard.window")}, false},
		{"a rule", plan.Held, []plan.Verdict{hold("plan.quiet")}, true},
		{"nothing said why", plan.Held, nil, true},
		{"not held", plan.Pending, []plan.Verdict{hold("plan.quiet")}, false},
	} {
		if got := NeedsApproval(plan.Resource{State: c.state, Verdicts: c.verdicts}); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
