package render

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/rulebook"
	"github.com/seed-6ca89210/sluice/reconcile/ruling"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// sampleRules are a shipped rule, one that is lowered, and every standing that a
// ruling can have; some of its words would act on a terminal.
func sampleRules() rulebook.Book {
	return rulebook.New(sampleRuleSet(), ruling.Set{
		Waivers: []ruling.Waiver{
			waiver("far", 15*24*time.Hour), waiver("near", 14*24*time.Hour), waiver("tomorrow", 24*time.Hour),
			waiver("now", time.Hour), waiver("gone", 0), waiver("hostile\x1b[2J", -24*time.Hour),
		},
		Approvals: []ruling.Approval{
			{Name: "swap", PlanHash: "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", Approver: "lead@example.com",
				Reason: "seen by the network team", Expires: noon.Add(48 * time.Hour), File: "rulings.yaml", Line: 9},
		},
	}, noon)
}

func sampleRuleSet() []policy.Rule {
	return []policy.Rule{
		{ID: "action.cap_drain", Scope: policy.ScopeAction, Title: "Drains are capped", Level: policy.Soft, File: "library/cap_drain.rego", Line: 9, Shipped: true,
			Params: map[string]any{"maxDrainSeconds": 600.0, "for": []any{"a&b", "c"}}},
		{ID: "spec.keep_two", Scope: policy.ScopeSpec, Title: "Two\x1b[31m are kept", Description: "One may drain.", Level: policy.Advisory,
			LoweredFrom: policy.Mandatory, File: "rules/keep_two.rego", Line: 4},
	}
}

// waiver ends some time after noon.
func waiver(name string, left time.Duration) ruling.Waiver {
	return ruling.Waiver{Name: name, Rule: "spec.keep_two", Selector: ruling.Selector{Kind: "NatGateway", Labels: map[string]string{"env": "prod", "a": "b"}},
		Owner: "network@example.com", Reason: "its range is older", Expires: noon.Add(left), File: "rulings.yaml", Line: 2}
}

func TestNoWordOfAListedRuleActsOnATerminal(t *testing.T) {
	var b bytes.Buffer
	if err := styled(&b, false, 80).Rules(sampleRules()); err != nil || strings.Contains(b.String(), "\x1b") {
		t.Errorf("error %v, printed %q", err, b.String())
	}
}
