package report

import (
	"encoding/xml"
	"io"
	"strings"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/policy"
)

// PolicyTests writes the run of rules' own tests as JUnit: a suite for each file and
// a test case for each test, which is classed by its package.
func PolicyTests(w io.Writer, r policy.TestReport) error {
	report := junitReport{Name: "sluice policy test", Tests: len(r.Tests), Failures: r.Failed()}
	for _, t := range r.Tests { // by file, so each suite is of one piece
		file := render.Clean(t.File)
		if n := len(report.Suites); n == 0 || report.Suites[n-1].Name != file {
			report.Suites = append(report.Suites, junitSuite{Name: file, File: file})
		}
		suite := &report.Suites[len(report.Suites)-1]
		suite.Tests++
		c := junitPolicyTest(t)
		if c.Failure != nil {
			suite.Failures++
		}
		suite.Cases = append(suite.Cases, c)
	}
	return writeXML(w, report)
}

func junitPolicyTest(t policy.TestCase) junitCase {
	pkg, name := "", t.Name
	if i := strings.LastIndex(t.Name, "."); i >= 0 {
		pkg, name = t.Name[:i], t.Name[i+1:]
	}
	c := junitCase{Name: render.Clean(name), ClassName: render.Clean(pkg), File: render.Clean(t.File), Line: max(0, t.Line)}
	if !t.Passed {
		text := render.Clean(t.Message)
		c.Failure = &junitFailure{Message: text, Type: "test", Text: text}
	}
	return c
}

// writeXML writes v indented, in one write.
func writeXML(w io.Writer, v any) error {
	data, err := xml.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, xml.Header+string(data)+"\n")
	return err
}
