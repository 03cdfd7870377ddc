package commitstatus

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/apply"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

func resource(state plan.State, verdicts ...plan.Verdict) plan.Resource {
	return plan.Resource{State: state, Spec: plan.SpecRef{Name: "egress-" + string(state), File: "gw/a.yaml", Line: 3}, Verdicts: verdicts,
		Reason: "arn:aws:iam::123456789012:role/x"} // AWS may have said it
}

// drifted is a resource that is left alone.
func drifted(waits, contested bool) plan.Resource {
	r := resource(plan.Blocked)
	r.Drift = &plan.Drift{Waits: waits, Contested: contested}
	return r
}

func step(outcome apply.Outcome, code string) apply.Step {
	return apply.Step{Spec: plan.SpecRef{Name: "egress", File: "gw/a.yaml", Line: 3}, Action: plan.Action{Verb: inventory.VerbAssign}, Outcome: outcome, Code: code,
		Message: "arn:aws:iam::123456789012:role/x may not"}
}

func TestALineSaysWhatBecameOfACommit(t *testing.T) {
	held := resource(plan.Held, plan.Verdict{Rule: "action.x", Decision: "warn"}, plan.Verdict{Rule: "guard.budget", Decision: "hold"})
	denied := resource(plan.Denied, plan.Verdict{Rule: "spec.allowed_cidrs", Decision: "deny"})
	probe := func(authorised string) []apply.Probe {
		return []apply.Probe{{Authorised: "yes"}, {Authorised: authorised, Spec: plan.SpecRef{Name: "b", File: "b.yaml", Line: 1}, Action: plan.Action{Verb: inventory.VerbUnassign}, Code: "UnauthorizedOperation"}}
	}
	in := func(resources ...plan.Resource) reconcile.Outcome { return reconcile.Outcome{Resources: resources} }
	for name, tt := range map[string]struct {
		o    reconcile.Outcome
		mode reconcile.Mode
		want Status
	}{
		"all is as it should be":   {in(resource(plan.InSync), resource(plan.InSync)), "", Status{Success, "in sync: 2 resources"}},
		"one is":                   {in(resource(plan.InSync)), "", Status{Success, "in sync: 1 resource"}},
		"nothing is asked for":     {in(), "", Status{Success, "no spec is for this target"}},
		"something is to be done":  {in(resource(plan.Pending), resource(plan.Converging), resource(plan.InSync)), "", Status{Pending, "1 pending, 1 converging"}},
		"something waits":          {in(resource(plan.Pending), resource(plan.Pending), held), "", Status{Pending, "1 held, 2 pending: guard.budget at egress-held (gw/a.yaml:3)"}},
		"policy says no":           {in(resource(plan.Pending), denied), "", Status{Failure, "1 denied, 1 pending: spec.allowed_cidrs at egress-denied (gw/a.yaml:3)"}},
		"something is in the way":  {in(resource(plan.Blocked)), "", Status{Failure, "1 blocked: egress-blocked (gw/a.yaml:3)"}},
		"drift waits for its run":  {in(drifted(true, false), resource(plan.InSync)), "", Status{Pending, "1 drifted: egress-blocked (gw/a.yaml:3)"}},
		"drift beside a change":    {in(resource(plan.Pending), drifted(true, false)), "", Status{Pending, "1 drifted, 1 pending: egress-blocked (gw/a.yaml:3)"}},
		"drift beside a denial":    {in(drifted(true, false), denied), "", Status{Failure, "1 denied, 1 drifted: spec.allowed_cidrs at egress-denied (gw/a.yaml:3)"}},
		"drift that EC2 refuses":   {in(drifted(false, false)), "", Status{Failure, "1 blocked: egress-blocked (gw/a.yaml:3)"}},
		"drift that is contested":  {in(drifted(false, true)), "", Status{Failure, "1 blocked: egress-blocked (gw/a.yaml:3)"}},
		"EC2 was not read":         {in(resource(plan.Error)), "", Status{Failure, "1 in error: egress-error (gw/a.yaml:3)"}},
		"a dry-run":                {in(resource(plan.Pending), resource(plan.Pending)), reconcile.DryRun, Status{Pending, "dry-run: 2 would change"}},
		"looking only":             {in(resource(plan.Pending)), reconcile.Observe, Status{Pending, "observe: 1 would change"}},
		"a dry-run of what is":     {in(resource(plan.InSync)), reconcile.DryRun, Status{Success, "dry-run: in sync: 1 resource"}},
		"AWS would refuse":         {reconcile.Outcome{Resources: []plan.Resource{resource(plan.Pending)}, Probes: probe("no")}, reconcile.DryRun, Status{Failure, "dry-run: 1 would change; AWS does not authorise unassign for b (b.yaml:1): UnauthorizedOperation"}},
		"AWS was not asked":        {reconcile.Outcome{Resources: []plan.Resource{resource(plan.Pending)}, Probes: probe(apply.NotProbed)}, reconcile.DryRun, Status{Pending, "dry-run: 1 would change"}},
		"EC2 refused":              {reconcile.Outcome{Resources: []plan.Resource{resource(plan.Pending)}, Steps: []apply.Step{step(apply.Accepted, ""), step(apply.Outcome(inventory.ClassUnauthorized), "UnauthorizedOperation")}}, "", Status{Failure, "assign was not done for egress (gw/a.yaml:3): UnauthorizedOperation"}},
		"the guard refused":        {reconcile.Outcome{Steps: []apply.Step{step(apply.Guarded, "")}}, "", Status{Failure, "assign was not done for egress (gw/a.yaml:3): guarded"}},
		"EC2 is busy":              {reconcile.Outcome{Resources: []plan.Resource{resource(plan.Pending)}, Steps: []apply.Step{step(apply.Outcome(inventory.ClassBusy), "x")}}, "", Status{Pending, "1 pending"}},
		"the commit is held":       {reconcile.Outcome{Hold: "commit 12 does not descend from 34", Resources: []plan.Resource{held}}, "", Status{Failure, "held: commit 12 does not descend from 34"}},
		"a spec does not parse":    {reconcile.Outcome{Problems: []string{"gw/a.yaml:3:1: unknown field"}, Resources: []plan.Resource{resource(plan.Error)}}, "", Status{Failure, "gw/a.yaml:3:1: unknown field"}},
		"several do not":           {reconcile.Outcome{Problems: []string{"gw/a.yaml:3:1: unknown field", "b"}}, "", Status{Failure, "2 problems, the first: gw/a.yaml:3:1: unknown field"}},
		"policies do not compile":  {reconcile.Outcome{Failure: "policy: rules/a.rego:3:1: unexpected\nmore"}, "", Status{Failure, "nothing was done: policy: rules/a.rego:3:1: unexpected"}},
		"sluice could not go on":   {reconcile.Outcome{Trouble: "/var/lib/sluice/history.db: disk full"}, "", Status{Failure, "nothing was done: sluice could not do its own work; its log says why"}},
		"names are no instruction": {reconcile.Outcome{Problems: []string{"a\x1b[31m\u202eb\u0000 \U0001f4a3\tc"}}, "", Status{Failure, "a [31m b ? c"}},
	} {
		t.Run(name, func(t *testing.T) {
			tt.o.Mode, tt.o.Summary = tt.mode, plan.Summarize(tt.o.Resources)
			if tt.mode == "" {
				tt.o.Mode = reconcile.Apply
			}
			got := Describe(tt.o)
			if got != tt.want {
				t.Errorf("got  %v\nwant %v", got, tt.want)
			}
			if strings.Contains(got.Line, "arn:aws") {
				t.Error("what AWS said is told")
			}
		})
	}
}

func TestALineIsNeverTooLong(t *testing.T) {
	got := Describe(reconcile.Outcome{Mode: reconcile.DryRun, Failure: strings.Repeat("é", 1000)})
	if n := utf8.RuneCountInString(got.Line); n != maxLine || !strings.HasSuffix(got.Line, "…") {
		t.Errorf("%d characters: %s", n, got.Line)
	}
}
