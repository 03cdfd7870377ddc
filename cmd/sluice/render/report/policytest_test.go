package report

import (
	"bytes"
	"encoding/xml"
	"testing"

	"github.com/seed-6ca89210/sluice/policy"
)

// policyTests are two files' tests, one of them with what XML cannot hold.
func policyTests() policy.TestReport {
	return policy.TestReport{Tests: []policy.TestCase{
		{Name: "sluice.spec.a_test.test_one", File: "policies/a_test.rego", Line: 5, Passed: true},
		{Name: "sluice.spec.a_test.test_two", File: "policies/a_test.rego", Line: 7, Message: "not true: line 8"},
		{Name: "sluice.spec.b_test.test_<&\"]]>", File: "policies/b_test.rego", Line: 3, Message: "eval_builtin_error: \x00 \x1b[2J \xff ]]> &amp;"},
		{Name: "sluice.spec.b_test.todo_test_later", File: "policies/b_test.rego", Line: 9, Message: "skipped: its name starts with todo_"},
	}}
}

func TestRunsOfPolicyTestsAreAsInTheGoldenFiles(t *testing.T) {
	for name, r := range map[string]policy.TestReport{"policytest": policyTests(), "policytest-empty": {}} {
		var b bytes.Buffer
		if err := PolicyTests(&b, r); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
		var back junitReport
		if err := xml.Unmarshal(b.Bytes(), &back); err != nil {
			t.Errorf("%s is not well-formed: %v", name, err)
		}
		cases, failures := 0, 0
		for _, s := range back.Suites {
			for _, c := range s.Cases {
				cases++
				if c.Failure != nil {
					failures++
				}
			}
			if s.Tests != len(s.Cases) {
				t.Errorf("suite %s counts %d tests and holds %d", s.Name, s.Tests, len(s.Cases))
			}
		}
		if cases != len(r.Tests) || back.Tests != cases || failures != r.Failed() || back.Failures != failures {
			t.Errorf("%s: %d cases and %d failures read back, counted as %d and %d", name, cases, failures, back.Tests, back.Failures)
		}
	}
	o := &once{}
	if err := PolicyTests(o, policyTests()); err == nil || o.writes != 1 {
		t.Errorf("%d writes, error %v", o.writes, err)
	}
}
