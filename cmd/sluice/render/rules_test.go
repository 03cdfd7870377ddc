package render

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/ruling"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// sampleRules are a shipped rule, one that is lowered, and every standing that a
// ruling can have; some of its words would act on a terminal.
func sampleRules() RuleList {
	return NewRuleList(sampleRuleSet(), ruling.Set{
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

func TestAWaiverStandsByTheClock(t *testing.T) {
	list := sampleRules()
	want := []string{"until 2026-12-07", "until 2026-12-06, ENDS IN 14 DAYS", "until 2026-11-23, ENDS IN 1 DAY", "until 2026-11-22, ENDS WITHIN A DAY",
		"EXPIRED on 2026-11-22, does not count", "EXPIRED on 2026-11-21, does not count"}
	for i, w := range list.Rules[1].Waivers {
		if got := list.StandingWords(w.Standing, w.Expires); got != want[i] {
			t.Errorf("%s: %q, want %q", w.Name, got, want[i])
		}
	}
	if got, want := list.Summary(), "1 rule of yours, 1 shipped, 4 waivers in force (3 within 14 days of the end), 2 expired waivers, 1 approval"; got != want {
		t.Errorf("summary %q, want %q", got, want)
	}
}

func TestNoWordOfAListedRuleActsOnATerminal(t *testing.T) {
	var b bytes.Buffer
	if err := styled(&b, false, 80).Rules(sampleRules()); err != nil || strings.Contains(b.String(), "\x1b") {
		t.Errorf("error %v, printed %q", err, b.String())
	}
}
