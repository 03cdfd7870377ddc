package render

import (
	"cmp"
	"io"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/apply"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// Deadline says when a drain ends at the latest, as far as is known.
type Deadline func(target, id string, addr netip.Addr) (time.Time, bool)

// Progress prints what a loop does as it does it. Each thing is told once, when
// it is news. On a terminal the last line is drawn anew in place while something
// drains; elsewhere a line comes only when something changed. Its methods may be
// called by several goroutines.
type Progress struct {
	style    *Style
	now      func() time.Time
	deadline Deadline

	mu      sync.Mutex
	told    told
	moves   []transition
	waiting line   // for what is no transition
	drawn   string // the live line that stands
	err     error  // of the first write that failed: nothing is written after it
}

// told is what was shown already.
type told struct {
	request   string // commit and policy, and why the commit is held
	resources map[string]plan.Resource
	probed    string // plan hash
	failure   string
	active    bool // something happened since the plan was shown
	block     bool // the last thing printed was a block
}

// line is a word that says what happens, and to what.
type line struct{ word, rest string }

// Progress starts a progress report. now and deadline may not be nil.
func (s *Style) Progress(now func() time.Time, deadline Deadline) *Progress {
	return &Progress{style: s, now: now, deadline: deadline}
}

// Event prints one event. It is meant for [reconcile.Config].Events.
func (p *Progress) Event(e reconcile.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case e.Kind == reconcile.EventFailed && e.Err != nil:
		p.failed(e.Err)
	case e.Kind == reconcile.EventReading:
		p.reading(e.What)
	case e.Kind == reconcile.EventPlanned && e.Turn != nil:
		p.planned(e.Turn)
	case e.Kind == reconcile.EventStep && e.Step != nil:
		p.step(*e.Step)
	case e.Kind == reconcile.EventTurned && e.Turn != nil:
		p.turned(e.Turn)
	case e.Kind == reconcile.EventWaiting && e.Turn != nil:
		p.waits(e.Turn)
	}
}

// reading says on the live line what is being read, unless there is something
// better to say.
func (p *Progress) reading(what string) {
	if len(p.moves) == 0 && (p.waiting.word == "" || p.waiting.word == "reading") {
		p.waiting = line{"reading", what} // drawn by Run's next tick: a quick read shows nothing
	}
}

// planned tells of a plan as far as it is news: all of it when it was asked for
// by a new commit or policy, else only what does not follow from what was shown.
func (p *Progress) planned(t *reconcile.Turn) {
	p.told.failure = ""
	pl := t.Plan()
	request := pl.Commit + " " + pl.PolicyDigest + " " + pl.Hold
	if p.told.request == request {
		p.transitions(t)
		for _, r := range pl.Resources {
			p.resource(r, pl)
		}
		return
	}
	p.told.request, p.told.active, p.told.resources = request, false, map[string]plan.Resource{}
	for _, r := range pl.Resources {
		p.told.resources[resourceKey(r)] = r
	}
	p.write(true, func(pg *page) { pg.plan(pl, commitOf(t), false) })
	p.transitions(t)
}

// resource tells of one resource in a later plan of the same request.
func (p *Progress) resource(r plan.Resource, of plan.Plan) {
	key := resourceKey(r)
	before := p.told.resources[key]
	if !news(before, r, of) {
		if r.State == plan.Pending || r.State == plan.Converging {
			r.Waves = before.Waves // what was shown goes on
		}
		p.told.resources[key] = r
		return
	}
	p.told.resources[key] = r
	p.told.active = true
	p.write(true, func(pg *page) { pg.resource(r, len(stateWord(r.State).text)+2) })
}

// news reports whether a resource's part of a plan says something that the one
// shown before did not. What is converging is told of by its transitions.
func news(before, r plan.Resource, of plan.Plan) bool {
	switch r.State {
	case plan.InSync, plan.Converging:
		return false
	case plan.Pending: // the rest of what was shown is not news
		whole, rest := of, of
		whole.Resources, rest.Resources = []plan.Resource{before}, []plan.Resource{r}
		return !rest.Within(&whole)
	}
	return before.State != r.State || withoutRequests(before.Reason) != withoutRequests(r.Reason)
}

var requestOf = regexp.MustCompile(` ?\(request [^)]*\)`)

// withoutRequests is a reason without the ids of AWS's requests: the same trouble has
// another one at each look, and is told once.
func withoutRequests(reason string) string { return requestOf.ReplaceAllString(reason, "") }

// step tells of one call: that it is made, on the live line, and what came of it.
func (p *Progress) step(s apply.Step) {
	what := sentence(s.Action, cmp.Or(s.Spec.Name, s.ID))
	if s.Outcome == "" {
		p.waiting = line{"calling", what}
		p.draw()
		return
	}
	p.waiting = line{}
	p.told.active = true
	p.write(false, func(pg *page) {
		p.stamp(pg, outcomeWord(string(s.Outcome)))
		sign := symbol(s.Action.Verb)
		pg.put(sign.ink, sign.text)
		pg.gap(1)
		pg.flow(span{plain, what})
		pg.under(wordColumn, span{plain, coded(s.Code, s.Message)})
		pg.under(wordColumn, span{quiet, labelled("request", s.RequestID)})
	})
}

// turned tells of the end of a turn: the probes of a dry-run, and that nothing is
// left to do.
func (p *Progress) turned(t *reconcile.Turn) {
	pl := t.Plan()
	if len(t.Probes) > 0 && p.told.probed != pl.PlanHash {
		p.told.probed = pl.PlanHash
		p.write(true, func(pg *page) { pg.probes(t.Probes) })
	}
	if pl.Summary.Pending+pl.Summary.Converging > 0 || !p.told.active {
		return
	}
	p.told.active, p.waiting = false, line{}
	p.write(false, func(pg *page) {
		if pl.Summary.InSync == len(pl.Resources) {
			p.stamp(pg, span{good, "converged"})
			pg.line(span{strong, count(len(pl.Resources), "resource", "resources") + " in sync"})
			return
		}
		p.stamp(pg, span{due, "settled"})
		pg.summary(pl)
	})
}

// failed tells of what could not be done. The same failure again and again is no
// news until something went well in between.
func (p *Progress) failed(err error) {
	if withoutRequests(err.Error()) == p.told.failure {
		return
	}
	p.told.failure = withoutRequests(err.Error())
	p.write(false, func(pg *page) {
		p.stamp(pg, span{worst, "failed"})
		pg.flow(span{plain, err.Error()})
	})
}

const (
	stampWidth = len("15:04:05Z  ")
	wordColumn = stampWidth + len("converged  ") // where the text behind the word begins
)

// stamp writes the time, in UTC as in the history, and the word that counts.
func (p *Progress) stamp(pg *page, word span) {
	pg.put(quiet, p.now().UTC().Format("15:04:05Z"))
	pg.tab(stampWidth)
	pg.put(word.ink, word.text)
	pg.gap(2)
	pg.tab(wordColumn)
}

// write prints what stays: a block, set apart by empty lines, or a line of the
// course of things. The live line goes, and comes back below.
func (p *Progress) write(block bool, f func(*page)) {
	pg := p.style.page()
	if block || p.told.block {
		pg.newline()
	}
	f(pg)
	p.told.block = block
	p.raw(p.erased() + pg.text())
	p.draw()
}

// raw writes as it is; what comes here is of this package's making.
func (p *Progress) raw(text string) {
	if p.err == nil && text != "" {
		_, p.err = io.WriteString(p.style.w, text)
	}
}

// commitOf takes from a turn what a plan's heading shows.
func commitOf(t *reconcile.Turn) Commit {
	if t.Desired == nil {
		return Commit{ID: t.Plan().Commit}
	}
	c := t.Desired.Commit
	return Commit{ID: c.ID, Author: c.Author.Name, Message: c.Message}
}

// resourceKey names a resource's part of a plan; one without an id has its spec's
// name.
func resourceKey(r plan.Resource) string {
	return strings.Join([]string{r.Target, string(r.Kind), r.ID, r.Spec.Name}, "/")
}
