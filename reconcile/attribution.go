package reconcile

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// Trail tells who made calls; *cloudtrail.Client is one. It keeps a rate of its own.
type Trail interface {
	// Calls lists calls that changed addresses, those that failed too. An
	// [inventory.Fault] of ClassUnauthorized means that nobody may ask.
	Calls(ctx context.Context, q inventory.TrailQuery) ([]inventory.TrailEvent, error)
}

const (
	askDeadline  = time.Minute      // of one inquiry, waiting for its turn in the rate included
	askFor       = time.Hour        // after that nobody is named any more: CloudTrail takes minutes, rarely a quarter of an hour
	firstPause   = 15 * time.Second // doubles
	longestPause = 15 * time.Minute
	clockSkew    = time.Minute    // between AWS's clock and this one's
	unseen       = 24 * time.Hour // how far back to look when nobody knows when a resource was right
)

// What a drift says while nobody is named.
const (
	noteAsking = "who it was is being looked up in CloudTrail"
	noteNobody = "CloudTrail names nobody"
	noteDenied = "CloudTrail may not be asked who it was: cloudtrail:LookupEvents is not allowed"
	noteFailed = "CloudTrail could not be asked who it was"
)

// attribution finds out who made drifts. It is a goroutine beside the loop, which
// hands it drift records, never waits for it, and writes down its answers.
type attribution struct {
	trails  map[string]Trail
	ours    func(requestID string) bool
	now     func() time.Time
	log     *slog.Logger
	wake    chan struct{}
	answers chan answer

	mu    sync.Mutex
	open  map[uint64]*inquiry // by the number of the drift record
	notes map[string]string   // by target: why CloudTrail cannot be asked
}

// inquiry is a drift record that somebody is to be named for.
type inquiry struct {
	rec    history.Record
	strays []plan.Stray
	next   time.Time // when to ask
	pause  time.Duration
	answer *answer // what it came to; nil while it is asked
	done   bool    // that is written down
}

// answer is what an inquiry came to.
type answer struct {
	rec    history.Record // the drift record
	strays []plan.Stray
	note   string

	written chan error // room for one: what became of the record of it
}

func newAttribution(l *Loop) *attribution {
	trails := map[string]Trail{}
	for name, t := range l.cfg.Targets {
		if t.Trail != nil {
			trails[name] = t.Trail
		}
	}
	return &attribution{
		trails: trails, ours: l.journal.asked, now: l.cfg.Now, log: l.cfg.Log,
		wake: make(chan struct{}, 1), answers: make(chan answer), open: map[uint64]*inquiry{}, notes: map[string]string{},
	}
}

// want takes the drift records that nobody is named for. The ledger has the only list of
// them, so that a restart forgets none. Those that are missing since the last time are
// written down.
func (a *attribution) want(unanswered []history.Record) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	old := a.open
	a.open = map[uint64]*inquiry{}
	for _, rec := range unanswered {
		list := strays(rec.Drift)
		switch {
		case old[rec.Seq] != nil:
			a.open[rec.Seq] = old[rec.Seq]
		case a.trails[rec.Target] != nil && a.now().Sub(rec.Time) < askFor && unnamed(list):
			a.open[rec.Seq] = &inquiry{rec: rec, strays: list, pause: firstPause}
		}
	}
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

func unnamed(list []plan.Stray) bool {
	return slices.ContainsFunc(list, func(s plan.Stray) bool { return s.Who == nil })
}

// note says why a drift of a target names nobody yet.
func (a *attribution) note(target string) string {
	if a == nil || a.trails[target] == nil {
		return ""
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if n := a.notes[target]; n != "" {
		return n
	}
	return noteAsking
}

// run asks until ctx ends, one inquiry after another. What it changes of an inquiry is
// its own; the lock is for the list of them, and for notes.
func (a *attribution) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for ctx.Err() == nil {
		in, pause := a.due()
		if in != nil {
			a.ask(ctx, in)
			continue
		}
		timer.Reset(pause)
		select {
		case <-ctx.Done():
		case <-a.wake:
		case <-timer.C:
		}
	}
}

// due returns the inquiry whose time has come first, or how long that takes.
func (a *attribution) due() (*inquiry, time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var first *inquiry
	for _, in := range a.open {
		if !in.done && (first == nil || in.next.Before(first.next) || in.next.Equal(first.next) && in.rec.Seq < first.rec.Seq) {
			first = in
		}
	}
	if first == nil {
		return nil, time.Hour
	}
	if wait := first.next.Sub(a.now()); wait > 0 {
		return nil, wait
	}
	return first, 0
}

// ask looks once, and answers when everybody is named or it is too late to hope. An answer
// that could not be written down is given again later: the record is where it counts.
func (a *attribution) ask(ctx context.Context, in *inquiry) {
	if in.answer == nil {
		err := a.look(ctx, in)
		if ctx.Err() != nil {
			return
		}
		note := a.learn(in.rec.Target, err)
		last := a.now().Sub(in.rec.Time) >= askFor
		if unnamed(in.strays) && !last {
			in.later(a.now())
			return
		}
		if !unnamed(in.strays) {
			note = ""
		} else if note == "" {
			note = noteNobody
		}
		in.answer, in.pause = &answer{in.rec, in.strays, note, make(chan error, 1)}, firstPause
	}
	select {
	case a.answers <- *in.answer:
	case <-ctx.Done():
		return
	}
	select {
	case err := <-in.answer.written:
		if in.done = err == nil; err != nil {
			in.later(a.now())
		}
	case <-ctx.Done():
	}
}

// later puts an inquiry off, each time for longer.
func (in *inquiry) later(now time.Time) {
	in.next = now.Add(in.pause)
	in.pause = min(2*in.pause, longestPause)
}

// look asks for the resource, and where that names not everybody, for the
// operations: CloudTrail does not list every call under its resource.
func (a *attribution) look(ctx context.Context, in *inquiry) error {
	ctx, cancel := context.WithTimeout(ctx, askDeadline)
	defer cancel()
	trail, q := a.trails[in.rec.Target], span(in.strays, in.rec.Time)
	q.ResourceID = in.rec.ResourceID
	events, err := trail.Calls(ctx, q)
	if err != nil {
		return err
	}
	name(in, events, a.ours)
	q.ResourceID = ""
	for _, op := range operations(in) {
		q.Operation = op
		if events, err = trail.Calls(ctx, q); err != nil {
			return err
		}
		name(in, events, a.ours)
	}
	return nil
}

// learn keeps why a target's CloudTrail cannot be asked, and says it once.
func (a *attribution) learn(target string, err error) string {
	note := ""
	switch {
	case inventoryUnauthorized(err):
		note = noteDenied
	case err != nil:
		note = noteFailed
	}
	a.mu.Lock()
	news := a.notes[target] != note
	a.notes[target] = note
	a.mu.Unlock()
	if note != "" && news {
		a.log.Warn(note, "target", target, "answer", err.Error())
	}
	return note
}

func inventoryUnauthorized(err error) bool {
	var f *inventory.Fault
	return errors.As(err, &f) && f.Class == inventory.ClassUnauthorized
}

// asked reports whether a request was made by a sluice of this record.
func (j *journal) asked(requestID string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.ledger.Asked(requestID)
}

// attributed writes down what an inquiry came to, and tells it.
func (l *Loop) attributed(ctx context.Context, a answer) error {
	rec := a.rec
	rec.Kind, rec.Of, rec.Message, rec.Drift = history.KindAttributed, a.rec.Seq, a.note, strayRecords(a.strays)
	if _, err := l.journal.append(ctx, rec); err != nil {
		return err
	}
	r := plan.Resource{
		Target: rec.Target, Kind: inventory.Kind(rec.ResourceKind), ID: rec.ResourceID,
		Spec:  plan.SpecRef{Name: rec.SpecName, File: rec.SpecFile, Line: rec.SpecLine},
		Drift: &plan.Drift{Addresses: a.strays, Note: a.note},
	}
	if open, ok := l.cfg.Ledger.Drift(rec.Target, rec.ResourceKind, rec.ResourceID); ok && open.Seq == rec.Of {
		l.status.drifted(r)
	}
	l.tell(Event{Kind: EventDrift, Resource: &r})
	return nil
}
