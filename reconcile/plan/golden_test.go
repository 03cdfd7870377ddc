package plan

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata")

// goldenWorld has every state that a plan can have, and every field.
const goldenWorld = `
	nat-a .10* .20
	nat-b .11* .21/unassigning
	nat-c .12* type=public
	nat-d .13* .23
	nat-x .14* .24
	eni-e .15* .30 .64/28
	eni-f .16*
	want nat-a .26 drain=60
	want nat-b none
	want nat-c .22
	want nat-d .24
	want eni-e none cidrs=.80/28
	want eni-f .30 move
	want nat{Name=lost} .25`

func TestTheJSONOfAPlan(t *testing.T) {
	got, err := json.MarshalIndent(Make(parseWorld(t, goldenWorld)), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	const file = "testdata/plan.json"
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the JSON changed; if that is meant, raise Version where a reader could trip, and run go test -update\n%s", got)
	}
}

// TestThePlanHasTheDocumentedShape compares keys and types with the contract:
// nothing missing, nothing more, and no list that is null.
func TestThePlanHasTheDocumentedShape(t *testing.T) {
	data, err := json.Marshal(Make(parseWorld(t, goldenWorld)))
	if err != nil {
		t.Fatal(err)
	}
	var p map[string]any
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	keys := func(what string, v any, required, optional string) map[string]any {
		t.Helper()
		m, ok := v.(map[string]any)
		if !ok {
			t.Fatalf("%s is no object: %v", what, v)
		}
		allowed := append(strings.Fields(required), strings.Fields(optional)...)
		for _, k := range strings.Fields(required) {
			if m[k] == nil {
				t.Errorf("%s lacks %q", what, k)
			}
		}
		for k := range maps.Keys(m) {
			if !slices.Contains(allowed, k) {
				t.Errorf("%s has %q, which is not documented", what, k)
			}
		}
		return m
	}
	keys("the plan", p, "version commit policyDigest inventoryHash planHash mode resources summary", "")
	keys("the summary", p["summary"], "inSync pending converging blocked held denied error", "")
	for _, h := range []string{"inventoryHash", "planHash"} {
		if s, _ := p[h].(string); !strings.HasPrefix(s, "sha256:") || len(s) != len("sha256:")+64 {
			t.Errorf("%s is %v", h, p[h])
		}
	}
	actions := 0
	for _, v := range p["resources"].([]any) {
		r := keys("a resource", v, "target kind id spec state reason waves verdicts", "")
		keys("a spec", r["spec"], "name file line", "")
		if _, ok := r["verdicts"].([]any); !ok {
			t.Errorf("verdicts are %v", r["verdicts"])
		}
		for _, wave := range r["waves"].([]any) {
			for _, a := range wave.([]any) {
				keys("an action", a, "verb", "addresses prefixes maxDrainSeconds from")
				actions++
			}
		}
	}
	if actions < 4 {
		t.Errorf("the world shows only %d actions", actions)
	}
}

func TestAPlanSurvivesItsJSON(t *testing.T) {
	p := Make(parseWorld(t, goldenWorld))
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var back Plan
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	hash := back.PlanHash
	back.Seal()
	if back.PlanHash != hash || !back.Within(&p) || !p.Within(&back) {
		t.Errorf("hash %s became %s", hash, back.PlanHash)
	}
}
