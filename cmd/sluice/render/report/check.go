package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
)

// level says how grave a check is.
type level int

const (
	passed  level = iota
	note          // worth knowing: a value was capped
	warning       // does not stop anything
	failure       // stops the change
)

// levelOf grades a decision. One that is not known is no pass.
func levelOf(decision string) level {
	switch decision {
	case "pass", "allow":
		return passed
	case "cap", "waived", noteDecision:
		return note
	case "warn":
		return warning
	}
	return failure
}

// What stands where a rule's id is wanted, for what no rule found.
const (
	problemRule = "problem"
	planRule    = "live.plan"
	unnamedRule = "live.unnamed"
	goneRule    = "diff.gone"
	changedRule = "diff.changed"
)

// ownTitles say what these check.
func ownTitles() map[string]string {
	return map[string]string{
		problemRule: "Specs can be read",
		planRule:    "The resource is there and can be planned",
		unnamedRule: "A spec names every live address",
		goneRule:    "A document that is there no more",
		changedRule: "Documents changed",
	}
}

// noteDecision is the decision of what is only worth knowing.
const noteDecision = "note"

// check is one thing that was said, cleaned for display. Line and column are 0 when
// they are not known; file is empty when it is of no one file.
type check struct {
	rule, decision, msg string
	was                 string // the decision before, where it was another
	level               level
	path                string // the file as it is written, for links
	file                string // the same, cleaned
	line, column        int
}

// place is where a check stands, "file:line:column" as far as it is known.
func (c check) place() string {
	text := c.file
	for _, n := range []int{c.line, c.column} {
		if n <= 0 {
			break
		}
		text += fmt.Sprintf(":%d", n)
	}
	return text
}

// text is what a check says; a decision without words stands for itself.
func (c check) text() string {
	text := cmp.Or(c.msg, c.decision+" by "+c.rule)
	if c.was != "" {
		text += " (was " + c.was + ")"
	}
	return text
}

// subject is a document, or the snapshot as a whole, with what was said of it.
type subject struct {
	file, kind, name string
	line             int
	checks           []check
	remark           bool // of no document: what is worth knowing beside them
}

// label names a subject for people, "NatGateway/egress-a".
func (s subject) label() string {
	switch {
	case s.kind == "" && s.name == "":
		return "document"
	case s.kind == "" || s.name == "":
		return s.kind + s.name
	}
	return s.kind + "/" + s.name
}

// subjects turns a report into checks: the problems of no one document first, then
// the documents in their order, problems before rules, then what is worth knowing.
func subjects(r render.AuditReport) []subject {
	var list []subject
	if len(r.Problems) > 0 {
		s := subject{name: "snapshot"}
		for _, p := range r.Problems {
			s.checks = append(s.checks, problem(p, "", 0))
		}
		list = append(list, s)
	}
	for _, d := range r.Documents {
		list = append(list, document(d))
	}
	return append(list, remarks(r)...)
}

func document(d render.AuditDocument) subject {
	s := subject{file: render.Clean(d.File), kind: render.Clean(d.Kind), name: render.Clean(d.Name), line: d.Line}
	for _, p := range d.Problems {
		s.checks = append(s.checks, problem(p, d.File, d.Line))
	}
	for _, rule := range d.Rules {
		c := check{
			rule: render.Clean(rule.ID), decision: render.Clean(rule.Decision), msg: cleanLines(rule.Msg),
			level: levelOf(rule.Decision), path: d.File, file: s.file, line: d.Line,
		}
		if rule.Was != rule.Decision {
			c.was = render.Clean(rule.Was)
		}
		if rule.Decision == "hold" && d.Approved() {
			c.level = note
		}
		if rule.Line > 0 {
			c.line, c.column = rule.Line, max(0, rule.Column)
		}
		s.checks = append(s.checks, c)
	}
	if len(s.checks) == 0 { // nothing said is no pass
		s.checks = append(s.checks, problem(render.NotJudged, d.File, d.Line))
	}
	if d.Live != nil {
		s.checks = append(s.checks, standing(d, s.file))
	}
	return s
}

// problem makes a check of a problem's text. The place that it begins with is used
// when it has one, else the document's.
func problem(text, file string, line int) check {
	c := check{rule: problemRule, decision: "error", level: failure, path: file, line: line}
	if at, ok := locate(text, file); ok {
		c.path, c.line, c.column, text = at.file, at.line, at.column, at.rest
	}
	c.file, c.msg = render.Clean(c.path), cleanLines(text)
	return c
}

// cleanLines cleans a text but keeps its line breaks.
func cleanLines(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	for i, line := range lines {
		lines[i] = render.Clean(strings.TrimSuffix(line, "\r"))
	}
	return strings.Join(lines, "\n")
}

// fingerprints identifies checks of a subject from one run to the next. Lines and
// columns are left out, so that a check stays the same when lines above it change;
// checks that are equal otherwise are counted.
type fingerprints map[string]int

func (f fingerprints) of(s subject, c check) string {
	key := strings.Join([]string{c.file, s.kind, s.name, c.rule, c.decision, c.msg}, "\x00") // cleaned text has no NUL
	f[key]++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", key, f[key]))
	return hex.EncodeToString(sum[:])
}
