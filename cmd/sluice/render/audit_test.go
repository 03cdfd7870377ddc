package render

import "testing"

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
