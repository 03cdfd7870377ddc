package policy

import (
	"context"
	"strings"
	"testing"
	"time"
)

// FuzzLoad: whatever a source holds, Load ends with an engine or an error, and an
// engine ends with a result or an error.
func FuzzLoad(f *testing.F) {
	head := "# METADATA\n# title: x\npackage sluice.spec.mine\n"
	for _, body := range []string{
		denyAll, `denny contains 1`, `deny := true`, `deny["x"]`, `deny contains msg if { msg := sprintf("%s", [input.spec.nope]) }`,
		`deny contains x if { [x, y] := input.list[_]; y }`, `deny contains x if { some x; {"a": x} = input.metadata }`,
		`deny contains msg if { some i; msg = input.file[i] with input as {"file": ["a"]} }`, `deny.x.y contains 1`,
		"default deny := {}", "deny contains 1 if { every x in [1] { x } } else := 2", "f(x) := y if { y := x } else := 3\n" + denyAll,
	} {
		f.Add(head+body, "params: {mine: {a: 1}}")
	}
	f.Add("package x", "params: &a [*a]")
	f.Add("", "---\n---\n")
	f.Add(strings.Repeat("(", 400), `{"params": {"cap_drain": {"maxDrainSeconds": 1e999}}}`)
	f.Fuzz(func(t *testing.T, module, data string) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		e, err := Load(ctx, []Source{source(file("mine.rego", module), file("data.yaml", data))}, Options{EvalTimeout: 50 * time.Millisecond})
		failed := func(err error) bool { return err != nil && strings.Contains(err.Error(), "engine failed") }
		if failed(err) {
			t.Fatal(err)
		}
		if err != nil {
			return
		}
		for _, scope := range scopes {
			if _, err := e.Eval(ctx, scope, inputOf(scope), noon); failed(err) {
				t.Fatal(err)
			}
		}
	})
}
