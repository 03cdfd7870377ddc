package reconcile_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/ec2"
	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// stage is the production loop on the simulator: everything is real but the
// repository, which is in memory, and the clock, which is synctest's.
type stage struct {
	t       *testing.T
	sim     *ec2sim.Server
	specs   *memory
	history string // the record's file
	config  func(*reconcile.Config)
}

const gatewayID = "nat-0123456789abcdef0"

// world is one subnet with one gateway: primary .10 and the given secondaries.
func world(secondary ...string) string {
	return fmt.Sprintf(`
apiVersion: sluice/v1
kind: World
subnets: [{id: subnet-0123456789abcdef0, vpcId: vpc-0123456789abcdef0, cidr: 10.0.1.0/24}]
natGateways:
  - {id: %s, subnetId: subnet-0123456789abcdef0, primary: 10.0.1.10, secondary: [%s]}
networkInterfaces:
  - {id: eni-0123456789abcdef0, subnetId: subnet-0123456789abcdef0, primary: 10.0.1.200, secondary: [10.0.1.201]}
`, gatewayID, strings.Join(secondary, ", "))
}

// gateway is the spec of that gateway.
func gateway(secondary ...string) string {
	return fmt.Sprintf(`
apiVersion: sluice/v1
kind: NatGateway
metadata: {name: egress}
spec: {id: %s, secondary: {addresses: [%s]}, drain: {maxDuration: 100s}}
`, gatewayID, strings.Join(secondary, ", "))
}

func newStage(t *testing.T, worldFile, specs string) *stage {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	w, err := ec2sim.ParseWorld("world.yaml", []byte(worldFile))
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, sim: ec2sim.New(w, ec2sim.Options{}), specs: &memory{}, history: filepath.Join(t.TempDir(), "history.db")}
	s.specs.commit(specs)
	return s
}

// client is a target's real client on the simulator's socketless transport.
func (s *stage) client(mode reconcile.Mode, sim *ec2sim.Server) *ec2.Client {
	s.t.Helper()
	c, err := ec2.New(s.t.Context(), ec2.Config{Target: "default", Region: "us-east-1", Mode: string(mode), Transport: sim.Transport()})
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// open starts a process: a loop with the record in its file. close ends it as
// kill -9 would, but for the file's lock, which the operating system gives back.
func (s *stage) open(mode reconcile.Mode) (loop *reconcile.Loop, closeProcess func()) {
	s.t.Helper()
	store, err := history.Open(s.history, history.Holder{PID: 1, Command: "test"})
	if err != nil {
		s.t.Fatal(err)
	}
	ledger := history.NewLedger()
	for r, err := range store.Records(s.t.Context(), 0) {
		if err != nil {
			s.t.Fatal(err)
		}
		ledger.Add(r)
	}
	cfg := reconcile.Config{
		Mode: mode, Specs: s.specs, Interval: 10 * time.Second, Budget: judge.DefaultBudget(), History: store, Ledger: ledger,
		Targets: map[string]reconcile.Target{"default": {EC2: s.client(mode, s.sim)}},
	}
	if s.config != nil {
		s.config(&cfg)
	}
	if loop, err = reconcile.New(cfg); err != nil {
		s.t.Fatal(err)
	}
	return loop, func() {
		if err := store.Close(); err != nil {
			s.t.Fatal(err)
		}
	}
}

// lookOnly is the configuration of a command that changes nothing.
func (s *stage) lookOnly() reconcile.Config {
	return reconcile.Config{
		Mode: reconcile.Apply, LookOnly: true, Specs: s.specs, Budget: judge.DefaultBudget(),
		Targets: map[string]reconcile.Target{"default": {EC2: s.client(reconcile.Observe, s.sim)}},
	}
}

// converge runs one process until nothing is left to wait for.
func (s *stage) converge() plan.Plan {
	s.t.Helper()
	loop, end := s.open(reconcile.Apply)
	defer end()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Hour)
	defer cancel()
	turn, err := loop.Converge(ctx, nil)
	if err != nil {
		s.t.Fatalf("converge: %v", err)
	}
	return turn.Plan()
}

// serve runs the daemon for a while.
func (s *stage) serve(d time.Duration, during func(*reconcile.Loop)) {
	s.t.Helper()
	loop, end := s.open(reconcile.Apply)
	defer end()
	ctx, cancel := context.WithTimeout(s.t.Context(), d)
	defer cancel()
	if during != nil {
		go during(loop)
	}
	if err := loop.Serve(ctx); err != nil {
		s.t.Fatalf("serve: %v", err)
	}
}

// mutations lists the mutating calls as "assign .21", in order, with the error
// code where there was one.
func (s *stage) mutations() []string {
	var list []string
	for _, c := range s.sim.Calls() {
		verb := ""
		switch c.Action {
		case "AssignPrivateNatGatewayAddress", "AssignPrivateIpAddresses":
			verb = "assign"
		case "UnassignPrivateNatGatewayAddress", "UnassignPrivateIpAddresses":
			verb = "unassign"
		default:
			continue
		}
		var ips []string
		for key, values := range c.Parameters {
			if strings.HasPrefix(key, "PrivateIpAddress.") {
				ips = append(ips, strings.TrimPrefix(values[0], "10.0.1"))
			}
		}
		slices.Sort(ips)
		text := verb + " " + strings.Join(ips, " ")
		if c.DryRun {
			text += " dry-run"
		}
		if c.Code != "" {
			text += " " + c.Code
		}
		if c.Lost {
			text += " lost"
		}
		list = append(list, text)
	}
	return list
}

func (s *stage) count(action string) int {
	n := 0
	for _, c := range s.sim.Calls() {
		if c.Action == action {
			n++
		}
	}
	return n
}

// secondaries are the last octets of the gateway's secondary addresses.
func (s *stage) secondaries() string {
	g := s.sim.World().NatGateways[0]
	var list []string
	for _, ip := range g.Secondary {
		list = append(list, strings.TrimPrefix(ip, "10.0.1"))
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

func (s *stage) records(kind history.Kind) []history.Record {
	s.t.Helper()
	store, err := history.OpenReadOnly(s.history)
	if err != nil {
		s.t.Fatal(err)
	}
	defer store.Close()
	if _, err := history.Verify(s.t.Context(), store); err != nil {
		s.t.Errorf("the chain: %v", err)
	}
	var list []history.Record
	for r, err := range store.Records(s.t.Context(), 0) {
		if err != nil {
			s.t.Fatal(err)
		}
		if r.Kind == kind {
			list = append(list, r)
		}
	}
	return list
}

// rules is a policy source of one rule.
func rules(text string) *memory {
	m := &memory{count: 1}
	m.head = &gitsource.Snapshot{Commit: gitsource.Commit{ID: "policy"}, Files: []gitsource.File{{Path: "rule.rego", Data: []byte(text)}}}
	return m
}

// add commits one more file beside the others.
func (m *memory) add(path, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := *m.head
	next.Files = append(slices.Clone(m.head.Files), gitsource.File{Path: path, Data: []byte(text)})
	m.head = &next
}

// memory is a repository in memory.
type memory struct {
	mu    sync.Mutex
	head  *gitsource.Snapshot
	count int
	err   error
	looks int
	slow  time.Duration // how long a look takes
}

func (m *memory) commit(files ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count++
	snap := &gitsource.Snapshot{Commit: gitsource.Commit{
		ID: fmt.Sprintf("%040x", m.count), Message: fmt.Sprintf("commit %d", m.count),
		Author: gitsource.Person{Name: "Ada", Email: "ada@example.com"},
	}}
	for i, text := range files {
		snap.Files = append(snap.Files, gitsource.File{Path: fmt.Sprintf("specs/%d.yaml", i), Data: []byte(text)})
	}
	m.head = snap
}

func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

func (m *memory) Snapshot(context.Context, *gitsource.Snapshot) (*gitsource.Snapshot, error) {
	time.Sleep(m.slow)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.looks++
	return m.head, m.err
}

func (m *memory) String() string { return "memory" }
