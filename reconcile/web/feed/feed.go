package feed

import (
	"sync"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/rulebook"
	"github.com/seed-6ca89210/sluice/reconcile/web/view"
)

// Config is where a feed comes from.
type Config struct {
	Status func() reconcile.Status
	// Record is the record where it is one log, of all targets; else Logs returns what
	// it is made of now, in the order of their names.
	Record Record
	Logs   func() []Log
	// Due returns what is due after an instant beside what the status tells, at most
	// n; nil: nothing.
	Due func(now time.Time, n int) []view.Upcoming
	Now func() time.Time
}

// Feed answers many requests at once.
type Feed struct {
	cfg     Config
	most    bounds
	stories chan struct{} // one entry for each that is being told
	readers chan struct{} // and for each request that reads logs which others share
	streams chan struct{} // and for each of these that is read whole

	mu      sync.Mutex
	fleet   *view.Fleet // of the last turn that was asked about
	told    *view.Fleet // what Change compares with
	chain   Chain
	answers map[string]answer // by question, of logs that others share
}

// New makes a feed.
func New(cfg Config) *Feed {
	f := &Feed{
		cfg: cfg, most: ofFile, answers: map[string]answer{},
		stories: make(chan struct{}, 2), readers: make(chan struct{}, readers), streams: make(chan struct{}, streams),
	}
	if f.shared() {
		f.most = ofLogs
	}
	return f
}

// Now is the daemon's clock.
func (f *Feed) Now() time.Time { return f.cfg.Now() }

// Fleet returns the newest status.
func (f *Feed) Fleet() *view.Fleet {
	s := f.cfg.Status()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fleet == nil || !f.fleet.Indexes(s) {
		f.fleet = view.NewFleet(s)
	}
	return f.fleet.With(s)
}

// Change returns what changed since it was last called.
func (f *Feed) Change() view.Change {
	now := f.Fleet()
	f.mu.Lock()
	before := f.told
	f.told = now
	f.mu.Unlock()
	return now.Changes(before)
}

// Agenda returns the next n things that are due.
func (f *Feed) Agenda(n int) []view.Upcoming {
	now := f.cfg.Now()
	var more []view.Upcoming
	if f.cfg.Due != nil {
		more = f.cfg.Due(now, n)
	}
	return view.Agenda(f.cfg.Status(), more, now, n)
}

// Rules returns the rules in force, waivers and approvals.
func (f *Feed) Rules() rulebook.Book {
	s := f.cfg.Status()
	return rulebook.New(s.Rules, s.Rulings, f.cfg.Now())
}
