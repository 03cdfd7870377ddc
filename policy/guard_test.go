package policy

import (
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

func TestABodyIsDividedIntoConditionAndMessage(t *testing.T) {
	for _, tc := range []struct{ name, body, message string }{
		{"nothing is assigned", `input.x == 1`, ``},
		{"only the entry uses it", `input.x == 1; msg := "a"`, `msg := "a"`},
		{"one feeds the other", `a := input.x; msg := concat("", [a])`, `a := input.x; msg := concat("", [a])`},
		{"the condition needs it", `a := input.x; a > 1; msg := concat("", [a])`, `msg := concat("", [a])`},
		{"the condition needs what it rests on", `a := input.x; b := a.y; b > 1; msg := "m"`, `msg := "m"`},
		{"it iterates", `a := input.list[_]; msg := concat("", [a])`, `msg := concat("", [a])`},
		{"it iterates by a name of its own", `a := input.list[i]; msg := concat("", [a, i])`, `msg := concat("", [a, i])`},
		{"it looks up what the condition found", `input.list[i].bad; a := input.names[i]; msg := concat("", [a])`, `a := input.names[i]; msg := concat("", [a])`},
		{"it finds what the condition needs", `msg := upper(input.list[i]); i > 1`, ``},
		{"it is given a value twice", `msg = input.a; msg = input.b`, ``},
		{"it is tested in a closure", `msg := input.a; count([1 | msg == "x"]) == 0`, ``},
		{"the value stands on the left", `"a" = msg`, `"a" = msg`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, err := ast.ParseModuleWithOpts("x.rego", "package x\ndeny contains msg if { "+tc.body+" }", ast.ParserOptions{RegoVersion: ast.RegoV1})
			if err != nil {
				t.Fatal(err)
			}
			condition, message := split(m.Rules[0])
			want := ast.Body(nil)
			if tc.message != "" {
				want = ast.MustParseBody(tc.message)
			}
			got := func(b ast.Body) string { return strings.ReplaceAll(b.String(), "__wildcard0__", "_") }
			if got(message) != got(want) {
				t.Errorf("message %s, want %s", message, want)
			}
			if len(condition)+len(message) != len(m.Rules[0].Body) {
				t.Errorf("expressions were lost: %s | %s", condition, message)
			}
		})
	}
}

func TestAllowedBuiltinsExist(t *testing.T) {
	for _, name := range strings.Fields(allowed) {
		if !isKnownBuiltin(name) {
			t.Errorf("this version of OPA has no %s", name)
		}
	}
	c := capabilities()
	if len(c.Builtins) != len(strings.Fields(allowed)) {
		t.Errorf("%d functions are allowed, %d are listed", len(c.Builtins), len(strings.Fields(allowed)))
	}
	if c.AllowNet == nil {
		t.Error("AllowNet is nil, which means any host")
	}
	for _, b := range c.Builtins {
		if b.Nondeterministic && b.Name != "time.now_ns" {
			t.Errorf("%s is not deterministic", b.Name)
		}
	}
}
