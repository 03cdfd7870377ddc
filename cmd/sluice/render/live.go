package render

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// eraseLine goes back to the line's start and clears it.
const eraseLine = "\r\x1b[K"

// tick is how often the live line is looked at. It is drawn only when its text
// changes; a clock that runs faster than the wall's still counts down evenly.
const tick = 250 * time.Millisecond

// Run keeps the live line up to date until ctx ends, and then takes it away. Where
// nothing can be drawn in place it does nothing.
func (p *Progress) Run(ctx context.Context) {
	defer p.Close()
	if !p.style.live {
		return
	}
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			p.mu.Lock()
			p.draw()
			p.mu.Unlock()
		}
	}
}

// Close takes the live line away and returns the first error of writing.
func (p *Progress) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.raw(p.erased())
	p.moves, p.waiting = nil, line{}
	return p.err
}

// Beside returns a writer for others that print on the same terminal, such as a
// log: the live line makes room for each write.
func (p *Progress) Beside(w io.Writer) io.Writer { return beside{p, w} }

// beside is what Beside returns.
type beside struct {
	p *Progress
	w io.Writer
}

func (b beside) Write(data []byte) (int, error) {
	b.p.mu.Lock()
	defer b.p.mu.Unlock()
	b.p.raw(b.p.erased())
	n, err := b.w.Write(data)
	b.p.draw()
	return n, err
}

// erased is what takes the live line away, if one stands.
func (p *Progress) erased() string {
	if p.drawn == "" {
		return ""
	}
	p.drawn = ""
	return eraseLine
}

// draw draws the live line, cut to one line: more than that could not be taken
// back.
func (p *Progress) draw() {
	if !p.style.live {
		return
	}
	text := p.liveText()
	if text.word == "" {
		p.raw(p.erased())
		return
	}
	pg := p.style.page()
	pg.tab(stampWidth)
	pg.put(moving, text.word)
	pg.gap(2)
	pg.tab(wordColumn)
	pg.put(plain, cut(Clean(text.rest), pg.width-pg.col-1))
	pg.setInk(plain)
	if pg.text() != p.drawn {
		p.drawn = pg.text()
		p.raw(eraseLine + p.drawn)
	}
}

// cut shortens a text to so many runes, and shows that it did.
func cut(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:max(0, width-3)]) + "..."
}

// waits sets what the live line says while nothing is in transition.
func (p *Progress) waits(t *reconcile.Turn) {
	p.waiting = line{}
	for _, r := range t.Plan().Resources {
		inTransition := slices.ContainsFunc(p.moves, func(m transition) bool { return m.target == r.Target && m.id == r.ID })
		if r.State == plan.Converging && !inTransition && p.waiting.word == "" {
			p.waiting = line{"waiting", "for " + resourceName(r) + ": " + r.Reason}
		}
	}
	if len(p.moves) == 0 && p.waiting.word == "" {
		p.waiting = line{"waiting", "for EC2"}
	}
	p.draw()
}

// liveText is what the live line says: a call, or what is in transition, or what
// else is waited for.
func (p *Progress) liveText() line {
	var all []line
	if p.waiting.word != "" {
		all = append(all, p.waiting)
	}
	for _, verb := range verbsOf(p.moves) {
		all = append(all, line{verb, p.inTransition(verb)})
	}
	if len(all) == 0 {
		return line{}
	}
	text := all[0]
	for _, more := range all[1:] {
		text.rest += "; " + more.word + " " + more.rest
	}
	return text
}

// inTransition lists the addresses in one kind of transition, and the time that
// the last of them has left.
func (p *Progress) inTransition(verb string) string {
	var addresses []string
	var last time.Time
	for _, m := range p.moves {
		if m.verb() != verb {
			continue
		}
		addresses = append(addresses, m.address())
		if m.end.After(last) {
			last = m.end
		}
	}
	text := strings.Join(addresses, ", ")
	if !last.IsZero() {
		text += "  " + timeLeft(last.Sub(p.now()))
	}
	return text
}

// timeLeft says how long a drain may still take. It may be late: EC2's clock is not
// ours, and its reads lag.
func timeLeft(d time.Duration) string {
	if d < 0 {
		return fmt.Sprintf("%s past its time", formatDuration(-d))
	}
	return fmt.Sprintf("at most %s left", formatDuration(d))
}
