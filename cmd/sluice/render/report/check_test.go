package report

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
)

func TestAProblemsPlaceIsFound(t *testing.T) {
	for _, c := range []struct {
		name, text, file string
		want             located
		found            bool
	}{
		{"of any file", "a.yaml:3:1: no YAML", "", located{"a.yaml", 3, 1, "no YAML"}, true},
		{"of the file that is expected", "a:3:1: no YAML", "a", located{"a", 3, 1, "no YAML"}, true},
		{"of another file than the expected one", "b.yml:3:1: clash", "a.yaml", located{"b.yml", 3, 1, "clash"}, true},
		{"a name with a space and a colon", "my a:b.yaml:3:1: no YAML", "", located{"my a:b.yaml", 3, 1, "no YAML"}, true},
		{"a name that looks like a place", "a.yaml:1:1: b.yaml:3:4: x", "a.yaml:1:1: b.yaml", located{"a.yaml:1:1: b.yaml", 3, 4, "x"}, true},
		{"the expected file without a line", "a.yaml: too large", "a.yaml", located{"a.yaml", 0, 0, "too large"}, true},
		{"another file without a line stays a text", "b.yaml: too large", "a.yaml", located{}, false},
		{"a time of day", "at 12:30:45: it broke", "", located{}, false},
		{"a host and its port", "dial git.example.com:443:1: refused", "", located{}, false},
		{"a place in a later line", "two files:\na.yaml:3:1: x", "", located{}, false},
		{"a number that is none", "a.yaml:3:x: y", "", located{}, false},
		{"a number that is too large", "a.yaml:12345678901:1: y", "", located{}, false},
		{"nothing", "", "", located{}, false},
	} {
		if got, found := locate(c.text, c.file); got != c.want || found != c.found {
			t.Errorf("%s: locate(%q) = %+v, %v", c.name, c.text, got, found)
		}
	}
}

func FuzzLocateLosesNothing(f *testing.F) {
	for _, seed := range []string{"a.yaml:3:1: x", "a.yaml: x", ":", "::1:1: ", ".yaml:1:1: ", "a.yaml:0:0: ", "a.yaml:3:1: b.yaml:4:2: y"} {
		f.Add(seed, "a.yaml")
	}
	f.Fuzz(func(t *testing.T, text, file string) {
		at, ok := locate(text, file)
		if !ok {
			return
		}
		if !strings.HasPrefix(text, at.file+":") || !strings.HasSuffix(text, ": "+at.rest) || at.file == "" || at.line < 0 || at.column < 0 {
			t.Errorf("locate(%q, %q) = %+v", text, file, at)
		}
	})
}

func TestARuleWithoutALineStandsAtItsDocument(t *testing.T) {
	s := document(render.AuditDocument{File: "a.yaml", Line: 4, Rules: []render.AuditRule{
		{ID: "x", Decision: "deny", Column: 3}, {ID: "y", Decision: "deny", Line: 9, Column: 3}, {ID: "z", Decision: "deny", Line: 9, Column: -1},
	}})
	var places []string
	for _, c := range s.checks {
		places = append(places, c.place())
	}
	if want := []string{"a.yaml:4", "a.yaml:9:3", "a.yaml:9"}; !slices.Equal(places, want) {
		t.Errorf("places are %q, want %q", places, want)
	}
}

func TestWhatIsNoPassFails(t *testing.T) {
	for decision, want := range map[string]level{
		"pass": passed, "allow": passed, "cap": note, "warn": warning, "hold": failure, "deny": failure, "error": failure,
		"": failure, "Pass": failure, "passed": failure, "skip": failure,
	} {
		if got := levelOf(decision); got != want {
			t.Errorf("levelOf(%q) = %d, want %d", decision, got, want)
		}
	}
	s := document(render.AuditDocument{File: "a.yaml", Line: 1})
	if len(s.checks) != 1 || s.checks[0].level != failure {
		t.Errorf("a document that nobody judged passes: %+v", s.checks)
	}
}

func TestTheGravestOfARulesDecisionsIsItsResult(t *testing.T) {
	said := func(list ...string) verdict {
		var s subject
		for _, d := range list {
			s.checks = append(s.checks, check{rule: "x", decision: d, msg: d, level: levelOf(d)})
		}
		return s.verdicts()[0]
	}
	for want, list := range map[string][]string{
		"deny": {"warn", "deny", "pass"}, "warn": {"pass", "cap", "warn"}, "error": {"deny", "error", "hold"}, "hold": {"hold", "deny"}, "pass": {"pass", "allow"},
	} {
		if v := said(list...); v.decision != want || v.gravest().msg != want {
			t.Errorf("%q come to %q with the words of %q, want %q", list, v.decision, v.gravest().msg, want)
		}
	}
}

func TestFingerprintsOutliveAChangeOfLines(t *testing.T) {
	prints := func(r render.AuditReport) map[string]string {
		var issues []gitlabIssue
		if err := json.Unmarshal(written(t, GitLab, r), &issues); err != nil {
			t.Fatal(err)
		}
		byText := map[string]string{}
		for i, issue := range issues {
			byText[fmt.Sprint(i, issue.Description)] = issue.Fingerprint
		}
		if distinct := slices.Compact(slices.Sorted(maps.Values(byText))); len(distinct) != len(issues) {
			t.Errorf("%d issues have %d fingerprints", len(issues), len(distinct))
		}
		return byText
	}
	before, later := mixed(), mixed()
	twice := before.Documents[0].Rules[1]
	before.Documents[0].Rules = append(before.Documents[0].Rules, twice) // the same said twice is two issues
	later.Documents[0].Rules = append(later.Documents[0].Rules, twice)
	later.Problems[0] = strings.Replace(later.Problems[0], ":3:1:", ":30:2:", 1)
	for i := range later.Documents {
		d := &later.Documents[i]
		d.Line += 100
		for j := range d.Rules {
			d.Rules[j].Line += 100
		}
		for j, p := range d.Problems {
			d.Problems[j] = strings.Replace(p, ":7:5:", ":107:5:", 1)
		}
	}
	if a, b := prints(before), prints(later); !maps.Equal(a, b) {
		t.Errorf("fingerprints change with lines:\n%v\n%v", a, b)
	}
}

func TestTheFormatsAreThoseThatWerePromised(t *testing.T) {
	want := []string{"github", "gitlab", "junit", "markdown", "sarif", "tap"}
	if got := slices.Sorted(maps.Keys(Formats())); !slices.Equal(got, want) {
		t.Errorf("formats are %q, want %q", got, want)
	}
}
