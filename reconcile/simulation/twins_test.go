package simulation

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/fleet"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/lease"
	"github.com/seed-6ca89210/sluice/reconcile/lease/leasetest"
	"github.com/seed-6ca89210/sluice/reconcile/web/metrics"
)

// What a replica is told of leases.
const (
	leaseLasts  = 30 * time.Second
	longestCall = leaseLasts / 3
)

// twins is what two replicas share, and who they are.
type twins struct {
	w       *world
	table   *leasetest.Table
	logs    map[string]*sharedLog // by target
	places  [2]*process           // that run, or ran last
	flights sync.WaitGroup        // what is on its way without anybody who waits for it
	ahead   [2]atomic.Int64       // of the machines' clocks, in ns

	mu     sync.Mutex
	leases leases
}

// replica is what a process has in a world of two.
type replica struct {
	place     int
	id        string
	fleet     *fleet.Fleet
	resumed   chan struct{} // closed when a pause ends; nil: it is not paused
	pauses    int           // so far
	noticed   bool          // the pause kept something from going on
	pausesFor time.Duration // when it looks at its clock next; 0: it goes on
	cut       bool          // from the table
}

// twoReplicas decides by the seed which kind of world it is.
func (w *world) twoReplicas() bool { return w.below(4, "two replicas") == 0 }

func (w *world) logFile(target string) string { return filepath.Join(w.dir, target+".log.db") }

func newTwins(w *world) *twins {
	s := &twins{w: w, table: leasetest.New(), logs: map[string]*sharedLog{}, leases: newLeases()}
	for _, target := range targets {
		file, err := history.Open(w.logFile(target), history.Holder{PID: 1, Command: "simulation"})
		if err != nil {
			w.t.Fatal(err)
		}
		s.logs[target] = &sharedLog{w: w, target: target, file: file}
	}
	for place := range s.ahead {
		s.ahead[place].Store(int64(w.between(-apart, apart, "first clock", place)))
	}
	return s
}

func (s *twins) close() {
	for _, l := range s.logs {
		if err := l.file.Close(); err != nil {
			s.w.t.Error(err)
		}
	}
}

// startAll starts what the world runs.
func (w *world) startAll() {
	if !w.pair {
		w.start(w.settings(0))
		return
	}
	for place := range w.twins.places {
		w.startReplica(place, w.settings(0))
		if w.chance(0.1, "both at once", w.calm.Load()) { // so that both reach for the same leases
			w.sleep(w.between(0, 100*time.Millisecond, "the next replica", place, w.calm.Load()))
		} else {
			w.sleep(w.between(time.Second, 50*time.Second, "the next replica", place, w.calm.Load()))
		}
	}
}

// stopAll ends it, and waits for what nobody waits for.
func (w *world) stopAll() {
	if !w.pair {
		w.proc.stop()
		return
	}
	for _, p := range w.twins.places {
		if p != nil {
			p.stop()
		}
	}
	w.twins.flights.Wait()
	w.twins.table.Settle()
}

// oneOf is the process, or one of two.
func (w *world) oneOf(n int) *process {
	if !w.pair {
		return w.proc
	}
	return w.twins.places[w.below(2, "which replica", n)]
}

// holder is a replica that holds a lease, or one of two.
func (w *world) holder(n int) *process {
	item := w.twins.table.Item(pick(w.dice, targets, "holder", n))
	for _, p := range w.twins.places {
		if p.id == item.Holder {
			return p
		}
	}
	return w.oneOf(n)
}

// again starts a process in the place of one that has ended.
func (w *world) again(p *process, s settings) {
	if !w.pair {
		w.start(s)
		return
	}
	w.startReplica(p.place, s)
}

// startReplica begins one of two replicas, under a name that none ever had.
func (w *world) startReplica(place int, s settings) {
	p := &process{w: w, number: w.nth("process"), settings: s, served: make(chan struct{}),
		flies: map[string]request{}, asked: map[string]opinion{}, look: map[string]string{}}
	p.place, p.id = place, fmt.Sprintf("replica-%d", p.number)
	p.ctx, p.end = context.WithCancel(w.t.Context())
	w.add("process %d starts in place %d: %s", p.number, place, s.office)
	w.twins.places[place] = p
	w.proc = w.twins.places[0]
	log := slog.New(slog.NewJSONHandler(w.checker.leaks("the log"), &slog.HandlerOptions{Level: slog.LevelDebug}))
	table := tableWire{p, w.twins.table.For()}
	keeper, err := lease.New(lease.Config{Table: table, ID: p.id, Targets: targets, Duration: leaseLasts, LongestCall: longestCall, Log: log})
	if err != nil {
		w.t.Fatal(err)
	}
	p.fleet, err = fleet.New(fleet.Config{
		Keeper: keeper, LongestCall: longestCall, Log: log, Now: p.clock,
		Read: func(target string) history.Log { return logView{w.twins.logs[target].file, w.twins.logs[target], p} },
		Write: func(ctx context.Context, target string, held *lease.Held) (history.Store, error) {
			return w.twins.logs[target].writer(ctx, p, held)
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	crew := p.fleet.Crew(p.config())
	p.loop = crew
	p.met.Read(metrics.Source{Status: crew.Status, DrainUntil: crew.DrainUntil, Now: p.shown})
	go p.serve()
}

// hold begins to hold leases, in a world of two.
func (p *process) hold() *sync.WaitGroup {
	var holding sync.WaitGroup
	if p.fleet != nil {
		holding.Go(func() {
			if err := p.fleet.Run(p.ctx); err != nil {
				p.w.t.Error(err)
			}
		})
	}
	return &holding
}

// reviveReplicas starts those again that are no more.
func (w *world) reviveReplicas(n int) {
	for _, p := range w.twins.places {
		if p.ctx.Err() != nil { // killed, or stopped
			p.stop()
			w.sleep(w.between(time.Second, 90*time.Second, "revive", p.place, n))
			w.startReplica(p.place, p.settings)
		}
	}
}

// unlooked is how long before a call the calendar may have been asked.
func (w *world) unlooked() time.Duration {
	if w.pair {
		return 15*time.Second + leaseLasts
	}
	return 15 * time.Second
}

// cutOff is an event: one of the replicas does not reach the table for a while.
func (w *world) cutOff(n int) {
	if !w.strikes(tableCut, 0.7, n) {
		return
	}
	w.author.work()
	w.author.work()
	p := w.holder(n)
	w.add("process %d is cut off from the table", p.number)
	p.cutFromTable(true)
	told, lasts := w.between(time.Second, leaseLasts-longestCall, "told", n), w.between(2*time.Second, 100*time.Second, "cut off", n)
	w.sleep(min(told, lasts))
	p.loop.Hint() // as a webhook does: there are calls to make while the lease runs out
	w.sleep(lasts - min(told, lasts))
	p.cutFromTable(false)
}

func (p *process) cutFromTable(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
}

func (p *process) cutOff() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cut
}
