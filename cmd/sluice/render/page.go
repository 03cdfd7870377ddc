package render

import (
	"strings"
	"unicode/utf8"
)

// page is text in the making. Everything that ends up on it goes through put,
// and so through clean.
type page struct {
	colour bool
	width  int

	b      strings.Builder
	col    int // of the next rune, from 0
	spaces int // owed before the next text; a line's end forgets them
	ink    ink
}

// span is text in one ink.
type span struct {
	ink  ink
	text string
}

// text is the page so far.
func (p *page) text() string { return p.b.String() }

// put appends text, cleaned.
func (p *page) put(i ink, text string) {
	if text == "" {
		return
	}
	text = Clean(text)
	if p.ink != i { // spaces between inks belong to neither
		p.setInk(plain)
	}
	p.b.WriteString(strings.Repeat(" ", p.spaces))
	p.spaces = 0
	p.setInk(i)
	p.b.WriteString(text)
	p.col += utf8.RuneCountInString(text)
}

// setInk writes as few codes as it can: an ink lasts until another is wanted, and
// never beyond its line.
func (p *page) setInk(i ink) {
	if !p.colour || p.ink == i {
		return
	}
	if i == plain {
		p.b.WriteString("\x1b[0m")
	} else {
		p.b.WriteString("\x1b[" + string(i) + "m")
	}
	p.ink = i
}

// gap owes some spaces. They are written only when text follows, so that no line
// ends in one.
func (p *page) gap(n int) { p.spaces, p.col = p.spaces+n, p.col+n }

// tab moves to a column; it stays where it is when it is past it.
func (p *page) tab(column int) { p.gap(max(0, column-p.col)) }

// newline ends the line.
func (p *page) newline() {
	p.setInk(plain)
	p.b.WriteByte('\n')
	p.col, p.spaces = 0, 0
}

// line writes spans side by side, as they are, and ends the line.
func (p *page) line(spans ...span) {
	for _, s := range spans {
		p.put(s.ink, s.text)
	}
	p.newline()
}

// under writes a text at a column, if there is any.
func (p *page) under(column int, spans ...span) {
	for _, s := range spans {
		if s.text != "" {
			p.tab(column)
			p.flow(spans...)
			return
		}
	}
}

// flow writes the words of spans from the present column on, two spaces between
// spans, and ends the line. Words that do not fit go to the next line, indented to
// the column where it began; so does what follows a line break in the text.
func (p *page) flow(spans ...span) { p.flowTo(p.col, 2, spans...) }

// flowTo is flow with its own column for the lines that follow, and its own
// distance between spans.
func (p *page) flowTo(hang, between int, spans ...span) {
	begun := false
	for _, s := range spans {
		space := between
		for n, text := range strings.Split(strings.TrimSpace(s.text), "\n") {
			if n > 0 && begun {
				p.newline()
				p.tab(hang)
				begun = false
			}
			for word := range strings.FieldsSeq(text) {
				switch size := utf8.RuneCountInString(Clean(word)); {
				case begun && p.col+space+size > p.width:
					p.newline()
					p.tab(hang)
				case begun:
					p.gap(space)
				}
				p.put(s.ink, word)
				begun, space = true, 1
			}
		}
	}
	p.newline()
}

// row is one row of a table. Its last cell flows. What is below flows too, on
// lines of its own.
type row struct {
	cells []span
	below []span
}

// leastLast is how narrow the last column of a table may get before it moves to
// a line of its own.
const leastLast = 24

// table aligns rows that have the same number of cells. What is below a row is
// indented a little from the column with the index under.
func (p *page) table(under int, rows []row) {
	var widths []int
	for _, r := range rows {
		for i, c := range r.cells {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(Clean(c.text)))
		}
	}
	for _, r := range rows {
		column, below := 0, 0
		last := len(r.cells) - 1
		for i, c := range r.cells[:last] {
			if i == under {
				below = column + 2
			}
			p.tab(column)
			p.put(c.ink, c.text)
			column += widths[i] + 2
		}
		if p.width-column < min(widths[last], leastLast) {
			p.newline()
			column, below = 2, 2
		}
		p.tab(column)
		p.flow(r.cells[last])
		for _, s := range r.below {
			p.under(below, s)
		}
	}
}
