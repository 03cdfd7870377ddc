package report

import (
	"bytes"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/rulebook"
	"github.com/seed-6ca89210/sluice/reconcile/ruling"
)

func TestTheDocumentationOfRulesIsAsInTheGoldenFile(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	list := rulebook.New([]policy.Rule{
		{ID: "action.cap_drain", Scope: policy.ScopeAction, Title: "Drains are capped", Level: policy.Soft, Shipped: true, Params: map[string]any{"maxDrainSeconds": 600.0}},
		{ID: "spec.keep_two", Scope: policy.ScopeSpec, Title: "Two are kept @everyone", Description: "<script>\n# not a heading", Level: policy.Advisory,
			LoweredFrom: policy.Soft, File: "rules/keep_two.rego", Line: 4, Params: map[string]any{"sep": "|`"}},
	}, ruling.Set{
		Waivers: []ruling.Waiver{
			{Name: "near", Rule: "spec.keep_two", Selector: ruling.Selector{Name: "egress-a"}, Owner: "o", Reason: "r\n## no heading", Expires: now.Add(50 * time.Hour), File: "w.yaml", Line: 1},
			{Name: "gone", Rule: "spec.keep_two", Selector: ruling.Selector{Name: "egress-b"}, Owner: "o", Reason: "r", Expires: now.Add(-50 * time.Hour), File: "w.yaml", Line: 6},
		},
		Approvals: []ruling.Approval{{Name: "swap", PlanHash: "sha256:01", Approver: "lead@example.com", Reason: "r", Expires: now.Add(time.Hour), File: "a.yaml", Line: 1}},
	}, now)
	var b bytes.Buffer
	if err := RulesMarkdown(&b, list); err != nil {
		t.Fatal(err)
	}
	golden(t, "rules", b.Bytes())
	o := &once{}
	if err := RulesMarkdown(o, list); err == nil || o.writes != 1 {
		t.Errorf("%d writes, error %v", o.writes, err)
	}
}
