package policy

import (
	"encoding/json"
	"os"
	"testing"
	"time"
)

func TestTheShippedLibraryPassesItsTestsWithEveryLineCovered(t *testing.T) {
	report, err := Test(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range report.Tests {
		if !c.Passed {
			t.Errorf("%s:%d: %s: %s", c.File, c.Line, c.Name, c.Message)
		}
	}
	if len(report.Tests) < 20 {
		t.Errorf("only %d tests were run", len(report.Tests))
	}
	if len(report.Coverage) != 14 {
		t.Errorf("coverage of %d files, want 14", len(report.Coverage))
	}
	for _, c := range report.Coverage {
		if c.Percent != 100 || len(c.NotCovered) > 0 {
			t.Errorf("%s: %.1f %% covered, not lines %v", c.File, c.Percent, c.NotCovered)
		}
	}
}

// Run with UPDATE=1 to rewrite the list after a change of the library.
func TestTheListOfShippedRulesIsTheGoldenOne(t *testing.T) {
	e := mustLoad(t)
	got, err := json.MarshalIndent(e.Rules(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	const golden = "testdata/rules.golden.json"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("the rules differ from %s:\n%s", golden, got)
	}
}

// mustLoad gives evaluations a minute, so that a busy machine fails no test.
func mustLoad(t testing.TB, sources ...Source) *Engine {
	t.Helper()
	e, err := Load(t.Context(), sources, Options{EvalTimeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return e
}
