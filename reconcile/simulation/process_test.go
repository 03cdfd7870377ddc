package simulation

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/ec2"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
	"github.com/seed-6ca89210/sluice/reconcile/web/metrics"
)

// settings is what a configuration file says, as far as it changes here.
type settings struct {
	mode   reconcile.Mode
	office timetable
}

// process is one life of the program, from its start to its end or its death.
type process struct {
	w      *world
	number int
	settings

	ctx    context.Context
	end    context.CancelFunc // of this configuration's Serve
	loop   worker
	store  *disk
	met    *metrics.Metrics
	served chan struct{} // closed when all of it is over

	mu     sync.Mutex
	handed bool // a successor has the file
	gone   bool // killed: nothing it does counts any more
	flies  map[string]request
	asked  map[string]opinion // what policy said last of each action
	look   map[string]string  // what the last read by id showed
	replica
}

// worker is a loop, or one replica's loops.
type worker interface {
	Serve(context.Context) error
	Status() reconcile.Status
	Hint()
	DrainUntil(target, id string, addr netip.Addr) (time.Time, bool)
	Close() error
}

// budget is that of every configuration here.
var budget = judge.Budget{Removals: 3, Percent: 20}

const interval = 61 * time.Second

// start begins a process on the history that the last one left.
func (w *world) start(s settings) *process {
	p := &process{w: w, number: w.nth("process"), settings: s, served: make(chan struct{}),
		flies: map[string]request{}, asked: map[string]opinion{}, look: map[string]string{}}
	p.ctx, p.end = context.WithCancel(w.t.Context())
	w.add("process %d starts: mode %s, %s", p.number, s.mode, s.office)
	w.proc = p
	file, err := history.Open(w.historyFile(), history.Holder{PID: 1, Command: "simulation"})
	if err != nil {
		w.fail(16, "the history does not open: %v", err)
		close(p.served)
		return p
	}
	ledger := history.NewLedger()
	if err := history.Fold(p.ctx, file, ledger); err != nil {
		w.fail(16, "the history cannot be read back: %v", err)
	}
	p.store = &disk{Store: file, p: p}
	cfg := p.config()
	cfg.History, cfg.Ledger = p.store, ledger
	loop, err := reconcile.New(cfg)
	if err != nil {
		w.t.Error(err)
		close(p.served)
		return p
	}
	p.loop = loop
	p.met.Read(metrics.Source{Status: p.loop.Status, DrainUntil: p.loop.DrainUntil, Now: w.now})
	go p.serve()
	return p
}

// config is the wiring that cmd/sluice does.
func (p *process) config() reconcile.Config {
	w := p.w
	log := slog.New(slog.NewJSONHandler(w.checker.leaks("the log"), &slog.HandlerOptions{Level: slog.LevelDebug}))
	p.met = metrics.New(targets)
	cfg := reconcile.Config{
		Mode: p.mode, Interval: interval, Budget: budget, Calendar: p.office.calendar(), Now: p.clock, Log: log,
		Targets: map[string]reconcile.Target{}, LoadPolicies: p.loadPolicies, Events: p.event,
		Around: []reconcile.Around{p.met.Around}, Observers: []func(reconcile.Outcome){p.met.Observe},
	}
	specs := p.open(w.specs)
	cfg.Specs, cfg.Past, cfg.Policies = specs, specs, []reconcile.Source{p.open(w.rules)}
	for name, a := range w.accounts {
		client, err := ec2.New(w.t.Context(), ec2.Config{Target: name, Region: "us-east-1", Mode: string(p.mode), Transport: wire{p, a},
			OnCall: func(_ context.Context, c ec2.Attempt) { p.met.Call(name, c.Operation, c.Code, c.Took) }})
		if err != nil {
			w.t.Error(err)
			continue
		}
		cfg.Targets[name] = reconcile.Target{EC2: client}
	}
	return cfg
}

func (p *process) open(r *repository) *gitsource.Source {
	src, err := gitsource.Open(gitsource.Config{URL: r.url(), Runner: r.runner(p), Username: "bot", Password: canaryGit, Ref: gitsource.Ref{Branch: "main"}})
	if err != nil {
		p.w.t.Error(err)
	}
	return src
}

// serve runs until the process ends, or hands over to its successor.
func (p *process) serve() {
	defer close(p.served)
	holding := p.hold()
	if err := p.loop.Serve(p.ctx); err != nil {
		p.w.t.Errorf("serve: %v", err)
	}
	holding.Wait()
	if err := p.loop.Close(); err != nil {
		p.w.t.Error(err)
	}
	p.w.checker.looks(p)
	p.mu.Lock()
	handed := p.handed
	p.mu.Unlock()
	if !handed {
		p.release()
	}
}

// release gives the file back. A killed process closes nothing; only its lock has to
// go, which the system would take.
func (p *process) release() {
	if p.store != nil {
		if err := p.store.Store.Close(); err != nil {
			p.w.t.Error(err)
		}
	}
	p.w.checker.ended(p)
}

// reload does what the daemon does at SIGHUP: the next loop is prepared beside this
// one, and takes over its record when it has ended.
func (p *process) reload(s settings) *process {
	w := p.w
	next := &process{w: w, number: w.nth("process"), settings: s, served: make(chan struct{}), store: p.store,
		flies: map[string]request{}, asked: map[string]opinion{}, look: map[string]string{}}
	next.ctx, next.end = context.WithCancel(w.t.Context())
	before := p.loop.(*reconcile.Loop)
	loop, err := before.Successor(next.config())
	if err != nil {
		w.t.Error(err)
		return p
	}
	next.loop = loop
	looking, done := context.WithTimeout(next.ctx, 30*time.Second)
	_ = loop.Prepare(looking) // what cannot be read now is read later
	done()
	p.mu.Lock()
	p.handed = true
	p.mu.Unlock()
	p.stop()
	if p.dead() { // meanwhile
		p.release()
		return p
	}
	w.add("process %d takes over from %d: mode %s, %s", next.number, p.number, s.mode, s.office)
	w.fired(reloaded)
	p.store.mu.Lock()
	p.store.p = next
	p.store.mu.Unlock()
	w.proc = next
	looking, done = context.WithTimeout(next.ctx, 10*time.Second)
	loop.TakeOver(looking, before)
	done()
	next.met.Read(metrics.Source{Status: next.loop.Status, DrainUntil: next.loop.DrainUntil, Now: w.now})
	go next.serve()
	return next
}

// event is the end of a turn, or less.
func (p *process) event(e reconcile.Event) {
	if p.dead() {
		return
	}
	switch e.Kind {
	case reconcile.EventTurned, reconcile.EventFailed:
		p.w.checker.turned(p)
	}
}

// wait lets time pass for the process, or ends with it.
func (p *process) wait(ctx context.Context, d time.Duration) error {
	if p.dead() {
		return errCut
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	p.heldUp(d)
	if p.dead() {
		return errCut
	}
	return ctx.Err()
}

func (p *process) dead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gone
}

// killed decides whether the process dies at this very place. What it still does in
// this program reaches nobody: no call, no record, no word.
func (p *process) killed(f fault, probability float64, about ...any) bool {
	if !p.w.strikes(f, probability, about...) {
		return p.dead()
	}
	p.kill(f)
	return true
}

func (p *process) kill(f fault) {
	p.mu.Lock()
	first := !p.gone
	p.gone = true
	p.mu.Unlock()
	p.resume()
	if first {
		p.w.fired(f)
		p.w.add("process %d: %s", p.number, f)
	}
	p.end()
}

// stop ends a process in order, or waits for what is left of a dead one.
func (p *process) stop() {
	p.awake() // SIGTERM waits for SIGCONT
	p.end()
	<-p.served
}

// disk is the file of the history, on a disk that may be full, below a process that may
// die.
type disk struct {
	history.Store
	mu sync.Mutex
	p  *process // who has it now
}

func (d *disk) holder() *process {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.p
}

var errFull = errors.New("no space left on device")

// Append does not wait in here: the caller holds a lock, and time would stand still.
func (d *disk) Append(ctx context.Context, records ...history.Record) ([]history.Record, error) {
	holder := d.holder()
	w := holder.w
	kind := ""
	if len(records) > 0 {
		kind = string(records[0].Kind)
	}
	about := []any{"append", kind, w.nth("append", kind)}
	p := 0.002
	if kind == string(history.KindIntent) || kind == string(history.KindOutcome) || kind == string(history.KindSettled) {
		p = 0.02
	}
	if holder.killed(killBeforeSync, p, about...) {
		return nil, errCut
	}
	if w.full.Load() || kind == string(history.KindIntent) && w.strikes(diskFull, 0.03, about...) { // just now, or for a while
		w.fired(diskFull)
		w.add("the disk is full: no %s record", kind)
		return nil, errFull
	}
	written, err := d.Store.Append(ctx, records...)
	if err != nil {
		return written, err
	}
	for _, r := range written {
		w.add("record %d %s %s", r.Seq, r.Kind, r.ResourceID)
	}
	w.office.reads("", written)
	if holder.killed(killAfterSync, p, about...) {
		return nil, errCut
	}
	return written, nil
}
