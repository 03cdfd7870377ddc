package render

import (
	"io"

	"golang.org/x/term"
)

// Style is how to write to one output: in colour or not, and how wide. Its
// methods print one thing each, in one write.
type Style struct {
	w      io.Writer
	colour bool
	live   bool       // a line can be drawn anew in place
	width  func() int // of the terminal, in columns
}

const (
	defaultWidth = 80
	minWidth     = 40  // narrower than this, lines run over
	maxWidth     = 120 // longer lines are hard to read
)

// New decides the style for w. Colour is used only when w is a terminal, NO_COLOR
// is unset or empty, and TERM is not "dumb". The width is the terminal's, 80 when
// it is not known.
func New(w io.Writer, getenv func(string) string) *Style {
	s := &Style{w: w, width: func() int { return defaultWidth }}
	f, ok := w.(interface{ Fd() uintptr })
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return s
	}
	s.colour, s.live = abilities(getenv)
	s.width = func() int { // asked each time: a window may change its size
		columns, _, err := term.GetSize(int(f.Fd()))
		if err != nil || columns <= 0 {
			return defaultWidth
		}
		return min(max(columns, minWidth), maxWidth)
	}
	return s
}

// abilities says what a terminal is used for: colour, and a line drawn anew.
func abilities(getenv func(string) string) (colour, live bool) {
	live = getenv("TERM") != "dumb"
	return live && getenv("NO_COLOR") == "", live
}

// Live reports whether a progress line can be drawn anew in place.
func (s *Style) Live() bool { return s.live }

// print lets f fill a page and writes it at once.
func (s *Style) print(f func(*page)) error {
	p := s.page()
	f(p)
	_, err := io.WriteString(s.w, p.text())
	return err
}

func (s *Style) page() *page { return &page{colour: s.colour, width: s.width()} }

// ink is how a word looks: the parameters of an SGR sequence, or nothing.
type ink string

// Few inks, each with one meaning. They are of the basic palette, which people
// have tuned to their own background.
const (
	plain   ink = ""
	strong  ink = "1"
	quiet   ink = "2"
	good    ink = "32"   // in sync, accepted, an address that comes
	due     ink = "33"   // pending, warnings, blocked
	moving  ink = "36"   // in transition, an address that moves
	holding ink = "35"   // waits for a person
	bad     ink = "31"   // an address that goes
	worst   ink = "1;31" // denied, failed
)

// Title prints a heading for what follows, with air above it. A [Progress] puts
// air above its blocks by itself.
func (s *Style) Title(text string) error {
	return s.print(func(p *page) {
		p.newline()
		p.flow(span{strong, text})
	})
}
