package render

import (
	"testing"

	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

func TestADocumentPassesOnlyWhenRulesSaidSo(t *testing.T) {
	for _, c := range []struct {
		name  string
		rules []AuditRule
		want  AuditSummary
	}{
		{"all pass", []AuditRule{{Decision: "pass"}, {Decision: "warn"}, {Decision: "cap"}}, AuditSummary{Documents: 1, Passed: 1, Warnings: 1}},
		{"no rule was evaluated", nil, AuditSummary{Documents: 1, Faulty: 1}},
		{"a decision that is not known", []AuditRule{{Decision: "passed"}}, AuditSummary{Documents: 1, Faulty: 1}},
		{"a rule that could not be evaluated", []AuditRule{{Decision: "pass"}, {Decision: "error"}}, AuditSummary{Documents: 1, Faulty: 1}},
		{"a hold beside a denial", []AuditRule{{Decision: "hold"}, {Decision: "deny"}}, AuditSummary{Documents: 1, Denied: 1}},
	} {
		r := AuditReport{Documents: []AuditDocument{{Rules: c.rules}}}
		if got := r.Count(); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestALiveDocumentPassesOnlyWhenItsResourceCanBePlanned(t *testing.T) {
	pass, hold := AuditRule{Decision: "pass"}, AuditRule{Decision: "hold"}
	for _, c := range []struct {
		state plan.State
		rules []AuditRule
		want  string
	}{
		{plan.InSync, []AuditRule{pass}, "pass"},
		{plan.Pending, []AuditRule{pass}, "pass"},
		{plan.Converging, []AuditRule{pass}, "pass"},
		{plan.Pending, []AuditRule{hold, {Decision: "allow"}}, "pass"}, // approved
		{plan.Held, []AuditRule{hold}, "hold"},
		{plan.InSync, []AuditRule{hold}, "hold"}, // as it would be without EC2
		{plan.Pending, []AuditRule{hold, {Decision: "deny"}}, "deny"},
		{plan.Error, []AuditRule{pass}, "error"},
		{plan.Blocked, []AuditRule{pass}, "error"},
		{"moved to Mars", []AuditRule{pass}, "error"},
		{plan.InSync, nil, "error"},
	} {
		d := AuditDocument{Rules: c.rules, Live: &AuditState{State: c.state}}
		if got := d.Decision(); got != c.want {
			t.Errorf("%s with %v: %s, want %s", c.state, c.rules, got, c.want)
		}
	}
}

func TestTheGravestDecisionIsTold(t *testing.T) {
	order := []string{"", "pass", "waived", "warn", "hold", "deny", "error"}
	for i, worse := range order {
		for _, better := range order[:i] {
			if got := Gravest(better, worse, better); got != worse {
				t.Errorf("of %q and %q: %q", better, worse, got)
			}
		}
	}
	if got := Gravest("deny", "quarantine"); got != "quarantine" {
		t.Errorf("what is not known is no pass, but %q stands", got)
	}
}
