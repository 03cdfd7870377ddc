package policy

import "testing"

func TestADecisionNamesThePartOfTheDocumentThatItIsAbout(t *testing.T) {
	tests := []struct {
		name  string
		scope Scope
		body  string
		want  string
	}{
		{"the entry says it", ScopeSpec, `deny contains {"msg": "no", "path": "/spec/id"} if input.metadata.labels.env == "prod"`, "/spec/id"},
		{"the deepest field of the rule", ScopeSpec, `deny contains "no" if { input.kind == "NatGateway"; input.spec.drain.maxDuration == "350s" }`, "/spec/drain/maxDuration"},
		{"the last of two as deep", ScopeSpec, `deny contains "no" if { input.metadata.labels.env == "prod"; count(input.spec.secondary.addresses) < 9 }`, "/spec/secondary/addresses"},
		{"up to where the rule iterates", ScopeSpec, `deny contains a if some a in input.spec.secondary.addresses`, "/spec/secondary/addresses"},
		{"a helper's field", ScopeSpec, "deny contains \"no\" if _many\n_many if count(input.spec.secondary.addresses) > 1", "/spec/secondary/addresses"},
		{"the place is no part of it", ScopeSpec, `deny contains "no" if input.line == 1`, ""},
		{"nothing is named", ScopeSpec, `deny contains "no"`, ""},
		{"a key with a slash", ScopeSpec, `deny contains "no" if not input.metadata.annotations["a/b~c"]`, "/metadata/annotations/a~1b~0c"},
		{"an action's document", ScopeAction, `deny contains "no" if { input.document.spec.minServing == 1; input.resource.tags.Name }`, "/spec/minServing"},
		{"an action has none itself", ScopeAction, `deny contains "no" if input.action.wave == 0`, ""},
		{"a plan has none", ScopePlan, `deny contains "no" if input.plan.summary.pending == 1`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := mustLoad(t, source(ruleFile("sluice."+string(tt.scope)+".mine", tt.body)))
			res, err := e.Eval(t.Context(), tt.scope, inputOf(tt.scope), noon)
			if err != nil {
				t.Fatal(err)
			}
			if len(res.Decisions) == 0 {
				t.Fatal("the rule decided nothing")
			}
			if got := res.Decisions[0].Path; got != tt.want {
				t.Errorf("path %q, want %q", got, tt.want)
			}
		})
	}
}

func TestIsPointer(t *testing.T) {
	for s, want := range map[string]bool{"": true, "/": true, "/a/0": true, "/a~1b~0": true, "a": false, "/a~": false, "/a~2": false, "#/a": false} {
		if isPointer(s) != want {
			t.Errorf("isPointer(%q) is %v", s, !want)
		}
	}
}
