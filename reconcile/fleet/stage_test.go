package fleet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/calendar"
	"github.com/seed-6ca89210/sluice/reconcile/ec2"
	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
	"github.com/seed-6ca89210/sluice/reconcile/fleet"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
	"github.com/seed-6ca89210/sluice/reconcile/lease"
	"github.com/seed-6ca89210/sluice/reconcile/lease/leasetest"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

const (
	duration = 30 * time.Second
	longest  = duration / 3
)

// stage is what replicas share: the table of leases, the logs, Git, and an EC2 for each
// target. All but Git is the real thing or its simulator.
type stage struct {
	t       *testing.T
	table   *leasetest.Table
	targets []string
	sims    map[string]*ec2sim.Server
	logs    map[string]*sharedLog
	git     *git
	ahead   map[string]time.Duration // how far the clock of a replica is ahead

	calendar calendar.Calendar
	leases   lease.Table // in place of a view of the table; nil: that
}

func newStage(t *testing.T, targets ...string) *stage {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	s := &stage{t: t, table: leasetest.New(), targets: targets, sims: map[string]*ec2sim.Server{}, logs: map[string]*sharedLog{}, git: &git{}}
	for _, target := range targets {
		w, err := ec2sim.ParseWorld("world.yaml", []byte(`
apiVersion: sluice/v1
kind: World
subnets: [{id: subnet-0123456789abcdef0, vpcId: vpc-0123456789abcdef0, cidr: 10.0.1.0/24}]
natGateways:
  - {id: nat-0123456789abcdef0, subnetId: subnet-0123456789abcdef0, primary: 10.0.1.10, secondary: [10.0.1.20]}
`))
		if err != nil {
			t.Fatal(err)
		}
		s.sims[target] = ec2sim.New(w, ec2sim.Options{})
		file, err := history.Open(filepath.Join(t.TempDir(), target), history.Holder{PID: 1})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = file.Close() })
		s.logs[target] = &sharedLog{File: file}
	}
	s.want("10.0.1.20")
	return s
}

// want commits what every target's gateway is to hold, with more files beside.
func (s *stage) want(addresses string, more ...string) {
	files := more
	for _, target := range s.targets {
		files = append(files, fmt.Sprintf(`
apiVersion: sluice/v1
kind: NatGateway
metadata: {name: egress-%s}
spec: {target: %s, id: nat-0123456789abcdef0, secondary: {addresses: [%s]}, drain: {maxDuration: 100s}}
`, target, target, addresses))
	}
	s.git.commit(files)
}

// holds returns the secondary addresses of a target's gateway.
func (s *stage) holds(target string) string {
	list := slices.Clone(s.sims[target].World().NatGateways[0].Secondary)
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// calls lists a target's mutating calls by the epochs that they name.
func (s *stage) calls(target string) []string {
	var list []string
	for _, c := range s.sims[target].Calls() {
		if strings.HasPrefix(c.Action, "Describe") || strings.HasPrefix(c.Action, "Get") {
			continue
		}
		epoch := "none"
		for _, part := range strings.Fields(c.UserAgent) {
			if n, ok := strings.CutPrefix(part, "sluice-epoch/"); ok {
				epoch = n
			}
		}
		list = append(list, epoch)
	}
	return list
}

// replica is one process that shares the targets.
type replica struct {
	*fleet.Crew
	fleet  *fleet.Fleet
	view   *leasetest.View
	config reconcile.Config
	log    *logBuffer
	endAll func()

	endServing func() // and not the leases
}

type resource = plan.Resource

// start starts a replica, which ends with the test at the latest.
func (s *stage) start(id string) *replica {
	s.t.Helper()
	r := &replica{view: s.table.For(), log: &logBuffer{}}
	log := slog.New(slog.NewTextHandler(r.log, nil))
	var leases lease.Table = r.view
	if s.leases != nil {
		leases = s.leases
	}
	keeper, err := lease.New(lease.Config{Table: leases, ID: id, URL: "https://" + id, Targets: s.targets, Duration: duration, LongestCall: longest, Log: log})
	if err != nil {
		s.t.Fatal(err)
	}
	r.fleet, err = fleet.New(fleet.Config{
		Keeper: keeper, LongestCall: longest, Log: log,
		Read: func(target string) history.Log { return s.logs[target].reader() },
		Write: func(ctx context.Context, target string, held *lease.Held) (history.Store, error) {
			return s.logs[target].writer(ctx, held)
		},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	r.config = reconcile.Config{Mode: reconcile.Apply, Specs: s.git, Interval: 10 * time.Second, Budget: judge.DefaultBudget(), Targets: map[string]reconcile.Target{}, Calendar: s.calendar,
		Now: func() time.Time { return time.Now().Add(s.ahead[id]) }}
	for _, target := range s.targets {
		client, err := ec2.New(s.t.Context(), ec2.Config{Target: target, Region: "us-east-1", Mode: "apply", Transport: s.sims[target].Transport()})
		if err != nil {
			s.t.Fatal(err)
		}
		r.config.Targets[target] = reconcile.Target{EC2: client}
	}
	r.Crew = r.fleet.Crew(r.config)
	ctx, cancel := context.WithCancel(s.t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := r.fleet.Run(ctx); err != nil {
			s.t.Error(err)
		}
	})
	serving, endServing := context.WithCancel(ctx)
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := r.Serve(serving); err != nil {
			s.t.Error(err)
		}
	}()
	r.endServing = func() { endServing(); <-served }
	r.endAll = func() { cancel(); running.Wait(); <-served }
	s.t.Cleanup(r.endAll)
	return r
}

// here lists the targets that a replica says it holds, with their epochs.
func (r *replica) here() string {
	var list []string
	for _, l := range r.Status().Leases {
		if l.Here {
			list = append(list, fmt.Sprintf("%s/%d", l.Target, l.Epoch))
		}
	}
	return strings.Join(list, " ")
}

var errFenced = errors.New("another replica has taken the log over")

// sharedLog is a log that refuses an older epoch, as the table's does.
type sharedLog struct {
	*history.File
	mu     sync.Mutex
	epoch  uint64
	broken error         // how reading fails
	full   error         // how writing fails
	slow   time.Duration // how long an intent takes
	forge  func(*history.Checkpoint)
}

// writer takes the log over.
func (l *sharedLog) writer(ctx context.Context, held *lease.Held) (history.Store, error) {
	l.mu.Lock()
	if held.Epoch() <= l.epoch {
		l.mu.Unlock()
		return nil, errFenced
	}
	l.epoch = held.Epoch()
	l.mu.Unlock()
	w := &logWriter{l.reader(), l, held}
	if _, err := w.Append(ctx, history.Record{Kind: history.KindTaken, Time: time.Now().UTC()}); err != nil {
		return nil, err
	}
	return w, nil
}

// fail makes appends fail.
func (l *sharedLog) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.full = err
}

// reader reads it, damaged or not.
func (l *sharedLog) reader() logReader { return logReader{l} }

type logReader struct{ *sharedLog }

func (r logReader) Records(ctx context.Context, from uint64) history.Records {
	if r.broken != nil {
		return func(yield func(history.Record, error) bool) { yield(history.Record{}, r.broken) }
	}
	return r.File.Records(ctx, from)
}

func (r logReader) Checkpoint(ctx context.Context) (*history.Checkpoint, error) {
	cp, err := r.File.Checkpoint(ctx)
	if cp != nil && r.forge != nil {
		r.forge(cp)
	}
	return cp, err
}

type logWriter struct {
	logReader
	log  *sharedLog
	held *lease.Held
}

func (w *logWriter) Append(ctx context.Context, records ...history.Record) ([]history.Record, error) {
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	switch {
	case w.log.epoch != w.held.Epoch():
		return nil, errFenced
	case w.log.full != nil:
		return nil, w.log.full
	}
	for i, r := range records {
		records[i].Epoch = w.held.Epoch()
		if r.Kind == history.KindIntent {
			time.Sleep(w.log.slow)
			ctx = context.WithoutCancel(ctx) // it is durable, and the answer comes late
		}
	}
	written, err := w.log.File.Append(ctx, records...)
	if err == nil {
		last := written[len(written)-1]
		w.held.Head(last.Seq, last.Hash)
	}
	return written, err
}

// CutBefore has the archive its part also where the log cannot be written.
func (w *logWriter) CutBefore(ctx context.Context, before, now time.Time, archive history.Archive) ([]history.Cut, error) {
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	if w.log.full == nil {
		return w.log.File.CutBefore(ctx, before, now, archive)
	}
	if _, err := archive.Put(ctx, "export", nil); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("%w: %w", history.ErrNotWritten, w.log.full)
}

func (*logWriter) Close() error { return nil }

// git is a repository in memory.
type git struct {
	mu    sync.Mutex
	head  *gitsource.Snapshot
	count int
	looks int
}

func (g *git) commit(files []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.count++
	g.head = &gitsource.Snapshot{Commit: gitsource.Commit{ID: fmt.Sprintf("%040x", g.count), Author: gitsource.Person{Name: "Ada", Email: "ada@example.com"}}}
	for i, text := range files {
		g.head.Files = append(g.head.Files, gitsource.File{Path: fmt.Sprintf("%d.yaml", i), Data: []byte(text)})
	}
}

func (g *git) Snapshot(context.Context, *gitsource.Snapshot) (*gitsource.Snapshot, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.looks++
	return g.head, nil
}

func (g *git) lookCount() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.looks
}

func (g *git) String() string { return "memory" }

// logBuffer is what a replica logs.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
