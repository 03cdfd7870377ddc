package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"pgregory.net/rapid"

	"github.com/seed-6ca89210/sluice/policy"
)

// everyScope has rules of one's own in all scopes, which decide in every way that
// there is, by labels of the document; echo repeats the input as the rule sees it.
var everyScope = rules(map[string]string{
	"sluice.spec.mine": `deny contains "no" if input.metadata.labels.do == "deny"

deny contains {"msg": "an object"} if input.metadata.labels.do == "deny"

hold contains "wait" if input.metadata.labels.do == "hold"

warn contains json.marshal(input) if input.metadata.labels.do == "echo"

warn contains sprintf("%v %v", [time.now_ns(), time.clock([time.now_ns(), "Local"])]) if input.metadata.labels.do == "time"

warn contains sprintf("%s", [input.metadata.labels.missing]) if input.metadata.labels.do == "undefined"

warn contains "never" if {
	input.metadata.labels.do == "error"
	1 / (count(input.kind) - count(input.kind)) == 1
}

warn contains "" if input.metadata.labels.do == "empty"`,
	"sluice.action.mine": `cap contains {"maxDrainSeconds": 60, "msg": "a minute"} if input.action.maxDrainSeconds > 60

warn contains json.marshal(input) if input.mode == "dry-run"`,
	"sluice.plan.mine": `hold contains json.marshal(input) if input.mode == "dry-run"`,
})

// change is an action's input as the caller has it: a struct with fields of its own.
type change struct {
	Action   map[string]any `json:"action"`
	Resource map[string]any `json:"resource"`
	Document any            `json:"document"`
	Commit   map[string]any `json:"commit"`
	Mode     string         `json:"mode"`
	Time     time.Time      `json:"time"`
}

func do(what string) map[string]any {
	return document(map[string]any{"do": what, "env": "prod", "owner": "<netzwerk & söhne>\u2028"})
}

func TestTheChildDecidesAsThisProcessDoes(t *testing.T) {
	t.Setenv("TZ", "Asia/Kolkata")
	e := start(t, everyScope, policy.Options{}, Limits{})
	commit := map[string]any{"id": "4b825dc6", "author": map[string]any{}, "committer": map[string]any{}, "signer": "", "time": "", "message": "m"}
	action := change{
		Action:   map[string]any{"verb": "unassign", "addresses": []string{"10.0.1.21"}, "prefixes": nil, "maxDrainSeconds": 350, "wave": 0, "from": "", "servingBefore": 3, "servingAfter": 2},
		Resource: map[string]any{"addresses": []any{map[string]any{"ip": "10.0.1.4", "primary": true, "status": "succeeded"}}, "tags": map[string]string{"Name": "a"}},
		Document: do("echo"), Commit: commit, Mode: "dry-run", Time: noon,
	}
	plan := map[string]any{
		"plan":   map[string]any{"version": 1, "resources": []any{}, "summary": map[string]any{}},
		"commit": commit, "mode": "dry-run", "time": "2027-01-02T12:00:00Z",
	}
	numbers := do("echo")
	numbers["spec"] = map[string]any{"numbers": []any{
		json.Number("12345678901234567890123456789"), json.Number("0.1000000000000000055511151231257827"), json.Number("1e400"),
		1, int64(-9007199254740993), uint64(9007199254740993), 1.5, 1e21, json.Number("1.0"), json.Number("-0"),
	}}
	for _, c := range []struct {
		name  string
		scope policy.Scope
		input any
	}{
		{"nothing is said", policy.ScopeSpec, do("nothing")},
		{"two denials", policy.ScopeSpec, do("deny")},
		{"a hold", policy.ScopeSpec, do("hold")},
		{"an echo", policy.ScopeSpec, do("echo")},
		{"an echo of an ast.Value", policy.ScopeSpec, ast.MustInterfaceToValue(do("echo"))},
		{"numbers of every kind", policy.ScopeSpec, numbers},
		{"numbers of every kind in an ast.Value", policy.ScopeSpec, ast.MustInterfaceToValue(numbers)},
		{"the time", policy.ScopeSpec, do("time")},
		{"an undefined message", policy.ScopeSpec, do("undefined")},
		{"an error in a rule", policy.ScopeSpec, do("error")},
		{"an empty message", policy.ScopeSpec, do("empty")},
		{"an input that lacks fields", policy.ScopeSpec, map[string]any{"kind": "NatGateway"}},
		{"an input that is a list", policy.ScopeSpec, []any{1}},
		{"an input that is nothing", policy.ScopeSpec, nil},
		{"an action in a struct", policy.ScopeAction, action},
		{"a pointer to one", policy.ScopeAction, &action},
		{"a plan", policy.ScopePlan, plan},
		{"a scope that does not exist", "nowhere", plan},
	} {
		t.Run(c.name, func(t *testing.T) {
			want, wantErr := local(t, e).Eval(t.Context(), c.scope, c.input, noon)
			got, err := e.Eval(t.Context(), c.scope, c.input, noon)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("the child says\n%+v, this process\n%+v", got, want)
			}
			if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
				t.Errorf("the child's error is\n%v, this process's\n%v", err, wantErr)
			}
		})
	}
	if len(e.deaths.times) > 0 || e.asked < 8 {
		t.Errorf("%d deaths; %d questions", len(e.deaths.times), e.asked)
	}
	if local, err := policy.Load(t.Context(), everyScope, policy.Options{}); err != nil || e.Digest() != local.Digest() || !reflect.DeepEqual(e.Rules(), local.Rules()) {
		t.Errorf("digest or rules differ from those of policy.Load: %v", err)
	}
}

// An input that cannot be written is an error, and no child is asked.
func TestAnInputThatIsNoJSONIsRefused(t *testing.T) {
	e := start(t, everyScope, policy.Options{}, Limits{})
	for name, input := range map[string]any{
		"a function":         map[string]any{"f": func() {}},
		"a set":              ast.NewObject(ast.Item(ast.StringTerm("s"), ast.NewTerm(ast.NewSet()))),
		"a key that is none": ast.NewObject(ast.Item(ast.IntNumberTerm(1), ast.StringTerm("x"))),
		"a variable":         ast.Var("x"),
	} {
		if _, err := e.Eval(t.Context(), policy.ScopeSpec, input, noon); err == nil || !strings.HasPrefix(err.Error(), "policy, scope spec: read the input: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(e.deaths.times) > 0 {
		t.Error("it ended the child")
	}
}

// What is written is what is read on the other side, digit by digit.
func TestWritingAnInputLosesNothing(t *testing.T) {
	scalar := rapid.OneOf(
		rapid.Just(any(nil)), rapid.Bool().AsAny(), rapid.String().AsAny(), rapid.Int64().AsAny(), rapid.Float64Range(-1e300, 1e300).AsAny(),
		rapid.Custom(func(t *rapid.T) json.Number {
			digits := rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, "digits")
			return json.Number(new(big.Int).SetBytes(digits).String())
		}).AsAny(),
	)
	var value func(depth int) *rapid.Generator[any]
	value = func(depth int) *rapid.Generator[any] {
		if depth == 0 {
			return scalar
		}
		inner := value(depth - 1)
		return rapid.OneOf(scalar, rapid.SliceOfN(inner, 0, 4).AsAny(), rapid.MapOfN(rapid.String(), inner, 0, 4).AsAny())
	}
	rapid.Check(t, func(t *rapid.T) {
		plain := value(3).Draw(t, "input")
		in := ast.MustInterfaceToValue(plain)
		for _, form := range []any{plain, in, map[string]any{"part": in}, []any{in}} {
			var buf bytes.Buffer
			if err := writeInput(&buf, form); err != nil {
				t.Fatal(err)
			}
			out, err := ast.ValueFromReader(&buf)
			if err != nil || ast.MustInterfaceToValue(form).Compare(out) != 0 {
				t.Errorf("%v became %v: %v", form, out, err)
			}
		}
	})
}

func TestManyGoroutinesTakeTurns(t *testing.T) {
	e := start(t, everyScope, policy.Options{}, Limits{})
	errs := make(chan error)
	for _, what := range []string{"deny", "hold", "echo", "nothing"} {
		want, err := local(t, e).Eval(t.Context(), policy.ScopeSpec, do(what), noon)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			var err error
			for range 50 {
				got, e := e.Eval(context.Background(), policy.ScopeSpec, do(what), noon)
				if e != nil {
					err = e
				} else if !reflect.DeepEqual(got, want) {
					err = errors.New(what + ": another goroutine's answer")
				}
			}
			errs <- err
		}()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// Among many inputs, in one request or several, each gets its own answer, whatever
// the others do.
func TestManyInputsAreJudgedAsThisProcessJudgesThem(t *testing.T) {
	e := start(t, everyScope, policy.Options{}, Limits{})
	kinds := []string{"nothing", "deny", "echo", "undefined", "error", "hold"}
	input := func(i int) any {
		switch {
		case i%17 == 16:
			return func() {} // cannot be written
		case i%13 == 12:
			return map[string]any{"kind": "NatGateway"}
		}
		in := do(kinds[i%len(kinds)])
		in["line"] = i
		labels, err := policy.Value(in["metadata"])
		if err != nil {
			t.Error(err)
		}
		in["metadata"] = labels // a part in the engine's own form
		return in
	}
	for _, n := range []int{0, 1, 7, chunk, 2*chunk + 1} {
		want := local(t, e).EvalAll(t.Context(), policy.ScopeSpec, n, input, noon)
		got := e.EvalAll(t.Context(), policy.ScopeSpec, n, input, noon)
		if len(got) != n {
			t.Fatalf("%d answers to %d inputs", len(got), n)
		}
		for i := range want {
			if !reflect.DeepEqual(got[i].Result, want[i].Result) || fmt.Sprint(got[i].Err) != fmt.Sprint(want[i].Err) {
				t.Errorf("input %d of %d: the child says\n%v, this process\n%v", i, n, got[i], want[i])
			}
		}
	}
}
