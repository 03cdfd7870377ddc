package policy

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func testedRule(tests string) Source {
	return source(
		ruleFile("sluice.spec.mine", "deny contains \"late\" if input.line > 10\nwarn contains \"far\" if input.line > 100"),
		file("mine_test.rego", "package sluice.spec.mine_test\n\nimport data.sluice.spec.mine\n\n"+tests+"\n"))
}

func TestUsersTestsRunWithTheLibrarys(t *testing.T) {
	report, err := Test(t.Context(), []Source{testedRule(`test_late if "late" in mine.deny with input.line as 11
test_wrong if "late" in mine.deny with input.line as 10
todo_test_later if true`)})
	if err != nil {
		t.Fatal(err)
	}
	if report.Failed() != 2 {
		t.Errorf("%d failed, want 2", report.Failed())
	}
	want := map[string]string{"test_late": "", "test_wrong": "not true", "todo_test_later": "skipped"}
	found := 0
	for _, c := range report.Tests {
		if name, ok := strings.CutPrefix(c.Name, "sluice.spec.mine_test."); ok {
			found++
			if msg := want[name]; !strings.HasPrefix(c.Message, msg) || c.Passed != (msg == "") {
				t.Errorf("%+v", c)
			}
		}
	}
	if found != 3 {
		t.Errorf("%d tests of the source were reported, want 3: %+v", found, report.Tests)
	}
	i := slices.IndexFunc(report.Coverage, func(c FileCoverage) bool { return c.File == "rules/mine.rego" })
	if i < 0 || report.Coverage[i].Shipped || !slices.Equal(report.Coverage[i].NotCovered, []int{6}) {
		t.Errorf("coverage of the source: %+v", report.Coverage)
	}
}

func TestPolicyTestsFailWhen(t *testing.T) {
	for _, tc := range []struct {
		name string
		src  Source
		want string
	}{
		{"there are none", source(ruleFile("sluice.spec.mine", denyAll)), "rules: no test found in rules"},
		{"a test does not compile", testedRule("test_x if nope(1)"), "rules/mine_test.rego:5:11: undefined function nope"},
		{"a test calls the network", testedRule(`test_x if http.send({"method": "get", "url": "x"})`), "undefined function http.send"},
		{"the rule is broken", source(ruleFile("sluice.spec.mine", "deny if true"), file("a_test.rego", "package sluice.spec.a_test\ntest_x if true")), "deny must be a set"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Test(t.Context(), []Source{tc.src})
			var le *LoadError
			if !errors.As(err, &le) {
				t.Fatalf("error %v, want a *LoadError", err)
			}
			wantProblem(t, le.Problems, tc.want)
		})
	}
}

func TestABuiltinErrorFailsATest(t *testing.T) {
	report, err := Test(t.Context(), []Source{testedRule(`test_x if { count(mine.deny) == 0 with input.line as 1; not net.cidr_contains("10.0.0.0/99", "10.0.0.1") }`)})
	if err != nil {
		t.Fatal(err)
	}
	if report.Failed() != 1 {
		t.Errorf("%d failed, want 1: %+v", report.Failed(), report.Tests)
	}
}

func TestTestsAreNotInForce(t *testing.T) {
	with, without := testedRule("test_x if count(mine.deny) == 0 with input.line as 1"), testedRule("")
	without.Files = without.Files[:1]
	if a, b := mustLoad(t, with).Digest(), mustLoad(t, without).Digest(); a != b {
		t.Errorf("a test changes the digest: %s, %s", a, b)
	}
}
