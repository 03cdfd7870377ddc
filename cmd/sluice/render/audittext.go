package render

import (
	"fmt"
	"strings"
)

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
		if r.Diff != nil {
			p.auditGone(r.Diff.Gone)
		}
		if r.Live != nil {
			p.auditUnnamed(r.Live.Unnamed)
		}
		p.auditSummary(r)
	})
}

const auditGutter = 7 // "error" and two spaces

// entry writes a word in the gutter, and what belongs to it.
func (p *page) entry(i ink, word string, spans ...span) {
	p.gap(2)
	p.put(i, word)
	p.tab(2 + max(auditGutter, len(word)+2))
	p.flow(spans...)
}

// auditDocument writes one document: what stops it first, what passed last.
func (p *page) auditDocument(d AuditDocument) {
	p.flow(span{strong, position(d.File, d.Line)}, span{strong, d.Name}, span{quiet, d.Kind}, span{plain, d.change()})
	for _, problem := range d.Problems {
		p.entry(worst, "error", span{plain, problem})
	}
	if len(d.Problems)+len(d.Rules) == 0 {
		p.entry(worst, "error", span{plain, NotJudged})
	}
	if d.Live != nil {
		word, id := stateWord(d.Live.State), d.Live.ID
		if strings.HasPrefix(d.Live.Reason, id) { // said once
			id = ""
		}
		p.entry(word.ink, word.text, span{quiet, id}, span{quiet, targetWord(d.Live.Target)}, span{plain, d.Live.Reason})
	}
	var passed []string
	for _, rule := range d.Rules {
		was := ""
		if rule.Was != "" && rule.Was != rule.Decision {
			was = "(was " + rule.Was + ")"
		}
		if rule.Decision == "pass" && rule.Msg == "" && was == "" {
			passed = append(passed, rule.ID)
			continue
		}
		at := ""
		if rule.Line > 0 {
			at = fmt.Sprintf("%s:%d", position(d.File, rule.Line), max(1, rule.Column))
		}
		p.entry(decisionInk(rule.Decision), rule.Decision, span{plain, rule.ID}, span{plain, rule.Msg}, span{quiet, was}, span{quiet, at})
	}
	if len(passed) > 0 {
		p.entry(good, "pass", span{quiet, strings.Join(passed, ", ")})
	}
	p.auditWhy(d.Explanations)
}

// change says what became of a document since the base of a diff.
func (d AuditDocument) change() string {
	switch {
	case d.Change == "":
		return ""
	case d.Was == "":
		return d.Change + ", now " + d.Now
	case d.Was == d.Now:
		return d.Change + ", " + d.Now + " as before"
	}
	return d.Change + ", was " + d.Was + ", now " + d.Now
}

// auditGone lists the documents that are there no more.
func (p *page) auditGone(list []AuditGone) {
	for _, g := range list {
		p.flow(span{strong, position(g.File, g.Line)}, span{strong, g.Name}, span{quiet, g.Kind},
			span{plain, "gone, was " + g.Was + "; its resource stays as it is"})
	}
	if len(list) > 0 {
		p.newline()
	}
}

// auditUnnamed lists the live addresses that no spec names.
func (p *page) auditUnnamed(list []AuditAddresses) {
	if len(list) == 0 {
		return
	}
	p.flow(span{strong, "Live addresses that no spec names"})
	var rows []row
	for _, a := range list {
		rows = append(rows, row{cells: []span{
			{plain, a.ID}, {quiet, joinWords(a.Name, targetWord(a.Target))}, {due, a.List()}, {plain, a.Why},
		}})
	}
	p.table(0, rows)
	p.newline()
}

// auditSummary counts, the gravest first.
func (p *page) auditSummary(r AuditReport) {
	if r.NothingChanged() {
		p.flow(span{strong, r.Diff.None()})
		return
	}
	s := r.Count()
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
	if r.Diff != nil && r.Diff.Unchanged > 0 {
		p.flow(span{quiet, "compared with " + r.Diff.Base + "; unchanged and not judged: " + count(r.Diff.Unchanged, "document", "documents")})
	}
}

// NothingChanged reports whether a diff left nothing to judge, and nothing is wrong.
func (r *AuditReport) NothingChanged() bool {
	return r.Diff != nil && len(r.Documents)+len(r.Problems) == 0
}

// None says that no document changed.
func (d *AuditDiff) None() string {
	if n := len(d.Gone); n > 0 {
		return fmt.Sprintf("Since %s nothing is new or changed, and %s gone; unchanged and not judged: %s.", d.Base, count(n, "document is", "documents are"), count(d.Unchanged, "document", "documents"))
	}
	return fmt.Sprintf("No document changed since %s; unchanged and not judged: %s.", d.Base, count(d.Unchanged, "document", "documents"))
}
