package policy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// drains makes one action input for each drain; a negative one has none.
func drains(seconds ...int) []any {
	var list []any
	for _, n := range seconds {
		in := actionInput()
		in["action"].(map[string]any)["maxDrainSeconds"] = n
		if n < 0 {
			delete(in["action"].(map[string]any), "maxDrainSeconds")
		}
		list = append(list, in)
	}
	return list
}

func evalAll(e *Engine, inputs []any) []Answer {
	return e.EvalAll(context.Background(), ScopeAction, len(inputs), func(i int) any { return inputs[i] }, noon)
}

func TestManyInputsAreJudgedAsOneByOne(t *testing.T) {
	const rule = "deny contains sprintf(\"%d\", [input.action.maxDrainSeconds]) if input.action.maxDrainSeconds > 900\nwarn contains msg if { input.resource.tags.n; msg := input.resource.tags.n }"
	e := mustLoad(t, source(ruleFile("sluice.action.mine", rule)))
	rapid.Check(t, func(rt *rapid.T) {
		inputs := drains(rapid.SliceOfN(rapid.IntRange(0, 1200), 0, 12).Draw(rt, "drains")...)
		answers := evalAll(e, inputs)
		if len(answers) != len(inputs) {
			rt.Fatalf("%d answers to %d inputs", len(answers), len(inputs))
		}
		for i, in := range inputs {
			res, err := e.Eval(t.Context(), ScopeAction, in, noon)
			if got, want := fmt.Sprint(answers[i]), fmt.Sprint(Answer{res, err}); got != want {
				rt.Fatalf("input %d: %s, alone %s", i, got, want)
			}
		}
	})
}

func TestAnInputThatCannotBeJudgedDoesNotStopTheOthers(t *testing.T) {
	e := mustLoad(t, source(ruleFile("sluice.action.mine", `deny contains sprintf("%d", [input.action.maxDrainSeconds]) if input.action.verb == "unassign"`)))
	inputs := append(drains(100, -1, 200), "nothing")
	answers := evalAll(e, inputs)
	for i, want := range []string{"100", "", "200", ""} {
		a := answers[i]
		switch {
		case want == "" && (a.Err == nil || len(a.Decisions)+len(a.Evaluated) > 0):
			t.Errorf("answer %d: %+v, want an error and nothing else", i, a)
		case want != "" && (a.Err != nil || len(a.Decisions) != 1 || a.Decisions[0].Msg != want):
			t.Errorf("answer %d: %+v, want the decision %s", i, a, want)
		}
	}
}

// looping loops for an input whose drain is the given one.
const looping = `deny contains "no" if { input.action.maxDrainSeconds == 13; l := [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]
	some a in l; some b in l; some c in l; some d in l; some e in l; some f in l; some g in l; a+b+c+d+e+f+g > 99 }`

func TestALoopHoldsUpTheOthersOnlySoLong(t *testing.T) {
	e, err := Load(t.Context(), []Source{source(ruleFile("sluice.action.mine", looping))}, Options{EvalTimeout: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	answers := evalAll(e, drains(13, 13, 13, 13, 13, 13))
	for i, a := range answers {
		if a.Err == nil || len(a.Evaluated) > 0 {
			t.Errorf("answer %d: %+v", i, a)
		}
		if refused := strings.Contains(a.Err.Error(), "not evaluated"); refused != (i >= patience) {
			t.Errorf("answer %d: %v", i, a.Err)
		}
		if i < patience && !errors.Is(a.Err, context.DeadlineExceeded) {
			t.Errorf("answer %d: %v", i, a.Err)
		}
	}
}

func inputWithDrain(n int) map[string]any {
	in := actionInput()
	in["action"].(map[string]any)["maxDrainSeconds"] = n
	return in
}

func jsonEqual(t *testing.T, a, b []byte) bool {
	t.Helper()
	var x, y any
	if err := errors.Join(json.Unmarshal(a, &x), json.Unmarshal(b, &y)); err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(x, y)
}

func TestPartsMadeOnceAreSharedByInputs(t *testing.T) {
	e := mustLoad(t)
	in := actionInput()
	var err error
	if in["document"], err = Value(in["document"]); err != nil {
		t.Fatal(err)
	}
	in["action"].(map[string]any)["maxDrainSeconds"] = 700
	wantDecisions(t, e, ScopeAction, in, Decision{Rule: "action.cap_drain", Kind: "cap", Msg: "drains are capped at 600 s, 700 s were asked for", MaxDrainSeconds: 600})
	data, err := InputJSON(in)
	if err != nil {
		t.Fatal(err)
	}
	if want, _ := json.Marshal(inputWithDrain(700)); !jsonEqual(t, data, want) {
		t.Errorf("as JSON it is %s, want %s", data, want)
	}
	if _, err := Value(make(chan int)); err == nil {
		t.Error("a channel is no value")
	}
}
