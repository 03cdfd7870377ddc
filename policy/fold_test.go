package policy

import (
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

func TestConditionsOnConstantsAreDecidedAtLoad(t *testing.T) {
	for text, want := range map[string]string{
		`1 < 2`: "holds", `2 < 1`: "fails", `2 <= 2`: "holds", `3 > 3`: "fails", `3 >= 3`: "holds", `"a" == "a"`: "holds", `"a" != "a"`: "fails",
		`"9" < 10`: "fails", `true`: "holds", `false`: "fails", `1`: "holds",
		`x < 1`: "open", `not 1 < 2`: "open", `input.a == 1`: "open", `count([1]) == 1`: "open", `{1} == {1}`: "open", `1 < 2 with input as 1`: "open", `x = 1`: "open",
	} {
		holds, constant := decided(ast.MustParseBody(text)[0])
		got := map[bool]string{true: "holds", false: "fails"}[holds]
		if !constant {
			got = "open"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestADecisionThatParametersSwitchOffComesBackWithThem(t *testing.T) {
	const rule = "deny contains \"no\" if {\n\tdata.params.mine.limit > 0\n\tinput.action.wave == 0\n}\nwarn contains \"w\" if not data.params.mine.limit > 0"
	for limit, want := range map[string]Decision{
		"0": {Rule: "action.mine", Kind: Warn, Msg: "w"},
		"1": {Rule: "action.mine", Kind: Deny, Msg: "no"},
	} {
		e := mustLoad(t, source(ruleFile("sluice.action.mine", rule), file("data.yaml", "params: {mine: {limit: "+limit+"}}")))
		wantDecisions(t, e, ScopeAction, actionInput(), want)
		list, err := e.Explain(t.Context(), ScopeAction, actionInput(), noon)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range list {
			if x.Rule == "action.mine" && x.Kind == Deny && x.Fired != (limit == "1") {
				t.Errorf("limit %s: %+v", limit, x)
			}
			if x.Rule == "action.mine" && x.Kind == Deny && limit == "0" && (len(x.Conditions) != 1 || x.Conditions[0].Holds || x.Conditions[0].Text != "data.params.mine.limit > 0") {
				t.Errorf("its conditions are %+v", x.Conditions)
			}
		}
	}
}
