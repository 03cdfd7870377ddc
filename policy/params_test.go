package policy

import (
	"encoding/json"
	"testing"
)

const limited = `deny contains "late" if input.line > data.params.mine.maxLine`

func TestParametersAreRefusedWhen(t *testing.T) {
	for _, tc := range []struct{ name, data, want string }{
		{"the root holds something else", "parms: {}", `rules/data.yaml:1:1: "parms" is not known`},
		{"the root is spelt with a capital", "Params: {}", `rules/data.yaml:1:1: "Params" is not known`},
		{"the rule is not known", "params:\n  cap_drian: {x: 1}", `rules/data.yaml:2: params.cap_drian: there is no rule of this name (did you mean "cap_drain"?)`},
		{"the parameter is not known", "params:\n  cap_drain:\n    maxDrainSecond: 1", `rules/data.yaml:3: params.cap_drain.maxDrainSecond: there is no such parameter (did you mean "maxDrainSeconds"?)`},
		{"the rule has no parameters", "params: {min_serving: {x: 1}}", `this rule has no parameters`},
		{"the type is another one", `params: {cap_drain: {maxDrainSeconds: "600"}}`, `params.cap_drain.maxDrainSeconds is a string, the rule wants an integer`},
		{"an integer has a fraction", `params: {cap_drain: {maxDrainSeconds: 1.5}}`, `is a number, the rule wants an integer`},
		{"a value is empty", "params: {cap_drain: {maxDrainSeconds: }}", `is empty, the rule wants an integer`},
		{"an entry of a list has another type", `params: {allowed_cidrs: {cidrs: [10.0.0.0/8, 7]}}`, `params.allowed_cidrs.cidrs: every entry of the list is a string`},
		{"a key stands twice", "params:\n  cap_drain: {maxDrainSeconds: 1}\n  cap_drain: {maxDrainSeconds: 2}", `rules/data.yaml: `},
		{"it uses an alias", "params:\n  cap_drain: &a {maxDrainSeconds: 1}\n  change_budget: *a", `rules/data.yaml:3:18: aliases are not allowed`},
		{"it uses an anchor", "params:\n  cap_drain: &a {maxDrainSeconds: 1}", `rules/data.yaml:2:14: anchors are not allowed`},
		{"it holds a second document", "params: {}\n---\nparams: {cap_drain: {maxDrainSeconds: 1}}", `more than one document`},
		{"it is empty", "# nothing\n", `the file is empty`},
		{"it is a list", "- params", `the file holds one mapping`},
		{"params is no mapping", "params: 1", `params is a mapping`},
		{"a rule's entry is no mapping", "params: {cap_drain: 600}", `params.cap_drain is a mapping`},
		{"it is no YAML", "params: {", `rules/data.yaml: `},
	} {
		t.Run(tc.name, func(t *testing.T) {
			wantProblem(t, loadProblems(t, source(ruleFile("sluice.spec.a", denyAll), file("data.yaml", tc.data))), tc.want)
		})
	}
}

func TestTwoSourcesMayNotDisagreeOnAParameter(t *testing.T) {
	rule := ruleFile("sluice.spec.mine", limited)
	other := Source{Name: "team", Files: []File{ruleFile("sluice.spec.other", denyAll), file("data.json", `{"params": {"mine": {"maxLine": 2}}}`)}}
	problems := loadProblems(t, source(rule, file("data.yaml", "params: {mine: {maxLine: 1}}")), other)
	wantProblem(t, problems, "team/data.json:1: params.mine.maxLine is set to something else in rules/data.yaml")

	mustLoad(t, source(rule, file("data.yaml", "params: {mine: {maxLine: 2}}")), other) // they agree
}

func TestParametersReachTheirRule(t *testing.T) {
	e := mustLoad(t, source(ruleFile("sluice.spec.mine", limited), file("sub/data.yaml", "params:\n  mine: {maxLine: 10}\n  cap_drain: {maxDrainSeconds: 100}")))
	for _, r := range e.Rules() {
		switch r.ID {
		case "spec.mine":
			if r.Shipped || r.Params["maxLine"] != 10.0 {
				t.Errorf("spec.mine: %+v", r)
			}
		case "action.cap_drain":
			if r.Params["maxDrainSeconds"] != 100.0 {
				t.Errorf("action.cap_drain: %+v", r)
			}
		}
	}
	in := specInput()
	wantDecisions(t, e, ScopeSpec, in)
	in["line"] = json.Number("11")
	wantDecisions(t, e, ScopeSpec, in, Decision{Rule: "spec.mine", Kind: "deny", Msg: "late"})
	wantDecisions(t, e, ScopeAction, actionInput(),
		Decision{Rule: "action.cap_drain", Kind: "cap", Msg: "drains are capped at 100 s, 350 s were asked for", MaxDrainSeconds: 100})
}

func TestRulesReturnsCopies(t *testing.T) {
	e := mustLoad(t)
	e.Rules()[0].Params["maxDrainSeconds"] = 1
	if got := e.Rules()[0].Params["maxDrainSeconds"]; got != 600.0 {
		t.Errorf("a caller changed the engine's parameters: %v", got)
	}
}

func TestAParameterMayBeImported(t *testing.T) {
	e := mustLoad(t, source(ruleFile("sluice.spec.mine", "import data.params.mine.maxLine\n"+`deny contains "late" if input.line > maxLine`), file("data.yaml", "params: {mine: {maxLine: 0}}")))
	res, err := e.Eval(t.Context(), ScopeSpec, specInput(), noon)
	if err != nil || len(res.Decisions) != 1 {
		t.Errorf("%+v, %v", res, err)
	}
}
