package policy

import (
	"errors"
	"testing"
)

// roll is a source with one rule that is mandatory and one that only warns.
func roll() Source {
	return source(
		file("firm.rego", "# METADATA\n# title: t\n# custom:\n#   level: mandatory\npackage sluice.spec.firm\n\n"+denyAll),
		file("mild.rego", "# METADATA\n# title: t\n# custom:\n#   level: advisory\npackage sluice.spec.mild\n\n"+denyAll))
}

func TestALevelIsRefusedWhen(t *testing.T) {
	for _, tc := range []struct {
		name, id string
		level    Level
		want     string
	}{
		{"the rule does not exist", "spec.frim", Advisory, `levels: spec.frim: there is no rule of this id (did you mean "spec.firm"?)`},
		{"the rule is a shipped guard", "action.never_unassign_primary", Advisory, "levels: action.never_unassign_primary is a shipped rule and stays mandatory: only rules of your own can be lowered"},
		{"the rule is shipped and soft", "spec.allowed_cidrs", Advisory, "levels: spec.allowed_cidrs is a shipped rule and stays soft"},
		{"the level is soft", "spec.firm", Soft, `levels: spec.firm: "soft" is no level to lower a rule to: write advisory`},
		{"the level would raise the rule", "spec.mild", Mandatory, `levels: spec.mild: "mandatory" is no level to lower a rule to`},
		{"the level does not exist", "spec.firm", "advisry", `levels: spec.firm: "advisry" is no level to lower a rule to`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Load(t.Context(), []Source{roll()}, Options{Levels: map[string]Level{tc.id: tc.level}})
			var le *LoadError
			if !errors.As(err, &le) {
				t.Fatalf("error %v", err)
			}
			wantProblem(t, le.Problems, tc.want)
		})
	}
}

func TestALoweredRuleSaysWhatItWasAndChangesTheDigest(t *testing.T) {
	load := func(levels map[string]Level) (*Engine, map[string]Rule) {
		e, err := Load(t.Context(), []Source{roll()}, Options{Levels: levels})
		if err != nil {
			t.Fatal(err)
		}
		rules := map[string]Rule{}
		for _, r := range e.Rules() {
			rules[r.ID] = r
		}
		return e, rules
	}
	plain, before := load(nil)
	lowered, after := load(map[string]Level{"spec.firm": Advisory})
	if r := after["spec.firm"]; r.Level != Advisory || r.LoweredFrom != Mandatory || r.Own() != Mandatory {
		t.Errorf("lowered to %s from %q, its own is %s", r.Level, r.LoweredFrom, r.Own())
	}
	if r := before["spec.firm"]; r.Level != Mandatory || r.LoweredFrom != "" || r.Own() != Mandatory {
		t.Errorf("as written: %+v", r)
	}
	if plain.Digest() == lowered.Digest() {
		t.Error("what was decided under one level would count under another")
	}
	same, rules := load(map[string]Level{"spec.mild": Advisory})
	if same.Digest() != plain.Digest() || rules["spec.mild"].LoweredFrom != "" {
		t.Errorf("an advisory rule is made advisory: digest %s, was %s; from %q", same.Digest(), plain.Digest(), rules["spec.mild"].LoweredFrom)
	}
}
