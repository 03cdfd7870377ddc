package render

import (
	"fmt"
	"io"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/rulebook"
	"github.com/seed-6ca89210/sluice/reconcile/ruling"
)

// RulesJSON writes the book as JSON.
func RulesJSON(w io.Writer, book rulebook.Book) error { return writeJSON(w, book) }

// Rules prints the rules, with what belongs to a rule below it.
func (s *Style) Rules(book rulebook.Book) error {
	return s.print(func(p *page) {
		var rows []row
		for _, r := range book.Rules {
			rows = append(rows, row{
				cells: []span{{strong, r.ID}, {plain, string(r.Level)}, {plain, r.Title}},
				below: below(book, r),
			})
		}
		p.table(0, rows)
		for _, a := range book.Approvals {
			p.newline()
			p.flowTo(2, 2, span{strong, "approval " + a.Name}, span{plain, "of plan " + shortID(a.PlanHash) + " by " + a.Approver + ": " + a.Reason})
			p.under(2, standing(book, a.Standing, a.Expires))
			p.under(2, span{quiet, position(a.File, a.Line)})
		}
		p.newline()
		p.flow(span{plain, book.Summary()})
	})
}

// below is all that there is to say of a rule but its title.
func below(book rulebook.Book, r rulebook.Rule) []span {
	lines := []span{{quiet, string(r.Scope) + " rule, " + rulebook.Place(r.Rule)}}
	if r.LoweredFrom != "" {
		lines = append(lines, span{due, "advisory by configuration; its own level is " + string(r.LoweredFrom)})
	}
	for _, param := range rulebook.Params(r.Rule) {
		lines = append(lines, span{plain, param})
	}
	for _, w := range r.Waivers {
		state := standing(book, w.Standing, w.Expires)
		lines = append(lines, span{state.ink, fmt.Sprintf("waiver %s for %s, %s, owner %s: %s (%s)",
			w.Name, rulebook.SelectorWords(w.Selector), state.text, w.Owner, w.Reason, position(w.File, w.Line))})
	}
	return lines
}

// standing says how long a ruling counts.
func standing(book rulebook.Book, s ruling.Standing, expires time.Time) span {
	text := book.StandingWords(s, expires)
	switch s {
	case ruling.Expired:
		return span{bad, text}
	case ruling.EndsSoon:
		return span{due, text}
	}
	return span{plain, text}
}
