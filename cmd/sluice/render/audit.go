package render

import (
	"io"
	"strings"
)

// AuditReport is what policy says of specs, without AWS. Its JSON is the output
// of `sluice audit -o json`.
type AuditReport struct {
	PolicyDigest string          `json:"policyDigest"`
	Documents    []AuditDocument `json:"documents"`
	Problems     []string        `json:"problems"` // "file:line:column: …", of no one document
	Summary      AuditSummary    `json:"summary"`  // set by [AuditJSON]

	Titles map[string]string `json:"titles,omitempty"` // of rules, by id, as far as they are known
}

// AuditDocument is one spec. With problems it was not judged and has no rules.
type AuditDocument struct {
	File     string      `json:"file"`
	Line     int         `json:"line"`
	Kind     string      `json:"kind"`
	Name     string      `json:"name"`
	Problems []string    `json:"problems"` // "file:line:column: …"
	Rules    []AuditRule `json:"rules"`
}

// AuditRule is what one rule says of a document: pass, warn, cap, hold, deny, or
// error when it could not be evaluated.
type AuditRule struct {
	ID       string `json:"rule"`
	Decision string `json:"decision"`
	Msg      string `json:"msg"`
	Line     int    `json:"line,omitempty"`   // of the offending YAML in the document's file; 0: the document's own
	Column   int    `json:"column,omitempty"` // counted in characters from 1; 0 when not known
}

// NotJudged is said of a document that has neither problems nor rules.
const NotJudged = "no rule was evaluated, so nothing is known of this document"

// AuditSummary counts documents, each by the gravest thing said of it.
type AuditSummary struct {
	Documents int `json:"documents"`
	Passed    int `json:"passed"` // nothing but passes and warnings
	Held      int `json:"held"`
	Denied    int `json:"denied"`
	Faulty    int `json:"faulty"`   // with problems, no rule, or a rule that could not be evaluated
	Warnings  int `json:"warnings"` // of all documents
	Problems  int `json:"problems"` // of all documents, and of none
}

// Count summarises a report.
func (r *AuditReport) Count() AuditSummary {
	s := AuditSummary{Documents: len(r.Documents), Problems: len(r.Problems)}
	for _, d := range r.Documents {
		said := map[string]int{}
		for _, rule := range d.Rules {
			said[grade(rule.Decision)]++
		}
		s.Warnings += said["warn"]
		s.Problems += len(d.Problems)
		switch {
		case len(d.Problems)+said["error"] > 0, len(d.Rules) == 0: // no rule, no pass
			s.Faulty++
		case said["deny"] > 0:
			s.Denied++
		case said["hold"] > 0:
			s.Held++
		default:
			s.Passed++
		}
	}
	return s
}

// grade is the decision itself when it is a known one. What is not known is no pass.
func grade(decision string) string {
	switch decision {
	case "pass", "allow", "waived", "cap", "warn", "hold", "deny":
		return decision
	}
	return "error"
}

// AuditJSON writes a report's stable JSON form.
func AuditJSON(w io.Writer, r AuditReport) error {
	r.Summary = r.Count()
	r.Problems = append([]string{}, r.Problems...)
	r.Documents = append([]AuditDocument{}, r.Documents...)
	for i := range r.Documents {
		d := &r.Documents[i]
		d.Problems, d.Rules = append([]string{}, d.Problems...), append([]AuditRule{}, d.Rules...)
	}
	return writeJSON(w, r)
}

// Audit prints a report. Rules that pass share one line.
func (s *Style) Audit(r AuditReport) error {
	return s.print(func(p *page) {
		for _, problem := range r.Problems {
			p.put(worst, "error")
			p.gap(2)
			p.flow(span{plain, problem})
		}
		if len(r.Problems) > 0 {
			p.newline()
		}
		for _, d := range r.Documents {
			p.auditDocument(d)
			p.newline()
		}
		p.auditSummary(r.Count())
	})
}

const auditGutter = 7 // "error" and two spaces

// auditDocument writes one document: what stops it first, what passed last.
func (p *page) auditDocument(d AuditDocument) {
	p.flow(span{strong, position(d.File, d.Line)}, span{strong, d.Name}, span{quiet, d.Kind})
	entry := func(i ink, word string, spans ...span) {
		p.gap(2)
		p.put(i, word)
		p.tab(2 + auditGutter)
		p.flow(spans...)
	}
	for _, problem := range d.Problems {
		entry(worst, "error", span{plain, problem})
	}
	if len(d.Problems)+len(d.Rules) == 0 {
		entry(worst, "error", span{plain, NotJudged})
	}
	var passed []string
	for _, rule := range d.Rules {
		if rule.Decision == "pass" && rule.Msg == "" {
			passed = append(passed, rule.ID)
			continue
		}
		entry(decisionInk(rule.Decision), rule.Decision, span{plain, rule.ID}, span{plain, rule.Msg})
	}
	if len(passed) > 0 {
		entry(good, "pass", span{quiet, strings.Join(passed, ", ")})
	}
}

// auditSummary counts, the gravest first.
func (p *page) auditSummary(s AuditSummary) {
	var parts []span
	for _, part := range []struct {
		n    int
		text string
		ink  ink
	}{
		{s.Faulty, formatNumber(s.Faulty) + " with errors", worst},
		{s.Denied, formatNumber(s.Denied) + " denied", worst},
		{s.Held, formatNumber(s.Held) + " held", holding},
		{s.Passed, formatNumber(s.Passed) + " passed", good},
		{s.Warnings, count(s.Warnings, "warning", "warnings"), due},
		{s.Problems, count(s.Problems, "problem", "problems"), worst},
	} {
		if part.n > 0 {
			parts = append(parts, span{part.ink, part.text})
		}
	}
	p.total(count(s.Documents, "document", "documents"), parts)
}
