package judge

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/seed-6ca89210/sluice/policy"
)

// validating checks every input against the schema that rules are type-checked
// with: a field that the schema does not know would be one no rule can read.
type validating struct {
	Engine
	t     *testing.T
	count map[policy.Scope]int
}

func (v validating) Eval(ctx context.Context, scope policy.Scope, in any, now time.Time) (policy.Result, error) {
	v.count[scope]++
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(policy.Schema(scope)))
	if err != nil {
		v.t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", schema); err != nil {
		v.t.Fatal(err)
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		v.t.Fatal(err)
	}
	data, err := policy.InputJSON(in)
	if err != nil {
		v.t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		v.t.Fatal(err)
	}
	if err := compiled.Validate(value); err != nil {
		v.t.Errorf("%s: %v\n%s", scope, err, data)
	}
	return v.Engine.Eval(ctx, scope, in, now)
}

func (v validating) EvalAll(ctx context.Context, scope policy.Scope, n int, in func(int) any, now time.Time) []policy.Answer {
	return oneByOne(ctx, v, scope, n, in, now)
}

func TestEveryInputFitsItsPublishedSchema(t *testing.T) {
	v := validating{engine(t), t, map[policy.Scope]int{}}
	Judge(t.Context(), v, swap(t, 3, "10.0.1.20", "10.0.1.30"))
	for scope, want := range map[policy.Scope]int{policy.ScopeSpec: 1, policy.ScopeAction: 3, policy.ScopePlan: 1} { // a capped action is asked about twice
		if v.count[scope] != want {
			t.Errorf("%s was evaluated %d times, want %d", scope, v.count[scope], want)
		}
	}
}
