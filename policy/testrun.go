package policy

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
)

// testTimeout is the limit of one test, longer than an evaluation's because
// coverage is recorded.
const testTimeout = 10 * time.Second

// TestReport is what a run of tests gave.
type TestReport struct {
	Tests    []TestCase     `json:"tests"`    // by file, line and name
	Coverage []FileCoverage `json:"coverage"` // of every module that is not a test, by file
}

// Failed returns the number of tests that did not pass, skipped ones included.
func (r TestReport) Failed() int {
	n := 0
	for _, t := range r.Tests {
		if !t.Passed {
			n++
		}
	}
	return n
}

// TestCase is the outcome of one test rule.
type TestCase struct {
	Name    string `json:"name"` // <package>.<rule>
	File    string `json:"file"` // the source's name and the path in it
	Line    int    `json:"line"` // of the test rule
	Passed  bool   `json:"passed"`
	Message string `json:"message,omitempty"` // why it did not
}

// FileCoverage says which lines of a module the tests reached.
type FileCoverage struct {
	File       string  `json:"file"`
	Shipped    bool    `json:"shipped"`
	Percent    float64 `json:"percent"`              // 0 to 100
	NotCovered []int   `json:"notCovered,omitempty"` // line numbers
}

// Test runs the *_test.rego of the sources, or the library's own where there is
// no source, after all the checks of [Load]. A source without tests is an error, and so is a test file
// that does not compile; a test that fails is not: see [TestReport.Failed].
//
// Tests see the sets deny, hold, warn and cap as they are written, so an
// undefined message shows as a missing entry; built-in errors fail a test.
func Test(ctx context.Context, sources []Source) (report TestReport, err error) {
	defer func() {
		if r := recover(); r != nil {
			report, err = TestReport{}, fmt.Errorf("test the policies: the rule engine failed: %v", r)
		}
	}()
	_, modules, values, err := read(ctx, sources)
	if err != nil {
		return TestReport{}, err
	}
	if err := wantTests(sources); err != nil {
		return TestReport{}, err
	}
	parsed, rules := map[string]*ast.Module{}, map[string]*ast.Module{}
	for _, m := range modules {
		if m.test && m.shipped && len(sources) > 0 {
			continue // these go by the default parameters, which a source may change
		}
		parsed[m.file] = m.parsed
		if !m.test {
			rules[m.file] = m.parsed
		}
	}
	c := ast.NewCompiler().WithCapabilities(capabilities(testOnly)).WithStrict(true)
	c.SetErrorLimit(0)
	store := inmem.NewFromObject(values.root())
	cov := cover.New()
	results, err := runTests(ctx, store, tester.NewRunner().
		SetCompiler(c).
		SetStore(store).
		SetModules(parsed).
		SetTimeout(testTimeout).
		RaiseBuiltinErrors(true).
		SetCoverageQueryTracer(cov))
	if err != nil {
		return TestReport{}, err
	}
	if len(results) == 0 {
		return TestReport{}, fmt.Errorf("no test was run")
	}
	return TestReport{Tests: results, Coverage: coverage(modules, cov.Report(rules))}, nil
}

// exampleTest shows whoever has no test yet what one looks like.
const exampleTest = `  package sluice.spec.my_rule_test
  import data.sluice.spec.my_rule
  test_it_denies if count(my_rule.deny) == 1 with input as {"kind": "NatGateway"}`

// wantTests refuses sources without a test file: nothing tested is no success.
func wantTests(sources []Source) error {
	var ps problems
	for _, src := range sources {
		if !slices.ContainsFunc(src.Files, func(f File) bool { return fileKind(f.Path) == "test" }) {
			ps.add(src.Name, 0, 0, "no test found in %s: write one beside each rule, in a file that ends in _test.rego, such as\n%s", src.label(), exampleTest)
		}
	}
	return ps.err()
}

// runTests runs them all, whatever fails, and puts them into one order.
func runTests(ctx context.Context, store storage.Store, runner *tester.Runner) ([]TestCase, error) {
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return nil, fmt.Errorf("open the data of the tests: %w", err)
	}
	defer store.Abort(ctx, txn)
	ch, err := runner.RunTests(ctx, txn)
	if err != nil {
		var ps problems
		ps.addErr("", err)
		return nil, ps.err()
	}
	var out []TestCase
	for r := range ch {
		out = append(out, testCase(r))
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	slices.SortFunc(out, func(a, b TestCase) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Name, b.Name))
	})
	return out, nil
}

// testCase is one result. A test that was skipped did not pass: no build is green by it.
func testCase(r *tester.Result) TestCase {
	t := TestCase{
		Name: strings.TrimPrefix(r.Package, "data.") + "." + r.Name,
		File: r.Location.File, Line: r.Location.Row, Passed: r.Pass(),
	}
	switch {
	case r.Error != nil:
		t.Message = oneLine(r.Error.Error())
	case r.Skip:
		t.Message = "skipped: its name starts with todo_"
	case r.Fail && r.FailedAt != nil && r.FailedAt.Location != nil:
		t.Message = fmt.Sprintf("not true: line %d", r.FailedAt.Location.Row)
	case r.Fail:
		t.Message = "not true"
	}
	return t
}

// coverage has an entry for every module, also for one of which the report says nothing:
// what nobody tests must not look like nothing.
func coverage(modules []*module, report cover.Report) []FileCoverage {
	var out []FileCoverage
	for _, m := range modules {
		if m.test {
			continue
		}
		fc := FileCoverage{File: m.file, Shipped: m.shipped}
		if fr := report.Files[m.file]; fr != nil {
			fc.Percent = fr.Coverage
			for _, r := range fr.NotCovered {
				for line := r.Start.Row; line <= r.End.Row; line++ {
					fc.NotCovered = append(fc.NotCovered, line)
				}
			}
		}
		slices.Sort(fc.NotCovered)
		fc.NotCovered = slices.Compact(fc.NotCovered)
		out = append(out, fc)
	}
	slices.SortFunc(out, func(a, b FileCoverage) int { return cmp.Compare(a.File, b.File) })
	return out
}
