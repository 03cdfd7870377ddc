package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"golang.org/x/exp/stats"

	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
)

const hookSecret = "the secret of this benchmark"

// BenchmarkWebhookToEC2 measures, at a running daemon with a repository of 1,000
// specs, how long after a webhook is sent the first request of any kind reaches EC2,
// and how long until the first that changes something: the fetch, the parsing, EC2's
// whole inventory, the plan and policy lie between. All of it is real but EC2, which
// is the simulator, on loopback. The best run is held against the limit, since another
// program's work only ever adds; the worst is reported beside it.
func BenchmarkWebhookToEC2(b *testing.B) {
	const specs, limit = 1000, 500 * time.Millisecond
	d := startHookedDaemon(b, specs)
	first, change, worst := time.Hour, time.Hour, time.Duration(0)
	i := 0
	for b.Loop() {
		for range 3 {
			d.commit(b, i%specs, fmt.Sprintf("10.%d.%d.%d", i%specs/250, i%specs%250, 30+i/specs))
			d.ec2.arm()
			sent := time.Now()
			d.hook(b, i)
			read, wrote := d.ec2.wait(b)
			first, change, worst = min(first, read.Sub(sent)), min(change, wrote.Sub(sent)), max(worst, read.Sub(sent))
			d.settle(b)
			i++
		}
	}
	for name, d := range map[string]time.Duration{"ms-to-first-call": first, "ms-to-first-call-worst": worst, "ms-to-first-change": change} {
		b.ReportMetric(float64(d.Microseconds())/1000, name)
	}
	if first > limit {
		b.Errorf("the first call came %s after the webhook, later than %s", first, limit)
	}
}

// BenchmarkCommitToApplied measures, at fleets of several sizes, how long after a
// commit the daemon has seen its change in EC2, of which nothing is left to do then: a
// webhook, the fetch, the plan, the call, and the look that finds its effect. EC2 is the
// simulator without its own delays (a real one takes seconds to assign), so this is what
// sluice adds, the second included that it waits before it looks.
func BenchmarkCommitToApplied(b *testing.B) {
	for _, addresses := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprintf("addresses=%d", addresses), func(b *testing.B) {
			d := startHookedDaemon(b, addresses)
			var took []float64
			for b.Loop() {
				i := len(took)
				d.commit(b, i%addresses, fmt.Sprintf("10.%d.%d.%d", i%addresses/250, i%addresses%250, 30+i/addresses))
				d.ec2.arm()
				began := time.Now()
				d.hook(b, i)
				d.ec2.wait(b)
				for {
					asked := time.Now()
					if d.applied() {
						break
					}
					time.Sleep(max(5*time.Millisecond, 4*time.Since(asked))) // the status of a large fleet takes time that the loop needs
				}
				took = append(took, float64(time.Since(began).Milliseconds()))
				d.settle(b)
			}
			of := stats.Quantiles(took, 0.5, 0.99)
			b.ReportMetric(of[0], "ms-p50")
			b.ReportMetric(of[1], "ms-p99")
			b.Logf("figure: commit to applied, %d addresses, %d commits: p50 %.1f s, p99 %.1f s", addresses, len(took), of[0]/1000, of[1]/1000)
		})
	}
}

// hookedDaemon is `sluice serve` in this process, which asks Git of its own accord
// once an hour.
type hookedDaemon struct {
	specs int
	head  string // the newest commit
	dir   string
	repo  *git.Repository
	ec2   *watchedEC2
	api   string
}

func startHookedDaemon(b *testing.B, specs int) *hookedDaemon {
	b.Helper()
	d := &hookedDaemon{specs: specs, dir: b.TempDir()}
	d.ec2 = &watchedEC2{sim: newBigWorld(b, specs)}
	server := httptest.NewServer(d.ec2)
	b.Cleanup(server.Close)
	repo, err := git.PlainInitWithOptions(filepath.Join(d.dir, "repo"), &git.PlainInitOptions{
		InitOptions: git.InitOptions{DefaultBranch: plumbing.NewBranchReferenceName("main")},
	})
	if err != nil {
		b.Fatal(err)
	}
	d.repo = repo
	for i := range specs {
		d.write(b, i, "")
	}
	d.record(b)
	configFile := filepath.Join(d.dir, "sluice.yaml")
	text := fmt.Sprintf(`{apiVersion: sluice/v1, kind: Config, mode: apply, history: {file: h.db}, listen: "127.0.0.1:0",
  specs: {url: "file://%s/repo", interval: 1h}, webhooks: {github: {secretEnv: HOOK}, minInterval: 1s}}`, d.dir)
	if err := os.WriteFile(configFile, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	env := map[string]string{"HOOK": hookSecret}
	for name, value := range map[string]string{"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_CONFIG_FILE": filepath.Join(d.dir, "none")} {
		b.Setenv(name, value)
	}
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan struct{})
	log, err := os.Create(filepath.Join(d.dir, "log"))
	if err != nil {
		b.Fatal(err)
	}
	go func() {
		defer close(ended)
		a := &app{stdout: io.Discard, stderr: log, getenv: func(name string) string { return env[name] }, now: time.Now}
		a.execute(ctx, []string{"serve", "--config", configFile})
	}()
	b.Cleanup(func() {
		cancel()
		<-ended
		_ = log.Close()
	})
	d.settle(b)
	return d
}

// newBigWorld is a gateway for each spec, with one address beside its primary.
func newBigWorld(b *testing.B, gateways int) *ec2sim.Server {
	b.Helper()
	var whole ec2sim.World
	for from := 0; from < gateways; from += 1000 { // a file of a world has a largest size
		part := worldOfGateways(b, from, min(from+1000, gateways))
		subnets, gateways := append(whole.Subnets, part.Subnets...), append(whole.NatGateways, part.NatGateways...)
		whole = part
		whole.Subnets, whole.NatGateways = subnets, gateways
	}
	return ec2sim.New(whole, ec2sim.Options{})
}

func worldOfGateways(b *testing.B, from, until int) ec2sim.World {
	b.Helper()
	var text strings.Builder
	text.WriteString("apiVersion: sluice/v1\nkind: World\nthrottling: false\ntiming: {assign: 1ms}\nsubnets:\n")
	for i := from; i < until; i++ {
		fmt.Fprintf(&text, "  - {id: subnet-%017x, vpcId: vpc-0123456789abcdef0, cidr: 10.%d.%d.0/24}\n", i, i/250, i%250)
	}
	text.WriteString("natGateways:\n")
	for i := from; i < until; i++ {
		fmt.Fprintf(&text, "  - {id: nat-%017x, subnetId: subnet-%017x, primary: 10.%[3]d.%[4]d.10, secondary: [10.%[3]d.%[4]d.20]}\n", i, i, i/250, i%250)
	}
	w, err := ec2sim.ParseWorld("world.yaml", []byte(text.String()))
	if err != nil {
		b.Fatal(err)
	}
	return w
}

// write writes one spec, with one address more than the world has where more is given.
func (d *hookedDaemon) write(b *testing.B, i int, more string) {
	b.Helper()
	addresses := fmt.Sprintf("10.%d.%d.20", i/250, i%250)
	if more != "" {
		addresses += ", " + more
	}
	text := fmt.Sprintf("apiVersion: sluice/v1\nkind: NatGateway\nmetadata:\n  name: egress-%d\n  labels: {env: prod, owner: network}\nspec:\n  id: nat-%017x\n  secondary: {addresses: [%s]}\n", i, i, addresses)
	if err := os.WriteFile(filepath.Join(d.dir, "repo", fmt.Sprintf("s%d.yaml", i)), []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}

func (d *hookedDaemon) commit(b *testing.B, i int, more string) {
	b.Helper()
	d.write(b, i, more)
	d.record(b)
}

func (d *hookedDaemon) record(b *testing.B) {
	b.Helper()
	tree, err := d.repo.Worktree()
	if err == nil {
		err = tree.AddWithOptions(&git.AddOptions{All: true})
	}
	if err == nil {
		var head plumbing.Hash
		head, err = tree.Commit("change", &git.CommitOptions{Author: &object.Signature{Name: "Ada", Email: "ada@example.com", When: time.Now()}})
		d.head = head.String()
	}
	if err != nil {
		b.Fatal(err)
	}
}

func (d *hookedDaemon) hook(b *testing.B, i int) {
	b.Helper()
	body := fmt.Sprintf(`{"n":%d}`, i)
	mac := hmac.New(sha256.New, []byte(hookSecret))
	mac.Write([]byte(body))
	req, err := http.NewRequest(http.MethodPost, d.api+"/webhook/github", strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		b.Fatalf("the webhook was answered %s", resp.Status)
	}
}

// settle waits until the daemon serves and everything is as the specs say, and until
// the least interval between two looks has passed.
func (d *hookedDaemon) settle(b *testing.B) {
	b.Helper()
	end := time.Now().Add(patience)
	for time.Now().Before(end) {
		d.api = holderAPI(filepath.Join(d.dir, "h.db.holder"))
		if d.applied() && d.ec2.quiet() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	log, _ := os.ReadFile(filepath.Join(d.dir, "log"))
	b.Fatalf("the daemon did not settle; its log:\n%.3000s", log)
}

// applied reports whether the daemon has seen everything as the newest commit says.
func (d *hookedDaemon) applied() bool {
	body, _, err := fetch(d.api + "/api/v1/status")
	return err == nil && strings.Contains(body, fmt.Sprintf(`"inSync":%d,`, d.specs)) && strings.Contains(body, d.head)
}

// watchedEC2 notes when the first request came after it was armed, and the first
// that changes something.
type watchedEC2 struct {
	sim  *ec2sim.Server
	mu   sync.Mutex
	last time.Time
	read time.Time
	done chan time.Time // of the first change; nil when it is not armed
}

func (e *watchedEC2) arm() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.read, e.done = time.Time{}, make(chan time.Time, 1)
}

func (e *watchedEC2) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	e.mu.Lock()
	e.last = time.Now()
	if e.read.IsZero() {
		e.read = e.last
	}
	if e.done != nil && strings.Contains(string(body), "Action=AssignPrivateNatGatewayAddress") {
		e.done <- e.last
		e.done = nil
	}
	e.mu.Unlock()
	e.sim.ServeHTTP(w, r)
}

func (e *watchedEC2) wait(b *testing.B) (read, wrote time.Time) {
	b.Helper()
	e.mu.Lock()
	done := e.done
	e.mu.Unlock()
	if done == nil {
		b.Fatal("EC2 was changed before the webhook was sent")
	}
	select {
	case wrote = <-done:
	case <-time.After(patience):
		b.Fatal("no change reached EC2")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.read, wrote
}

// quiet reports whether nothing was asked for longer than the loop's shortest pause,
// and than the least interval between two looks.
func (e *watchedEC2) quiet() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.last.IsZero() && time.Since(e.last) > 2*time.Second
}
