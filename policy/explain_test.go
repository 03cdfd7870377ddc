package policy

import (
	"fmt"
	"strings"
	"testing"
)

// explained is what Explain says of one decision of the rule action.mine, a line a
// condition.
func explained(t *testing.T, rule string) (fired bool, lines []string) {
	t.Helper()
	list, err := mustLoad(t, source(ruleFile("sluice.action.mine", rule))).Explain(t.Context(), ScopeAction, actionInput(), noon)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range list {
		if x.Rule != "action.mine" {
			continue
		}
		if x.File != "rules/mine.rego" || x.Line != 5 || x.Kind != Deny {
			t.Errorf("it stands at %s:%d and decides %s", x.File, x.Line, x.Kind)
		}
		for _, c := range x.Conditions {
			line := fmt.Sprintf("%d %v: %s", c.Line, c.Holds, c.Text)
			for _, v := range c.Values {
				line += fmt.Sprintf("; %s = %s", v.Name, v.Value)
			}
			lines = append(lines, line)
		}
		return x.Fired, lines
	}
	t.Fatal("the rule is not explained")
	return false, nil
}

func TestAnExplanationFollowsTheConditionsToWhereTheyEnd(t *testing.T) {
	tests := []struct {
		name, rule string
		fired      bool
		want       []string
	}{
		{"a decision that was made", "deny contains msg if {\n\tinput.mode == \"dry-run\"\n\tcount(input.action.addresses) > 0\n\tmsg := \"no\"\n}", true, []string{
			`6 true: input.mode == "dry-run"; input.mode = "dry-run"`,
			`7 true: count(input.action.addresses) > 0; input.action.addresses = ["10.0.1.21"]`}},
		{"the first condition that does not hold ends it", "deny contains \"no\" if {\n\tinput.mode == \"apply\"\n\tinput.action.wave == 0\n}", false, []string{
			`6 false: input.mode == "apply"; input.mode = "dry-run"`}},
		{"a field that is not there", "deny contains \"no\" if {\n\tinput.resource.tags.owner == \"x\"\n}", false, []string{
			`6 false: input.resource.tags.owner == "x"; input.resource.tags.owner = undefined`}},
		{"the value that came furthest", "deny contains a.ip if {\n\tsome a in input.resource.addresses\n\ta.primary == false\n\tendswith(a.ip, \".21\")\n\tinput.action.wave == 7\n}", false, []string{
			`6 true: some a in input.resource.addresses; a = {"ip": "10.0.1.21", "primary": false, "status": "succeeded"}; input.resource.addresses[2] = {"ip": "10.0.1.21", "primary": false, "status": "succeeded"}`,
			`7 true: a.primary == false; a.primary = false`,
			`8 true: endswith(a.ip, ".21"); a.ip = "10.0.1.21"`,
			`9 false: input.action.wave == 7; input.action.wave = 0`}},
		{"a parameter has its value", "deny contains \"no\" if {\n\tlimit := data.params.cap_drain.maxDrainSeconds\n\tinput.action.maxDrainSeconds > limit\n}", false, []string{
			`6 true: limit := data.params.cap_drain.maxDrainSeconds; limit = 600`,
			`7 false: input.action.maxDrainSeconds > limit; input.action.maxDrainSeconds = 350; limit = 600`}},
		{"no condition at all", `deny contains "no"`, true, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fired, lines := explained(t, tt.rule)
			if fired != tt.fired {
				t.Errorf("fired %v", fired)
			}
			if got, want := strings.Join(lines, "\n"), strings.Join(tt.want, "\n"); got != want {
				t.Errorf("it says\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestEveryDecisionOfAScopeIsExplained(t *testing.T) {
	e := mustLoad(t)
	for _, scope := range scopes {
		list, err := e.Explain(t.Context(), scope, inputOf(scope), noon)
		if err != nil {
			t.Fatal(err)
		}
		said := map[string]bool{}
		for _, x := range list {
			said[x.Rule] = true
			if !x.Fired && len(x.Conditions) == 0 {
				t.Errorf("%s:%d did not fire, and nothing says why", x.File, x.Line)
			}
		}
		for _, r := range e.Rules() {
			if r.Scope == scope && !said[r.ID] {
				t.Errorf("%s is not explained", r.ID)
			}
		}
	}
	if _, err := e.Explain(t.Context(), ScopeSpec, "nothing", noon); err == nil {
		t.Error("what cannot be judged cannot be explained")
	}
}
