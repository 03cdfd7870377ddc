package report

import (
	"encoding/xml"
	"io"
	"strings"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
)

// The elements and attributes that Jenkins, GitLab and GitHub's reporters share.
type (
	junitReport struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		File     string      `xml:"file,attr,omitempty"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name      string        `xml:"name,attr"`
		ClassName string        `xml:"classname,attr"`
		File      string        `xml:"file,attr,omitempty"`
		Line      int           `xml:"line,attr,omitempty"`
		Failure   *junitFailure `xml:"failure"`
		Error     *junitFailure `xml:"error"`
		Out       string        `xml:"system-out,omitempty"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes a suite for each document and a test case for each rule. A rule that
// could not be evaluated is an error, a warning is a pass with output.
func JUnit(w io.Writer, r render.AuditReport) error {
	report := junitReport{Name: "sluice audit"}
	for _, s := range subjects(r) {
		suite := junitSuite{Name: s.label(), File: s.file}
		for _, v := range s.verdicts() {
			c := junitTest(s, v)
			suite.Cases = append(suite.Cases, c)
			suite.Tests++
			if c.Failure != nil {
				suite.Failures++
			}
			if c.Error != nil {
				suite.Errors++
			}
		}
		report.Tests += suite.Tests
		report.Failures += suite.Failures
		report.Errors += suite.Errors
		report.Suites = append(report.Suites, suite)
	}
	return writeXML(w, report)
}

// junitTest makes a test case. Its class is the document without the line, so that
// a test keeps its history when lines above it change.
func junitTest(s subject, v verdict) junitCase {
	worst := v.gravest()
	c := junitCase{
		Name: v.rule, ClassName: strings.TrimSpace(s.file + " " + s.label()),
		File: worst.file, Line: max(0, worst.line),
	}
	text := strings.Join(v.texts(), "\n")
	switch f := (&junitFailure{Message: worst.text(), Type: v.decision, Text: text}); {
	case v.level < failure:
		c.Out = text
	case v.decision == "error" && v.rule != problemRule: // the test itself could not be run
		c.Error = f
	default:
		c.Failure = f
	}
	return c
}
