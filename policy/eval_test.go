package policy

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
)

func wantDecisions(t *testing.T, e *Engine, scope Scope, in any, want ...Decision) {
	t.Helper()
	res, err := e.Eval(t.Context(), scope, in, noon)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Decisions) != len(want) || len(want) > 0 && !reflect.DeepEqual(res.Decisions, want) {
		t.Errorf("decisions\n\t%+v, want\n\t%+v", res.Decisions, want)
	}
}

// evalError judges the scope's plain input by one more rule and wants an error.
func evalError(t *testing.T, scope Scope, body, want string) {
	t.Helper()
	e := mustLoad(t, source(ruleFile("sluice."+string(scope)+".mine", body)))
	res, err := e.Eval(t.Context(), scope, inputOf(scope), noon)
	if err == nil {
		t.Fatalf("no error, decisions %+v", res.Decisions)
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("error %q, want it to contain %q", err, want)
	}
	if len(res.Decisions) > 0 || len(res.Evaluated) > 0 {
		t.Errorf("a result beside the error: %+v", res)
	}
}

func TestAnUndefinedValueInAMessageIsAnErrorAndNoPass(t *testing.T) {
	const want = "policy, scope action: rule action.mine (rules/mine.rego:5): the condition of deny holds but its message is undefined"
	for _, tc := range []struct{ name, body string }{
		{"sprintf in the entry", `deny contains sprintf("%s", [input.resource.tags.nope])`},
		{"sprintf in an assignment", `deny contains msg if { input.mode == "dry-run"; msg := sprintf("%s", [input.resource.tags.nope]) }`},
		{"sprintf before the condition", `deny contains msg if { msg := sprintf("%s", [input.resource.tags.nope]); input.mode == "dry-run" }`},
		{"sprintf by unification", `deny contains msg if { input.mode == "dry-run"; msg = sprintf("%s", [input.resource.tags.nope]) }`},
		{"sprintf of a declared variable", `deny contains msg if { some msg; input.mode == "dry-run"; msg = sprintf("%s", [input.resource.tags.nope]) }`},
		{"an object", `deny contains {"msg": sprintf("%s", [input.resource.tags.nope])}`},
		{"an object from an assignment", `deny contains {"msg": msg} if { msg := sprintf("%s", [input.resource.tags.nope]) }`},
		{"an assigned object", `deny contains v if { m := sprintf("%s", [input.resource.tags.nope]); v := {"msg": m} }`},
		{"a part of the message", `deny contains msg if { tag := input.resource.tags.nope; msg := concat(" ", ["tag", tag]) }`},
		{"a destructured message", `deny contains msg if { [msg, _] := [input.resource.tags.nope, 1] }`},
		{"the bare value", `deny contains input.resource.tags.nope`},
		{"a message for each address", `deny contains msg if { some i; input.resource.addresses[i].primary; msg := sprintf("%s", [input.resource.addresses[i].publicIp]) }`},
		{"a message for some address", `deny contains msg if { some a in input.resource.addresses; not a.primary; msg := sprintf("%s", [a.publicIp]) }`},
		{"an iteration over nothing inside the message", `deny contains msg if { msg := sprintf("%s", [input.action.prefixes[_]]) }`},
		{"a function that is undefined", "deny contains _msg(input.mode)\n_msg(m) := sprintf(\"%s %s\", [m, input.resource.tags.nope])"},
		{"a rule that is undefined", "deny contains _msg\n_msg := sprintf(\"%s\", [input.resource.tags.nope])"},
		{"only one of two messages", `deny contains msg if { some n in ["Name", "nope"]; msg := sprintf("%s", [input.resource.tags[n]]) }`},
	} {
		t.Run(tc.name, func(t *testing.T) { evalError(t, ScopeAction, tc.body, want) })
	}
}

func TestDefinedMessagesCountAsOften(t *testing.T) {
	no := func(msg string) Decision { return Decision{Rule: "action.mine", Kind: "deny", Msg: msg} }
	for _, tc := range []struct {
		name, body string
		want       []Decision
	}{
		{"a bare string", `deny contains "no"`, []Decision{no("no")}},
		{"an object", `deny contains {"msg": "no"}`, []Decision{no("no")}},
		{"a condition that is false", `deny contains input.resource.tags.nope if input.mode == "apply"`, nil},
		{"a condition that is undefined", `deny contains "no" if input.resource.tags.nope == "x"`, nil},
		{"a list without entries", `deny contains msg if { p := input.action.prefixes[_]; msg := sprintf("%s", [p]) }`, nil},
		{"an entry for each of two", `deny contains msg if { some a in input.resource.addresses; not a.primary; msg := sprintf("%s", [a.ip]) }`, []Decision{no("10.0.1.20"), no("10.0.1.21")}},
		{"an index that only the message shows", `deny contains msg if { some i; input.resource.addresses[i].primary == false; msg := sprintf("%d", [i]) }`, []Decision{no("1"), no("2")}},
		{"a message that iterates", `deny contains sprintf("%s", [input.resource.addresses[_].ip])`, []Decision{no("10.0.1.20"), no("10.0.1.21"), no("10.0.1.4")}},
		{"a value that condition and message share", `deny contains msg if { n := count(input.resource.addresses); n > 2; msg := sprintf("%d", [n]) }`, []Decision{no("3")}},
		{"a template string", `deny contains $"{input.mode}"`, []Decision{no("dry-run")}},
		{"two rules with one message", denyAll + "\n" + `deny contains "no" if input.mode == "dry-run"`, []Decision{no("no")}},
		{"another rule reads deny", denyAll + "\n" + `warn contains "also" if "no" in deny`, []Decision{no("no"), {Rule: "action.mine", Kind: "warn", Msg: "also"}}},
		{"an entry in every set", denyAll + "\nhold contains \"h\"\nwarn contains \"w\"\ncap contains {\"maxDrainSeconds\": 1, \"msg\": \"c\"}", []Decision{
			{Rule: "action.mine", Kind: "cap", Msg: "c", MaxDrainSeconds: 1}, no("no"),
			{Rule: "action.mine", Kind: "hold", Msg: "h"}, {Rule: "action.mine", Kind: "warn", Msg: "w"}}},
		{"walk finds the path", `deny contains msg if { walk(input.resource.tags, [path, value]); value == "egress-a"; msg := concat("/", path) }`, []Decision{no("Name")}},
		{"time is given", `deny contains msg if { time.now_ns() == time.parse_rfc3339_ns(input.time); msg := "noon" }`, []Decision{no("noon")}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			wantDecisions(t, mustLoad(t, source(ruleFile("sluice.action.mine", tc.body))), ScopeAction, actionInput(), tc.want...)
		})
	}
}

func TestAnEntryOfTheWrongFormIsAnError(t *testing.T) {
	for _, tc := range []struct{ name, body, want string }{
		{"a number", `deny contains 42`, "rule action.mine (rules/mine.rego:5): an entry of deny is 42: it must be a string or an object with msg"},
		{"true", `deny contains true`, "an entry of deny is true"},
		{"an empty message", `deny contains ""`, "an entry of deny has no message"},
		{"a blank message", `hold contains {"msg": " "}`, "an entry of hold has no message"},
		{"no msg", `warn contains {}`, "an entry of warn has no message"},
		{"msg is a number", `deny contains {"msg": 1}`, "msg of an entry of deny is 1, not a string"},
		{"a path that is none", `deny contains {"msg": "no", "path": "spec.drain"}`, `path of an entry of deny is "spec.drain", not a JSON pointer`},
		{"a path that is a number", `deny contains {"msg": "no", "path": 1}`, "path of an entry of deny is 1, not a JSON pointer"},
		{"a field that is not known", `deny contains {"msg": "no", "level": "low"}`, `an entry of deny has the field "level"`},
		{"a drain on deny", `deny contains {"msg": "no", "maxDrainSeconds": 1}`, `an entry of deny has the field "maxDrainSeconds"`},
		{"a cap without a number", `cap contains "short"`, "an entry of cap has no maxDrainSeconds"},
		{"a cap without a message", `cap contains {"maxDrainSeconds": 1}`, "an entry of cap has no message"},
		{"a cap of nothing", `cap contains {"maxDrainSeconds": 0, "msg": "x"}`, "maxDrainSeconds of an entry of cap is 0, not an integer from 1 to 4000"},
		{"a cap beyond EC2's limit", `cap contains {"maxDrainSeconds": 4001, "msg": "x"}`, "is 4001, not an integer"},
		{"a cap of a part of a second", `cap contains {"maxDrainSeconds": 1.5, "msg": "x"}`, "is 1.5, not an integer"},
		{"a cap in words", `cap contains {"maxDrainSeconds": "600", "msg": "x"}`, `is "600", not an integer`},
	} {
		t.Run(tc.name, func(t *testing.T) { evalError(t, ScopeAction, tc.body, tc.want) })
	}
}

func TestAnErrorOfABuiltinNamesTheRule(t *testing.T) {
	evalError(t, ScopeSpec, "\n\n"+`deny contains "no" if net.cidr_contains("10.0.0.0/99", input.spec.secondary.addresses[0])`,
		"rule spec.mine (rules/mine.rego:7): net.cidr_contains: ")
}

func TestAnErrorInsideTheMessageIsAnErrorToo(t *testing.T) {
	evalError(t, ScopeSpec, `deny contains msg if { msg := sprintf("%d", [to_number(input.kind)]) }`, "rule spec.mine (rules/mine.rego:5): to_number")
}

func TestALoopingRuleEndsAtItsLimit(t *testing.T) {
	long := "l := [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"
	body := `deny contains "no" if { ` + long + `; some a in l; some b in l; some c in l; some d in l; some e in l; some f in l; some g in l; a+b+c+d+e+f+g > 99 }`
	e, err := Load(t.Context(), []Source{source(ruleFile("sluice.spec.mine", body))}, Options{EvalTimeout: 30 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	_, err = e.Eval(t.Context(), ScopeSpec, specInput(), noon)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "longer than its limit of 30ms") {
		t.Errorf("error %v", err)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestADeadContextIsNeverAPass(t *testing.T) {
	e := mustLoad(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		if _, err := e.Eval(ctx, ScopeSpec, specInput(), noon); !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
	}
	if _, err := Load(ctx, nil, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Load: %v", err)
	}
}

func TestInputThatCannotBeJudgedIsAnError(t *testing.T) {
	e := mustLoad(t)
	without := actionInput()
	delete(without, "resource")
	for _, tc := range []struct {
		name  string
		scope Scope
		in    any
		want  string
	}{
		{"a scope that is not known", "acton", actionInput(), "scope acton: there is no such scope"},
		{"nothing", ScopeSpec, nil, "the input is not an object"},
		{"a list", ScopeSpec, []any{}, "the input is not an object"},
		{"a field missing", ScopeAction, without, `the input has no field "resource"`},
		{"no JSON", ScopeAction, make(chan int), "read the input"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := e.Eval(t.Context(), tc.scope, tc.in, noon)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

func TestThePassedRulesAreNamed(t *testing.T) {
	e := mustLoad(t, source(ruleFile("sluice.plan.mine", denyAll)))
	for scope, want := range map[Scope]string{
		ScopeSpec:   "spec.allowed_cidrs spec.expiring_addresses spec.required_labels spec.unique_owner",
		ScopeAction: "action.cap_drain action.drain_floor action.min_serving action.never_unassign_primary action.reassignment_needs_hold action.subnet_headroom",
		ScopePlan:   "plan.change_budget plan.freeze_windows plan.mine plan.no_mass_removal plan.signed_commits",
	} {
		res, err := e.Eval(t.Context(), scope, inputOf(scope), noon)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(res.Evaluated, " "); got != want {
			t.Errorf("%s: evaluated %s, want %s", scope, got, want)
		}
	}
}

func TestStructsAndParsedValuesAreInputToo(t *testing.T) {
	e := mustLoad(t)
	wantDecisions(t, e, ScopeSpec, ast.MustInterfaceToValue(specInput()))
	type meta struct {
		Name string `json:"name"`
	}
	wantDecisions(t, e, ScopeSpec, struct {
		APIVersion string         `json:"apiVersion"`
		Kind       string         `json:"kind"`
		Metadata   meta           `json:"metadata"`
		Spec       map[string]any `json:"spec"`
		File       string         `json:"file"`
		Line       int            `json:"line"`
	}{"sluice/v1", "NatGateway", meta{"a"}, map[string]any{"secondary": map[string]any{"addresses": []string{"8.8.8.8"}}}, "a.yaml", 1},
		Decision{Rule: "spec.allowed_cidrs", Kind: "deny", Msg: "secondary.addresses 8.8.8.8 is outside the allowed ranges (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10)", Path: "/spec/secondary/addresses/0"})
}

func TestOneEngineServesManyGoroutines(t *testing.T) {
	e := mustLoad(t)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 50 {
				in := actionInput()
				drain := 590 + g + i
				in["action"].(map[string]any)["maxDrainSeconds"] = drain
				res, err := e.Eval(t.Context(), ScopeAction, in, noon)
				if err != nil || (len(res.Decisions) == 1) != (drain > 600) {
					t.Errorf("drain %d: %+v, %v", drain, res.Decisions, err)
				}
			}
		})
	}
	wg.Wait()
}
