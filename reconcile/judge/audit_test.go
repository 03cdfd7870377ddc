package judge

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/ruling"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// answers is an engine that knows its answer.
type answers policy.Result

func (a answers) Eval(context.Context, policy.Scope, any, time.Time) (policy.Result, error) {
	if len(a.Evaluated) == 0 {
		return policy.Result{}, errors.New("nothing to evaluate")
	}
	return policy.Result(a), nil
}

func (a answers) EvalAll(ctx context.Context, scope policy.Scope, n int, input func(int) any, now time.Time) []policy.Answer {
	all := make([]policy.Answer, n)
	for i := range all {
		all[i].Result, all[i].Err = a.Eval(ctx, scope, input(i), now)
	}
	return all
}

const audited = `# The first line.
apiVersion: sluice/v1
kind: NatGateway
metadata: {name: egress, labels: {env: prod}}
spec:
  id: nat-0123456789abcdef0
  secondary:
    addresses:
      - 10.0.1.20
      - 192.0.2.1
`

func TestAnAuditSaysWhatEachRuleSaysAndWhere(t *testing.T) {
	doc := spec.Parse([]spec.File{{Path: "a.yaml", Data: []byte(audited)}}).Documents[0]
	now := time.Unix(1e9, 0)
	a := Auditor{
		Now: now,
		Engine: answers{
			Evaluated: []string{"spec.advice", "spec.cidrs", "spec.labels", "spec.old", "spec.quiet", "spec.waived"},
			Decisions: []policy.Decision{
				{Rule: "spec.advice", Kind: policy.Deny, Msg: "better not", Path: "/spec/id"},
				{Rule: "spec.cidrs", Kind: policy.Deny, Msg: "192.0.2.1 is outside", Path: "/spec/secondary/addresses/1"},
				{Rule: "spec.cidrs", Kind: policy.Warn, Msg: "only two"},
				{Rule: "spec.labels", Kind: policy.Hold, Msg: "no owner", Path: "/metadata/labels/owner"},
				{Rule: "spec.old", Kind: policy.Deny, Msg: "too old", Path: "/none"},
				{Rule: "spec.waived", Kind: policy.Deny, Msg: "bad name", Path: "/metadata/name"},
			},
		},
		Levels: map[string]policy.Level{"spec.advice": policy.Advisory},
		Rulings: ruling.Set{Waivers: []ruling.Waiver{
			{Name: "w", Rule: "spec.waived", Owner: "o", Reason: "r", Expires: now.Add(time.Hour)},
			{Name: "x", Rule: "spec.old", Owner: "o", Reason: "r", Expires: now},
		}},
	}
	all := a.Specs(t.Context(), []spec.Document{doc})
	if len(all) != 1 || all[0].Err != nil {
		t.Fatalf("%+v", all)
	}
	got := all[0].List
	want := []struct {
		rule, decision, msg string
		line, column        int
	}{
		{"spec.advice", "warn", "better not", 6, 7},
		{"spec.cidrs", "deny", "192.0.2.1 is outside", 10, 9},
		{"spec.cidrs", "warn", "only two", 0, 0},
		{"spec.labels", "hold", "no owner", 4, 26},
		{"spec.old", "deny", "too old (the waiver x expired on 2001-09-09)", 2, 1},
		{"spec.quiet", "pass", "", 0, 0},
		{"spec.waived", "waived", "bad name (waived by w until", 4, 18},
	}
	if len(got) != len(want) {
		t.Fatalf("%d findings: %+v", len(got), got)
	}
	for i, w := range want {
		f := got[i]
		if f.Rule != w.rule || f.Decision != w.decision || !strings.HasPrefix(f.Msg, w.msg) || f.Line != w.line || f.Column != w.column {
			t.Errorf("got  %+v\nwant %+v", f, w)
		}
	}
}

func TestAnAuditThatCannotBeMadeIsAnError(t *testing.T) {
	if all := (Auditor{Engine: answers{}}).Specs(t.Context(), make([]spec.Document, 2)); len(all) != 2 || all[0].Err == nil || all[1].Err == nil {
		t.Errorf("%+v", all)
	}
}

func TestAnAuditSaysOfASpecWhatAPlanSaysOfIt(t *testing.T) {
	c := swap(t, 1, "10.0.1.30")
	e := engine(t, denyProd)
	found := Auditor{Engine: e, Now: c.Now}.Specs(t.Context(), c.Documents)[0]
	if found.Err != nil {
		t.Fatal(found.Err)
	}
	var said []plan.Verdict
	for _, f := range found.List {
		if f.Decision != "pass" {
			said = append(said, f.Verdict)
		}
	}
	var planned []plan.Verdict
	for _, v := range Judge(t.Context(), e, c).Plan().Resources[0].Verdicts {
		if strings.HasPrefix(v.Rule, "spec.") {
			planned = append(planned, v)
		}
	}
	if len(said) != 1 || len(planned) != 1 || said[0] != planned[0] {
		t.Errorf("the audit says %+v, the plan %+v", said, planned)
	}
}
