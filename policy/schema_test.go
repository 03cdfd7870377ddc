package policy

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func compileSchema(t *testing.T, text []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("input.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("input.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// asJSON is the input as it comes off the wire.
func asJSON(t *testing.T, v any) any {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTheSchemasDescribeTheInputs(t *testing.T) {
	for _, scope := range scopes {
		s := compileSchema(t, Schema(scope))
		if err := s.Validate(asJSON(t, inputOf(scope))); err != nil {
			t.Errorf("%s: the plain input does not validate: %v", scope, err)
		}
		more := inputOf(scope)
		more["acton"] = 1
		if s.Validate(asJSON(t, more)) == nil {
			t.Errorf("%s: a field that is not known validates", scope)
		}
		for _, field := range slices.Sorted(maps.Keys(inputOf(scope))) {
			less := inputOf(scope)
			delete(less, field)
			if s.Validate(asJSON(t, less)) == nil {
				t.Errorf("%s: an input without %s validates", scope, field)
			}
		}
	}
	if Schema("acton") != nil {
		t.Error("a scope that does not exist has a schema")
	}
}

// An object that is open by mistake would let a misspelt field pass the type check.
func TestEveryObjectOfASchemaSaysWhatElseItMayHold(t *testing.T) {
	var walk func(path string, v any)
	walk = func(path string, v any) {
		m, ok := v.(map[string]any)
		if !ok {
			return
		}
		if m["type"] == "object" && m["additionalProperties"] == nil {
			t.Errorf("%s is open", path)
		}
		for k, child := range m {
			walk(path+"."+k, child)
		}
	}
	for _, scope := range scopes {
		schema, required, err := parsedSchema(scope)
		if err != nil || len(required) < 4 {
			t.Fatalf("%s: required %v, %v", scope, required, err)
		}
		walk(string(scope), schema)
	}
}

func TestSchemaReturnsACopy(t *testing.T) {
	Schema(ScopePlan)[0] = 'x'
	if Schema(ScopePlan)[0] != '{' {
		t.Error("a caller changed the schema")
	}
}

func TestOneSchemaHoldsTheInputsOfAllScopes(t *testing.T) {
	var all struct {
		Definitions map[Scope]map[string]any `json:"definitions"`
	}
	if err := json.Unmarshal(Schemas(), &all); err != nil || len(all.Definitions) != len(Scopes()) {
		t.Fatalf("%d definitions: %v", len(all.Definitions), err)
	}
	whole := compileSchema(t, Schemas())
	for _, scope := range Scopes() {
		var alone map[string]any
		if err := json.Unmarshal(Schema(scope), &alone); err != nil {
			t.Fatal(err)
		}
		delete(alone, "$schema") // only the top of a document names the draft
		if !reflect.DeepEqual(all.Definitions[scope], alone) {
			t.Errorf("%s: its definition is not its schema", scope)
		}
		if err := whole.Validate(asJSON(t, inputOf(scope))); err != nil {
			t.Errorf("%s: its input does not validate: %v", scope, err)
		}
	}
	if whole.Validate(map[string]any{"acton": true}) == nil {
		t.Error("an input of no scope validates")
	}
}
