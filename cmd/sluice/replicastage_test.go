package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/reconcile/dynamodb"
	"github.com/seed-6ca89210/sluice/reconcile/dynamodb/dynalite"
	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
)

// replicaLease is the lease of the replicas that are tested, and replicaTargets what
// they share.
const replicaLease = time.Second

var replicaTargets = []string{"prod-a", "prod-b", "stage", "test"}

// replicaStage is what real replicas share: a table, Git, and an EC2 for each target.
type replicaStage struct {
	t        *testing.T
	dir      string
	db       *dynamodb.DB
	table    string // where it listens
	server   *dynalite.Server
	repo     *demoRepo
	ec2      map[string]*guardedEC2
	replicas []*replicaProcess
	keep     string // more of the record's configuration
	wanted   string // what the newest commit asks for in every target
}

func newReplicaStage(t *testing.T, replicas int) *replicaStage {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "secret-of-the-tester", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	table := dynalite.Start(t)
	table.Table(t, "sluice")
	s := &replicaStage{t: t, dir: t.TempDir(), table: strings.TrimPrefix(table.URL, "http://"), server: table, ec2: map[string]*guardedEC2{}}
	var err error
	if s.db, err = openTable(t.Context(), config.DynamoDB{Table: "sluice", Region: "us-east-1", Endpoint: table.URL, Lease: time.Minute}); err != nil {
		t.Fatal(err)
	}
	for _, target := range replicaTargets {
		s.ec2[target] = newGuardedEC2(t)
	}
	repo, err := git.PlainInit(filepath.Join(s.dir, "repo"), false)
	if err != nil {
		t.Fatal(err)
	}
	s.repo = &demoRepo{dir: filepath.Join(s.dir, "repo"), repo: repo}
	s.want("10.0.1.20")
	for range replicas {
		s.add().start()
	}
	return s
}

// add makes another replica, which is not started yet.
func (s *replicaStage) add() *replicaProcess {
	s.t.Helper()
	r := &replicaProcess{stage: s, name: fmt.Sprint("replica-", len(s.replicas)+1), listen: "127.0.0.1:0", cable: newCable(s.t, s.table)}
	r.configure()
	s.t.Cleanup(r.kill)
	s.replicas = append(s.replicas, r)
	return r
}

// want commits what every target's gateway is to hold.
func (s *replicaStage) want(addresses string) {
	s.t.Helper()
	var text strings.Builder
	fmt.Fprintf(&text, "# %s\n", time.Now()) // no commit is empty
	for _, target := range replicaTargets {
		fmt.Fprintf(&text, `---
apiVersion: sluice/v1
kind: NatGateway
metadata: {name: egress-%s}
spec: {target: %s, id: nat-0123456789abcdef0, secondary: {addresses: [%s]}, drain: {maxDuration: 10s}}
`, target, target, addresses)
	}
	if err := os.WriteFile(filepath.Join(s.repo.dir, "specs.yaml"), []byte(text.String()), 0o644); err != nil {
		s.t.Fatal(err)
	}
	if err := s.repo.commit("Hold "+addresses, "", nil); err != nil {
		s.t.Fatal(err)
	}
	s.wanted = addresses
}

// holders says which replica has each target, by its name.
func (s *replicaStage) holders() map[string]*replicaProcess {
	s.t.Helper()
	items, err := s.db.Leases().Leases(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	by := map[string]*replicaProcess{}
	for _, item := range items {
		for _, r := range s.replicas {
			if r.url() == item.URL {
				by[item.Target] = r
			}
		}
	}
	return by
}

// replicaProcess is a real `sluice serve`.
type replicaProcess struct {
	stage  *replicaStage
	name   string
	cable  *cable
	listen string
	drops  string // a target that is not in its configuration

	cmd *exec.Cmd
	log lockedLog
}

func (r *replicaProcess) folder() string { return filepath.Join(r.stage.dir, r.name) }

func (r *replicaProcess) configure() {
	var targets strings.Builder
	for _, name := range replicaTargets {
		if name == r.drops {
			continue
		}
		fmt.Fprintf(&targets, "  %s: {region: us-east-1, endpoint: %q}\n", name, r.stage.ec2[name].server.URL)
	}
	text := fmt.Sprintf(`apiVersion: sluice/v1
kind: Config
mode: apply
specs: {url: "file://%s", interval: 1s}
targets:
%sbudget: {removals: 100, percent: 100}
history: {dynamodb: {table: sluice, region: us-east-1, endpoint: "http://%s", lease: %s}%s}
listen: %s
`, r.stage.repo.dir, targets.String(), r.cable.listener.Addr(), replicaLease, r.stage.keep, r.listen)
	if err := os.MkdirAll(r.folder(), 0o700); err != nil {
		r.stage.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.folder(), "sluice.yaml"), []byte(text), 0o600); err != nil {
		r.stage.t.Fatal(err)
	}
}

func (r *replicaProcess) start() {
	r.stage.t.Helper()
	r.log.reset()
	r.cmd = exec.Command("sluice", "serve", "--config", filepath.Join(r.folder(), "sluice.yaml"))
	r.cmd.Stderr = &r.log
	if err := r.cmd.Start(); err != nil {
		r.stage.t.Fatal(err)
	}
}

// kill ends it as nothing can be caught.
func (r *replicaProcess) kill() {
	if r.cmd != nil && r.cmd.ProcessState == nil {
		_ = r.cmd.Process.Kill()
		_ = r.cmd.Wait()
	}
}

// url is where it says that its page is.
func (r *replicaProcess) url() string {
	_, rest, _ := strings.Cut(r.log.String(), `"listen":"`)
	url, _, _ := strings.Cut(rest, `"`)
	return url
}

// lockedLog is what a process writes.
type lockedLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *lockedLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Reset()
}

// guardedEC2 is a target's simulator, and when each changing call was there.
type guardedEC2 struct {
	sim    *ec2sim.Server
	server *httptest.Server

	mu    sync.Mutex
	calls []actorCall
}

// actorCall is a call that changes something, from its first byte to its answer.
type actorCall struct {
	epoch      uint64
	begin, end time.Time
}

func newGuardedEC2(t *testing.T) *guardedEC2 {
	t.Helper()
	world, err := ec2sim.ParseWorld("world.yaml", []byte(`
apiVersion: sluice/v1
kind: World
subnets: [{id: subnet-0123456789abcdef0, vpcId: vpc-0123456789abcdef0, cidr: 10.0.1.0/24}]
natGateways:
  - {id: nat-0123456789abcdef0, subnetId: subnet-0123456789abcdef0, primary: 10.0.1.10, secondary: [10.0.1.20]}
`))
	if err != nil {
		t.Fatal(err)
	}
	w := &guardedEC2{sim: ec2sim.New(world, ec2sim.Options{Speed: 100})}
	w.server = httptest.NewServer(w)
	t.Cleanup(w.server.Close)
	return w
}

// callTakes is how long a call that changes something is on its way.
const callTakes = 50 * time.Millisecond

// ServeHTTP passes a request on, and notes whose it was if it changed something.
func (w *guardedEC2) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	epoch, changes := epochOf(r.UserAgent())
	if !changes {
		w.sim.ServeHTTP(rw, r)
		return
	}
	call := actorCall{epoch: epoch, begin: time.Now()}
	defer func() {
		call.end = time.Now()
		w.mu.Lock()
		defer w.mu.Unlock()
		w.calls = append(w.calls, call)
	}()
	time.Sleep(callTakes / 2)
	w.sim.ServeHTTP(rw, r)
	time.Sleep(callTakes / 2)
}

// epochOf reads the epoch of a User-Agent, which calls that change something have.
func epochOf(agent string) (uint64, bool) {
	for _, part := range strings.Fields(agent) {
		if text, ok := strings.CutPrefix(part, "sluice-epoch/"); ok {
			n, err := strconv.ParseUint(text, 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}
