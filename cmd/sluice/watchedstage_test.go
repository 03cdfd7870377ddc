package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/examples"
	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
)

// watchedDaemon is `sluice serve` in this process, on a simulator whose drains are
// short, with the specs of the example.
type watchedDaemon struct {
	dir, url, token string
	repo            *demoRepo
}

// startWatchedDaemon starts it; with a token, everybody needs it, and Git is asked
// once an hour. Its configuration is sluice.yaml in its folder.
func startWatchedDaemon(t *testing.T, token string) *watchedDaemon {
	t.Helper()
	world, err := examples.Quickstart.ReadFile("quickstart/world.yaml")
	if err != nil {
		t.Fatal(err)
	}
	w, err := ec2sim.ParseWorld("world.yaml", world)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(ec2sim.New(w, ec2sim.Options{Speed: 30}))
	t.Cleanup(server.Close)
	for name, value := range map[string]string{"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_EC2_METADATA_DISABLED": "true"} {
		t.Setenv(name, value)
	}
	d := &watchedDaemon{dir: t.TempDir(), token: token}
	if d.repo, err = newDemoRepo(filepath.Join(d.dir, "repo")); err != nil {
		t.Fatal(err)
	}
	web, interval := "", "1s"
	if token != "" {
		web, interval = "web: {tokenEnv: TOKEN}, ", "1h"
	}
	file := filepath.Join(d.dir, "sluice.yaml")
	text := fmt.Sprintf(`{apiVersion: sluice/v1, kind: Config, mode: apply, history: {file: h.db}, listen: "127.0.0.1:0", %s
  specs: {url: "file://%s/repo", ref: {branch: %s}, path: specs, interval: %s}}`, web, d.dir, demoBranch, interval)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	log := &logWatch{url: make(chan string, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		getenv := func(name string) string { return map[string]string{"TOKEN": token}[name] }
		(&app{stdout: log, stderr: log, getenv: getenv, now: time.Now}).execute(ctx, []string{"serve", "--config", file})
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	select {
	case d.url = <-log.url:
	case <-ended:
		t.Fatalf("the daemon ended: %s", log)
	case <-time.After(patience):
		t.Fatal("the daemon does not listen")
	}
	d.until(t, func(s daemonStatus) bool { return s.Ready })
	return d
}

// daemonStatus is what tests want to know of /api/v1/status.
type daemonStatus struct {
	Ready    bool
	LastPoll time.Time
}

func (d *watchedDaemon) status(t *testing.T) daemonStatus {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+"/api/v1/status", nil)
	if err != nil {
		t.Fatal(err)
	}
	if d.token != "" {
		req.Header.Set("Authorization", "Bearer "+d.token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var s daemonStatus
	if err := json.NewDecoder(resp.Body).Decode(&s); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status %s: %v", resp.Status, err)
	}
	return s
}

func (d *watchedDaemon) until(t *testing.T, wanted func(daemonStatus) bool) {
	t.Helper()
	end := time.After(patience)
	for !wanted(d.status(t)) {
		select {
		case <-end:
			t.Fatal("the daemon does not get there")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// looks is when the daemon looked at Git last.
func (d *watchedDaemon) looks(t *testing.T) time.Time { return d.status(t).LastPoll }

// commit changes the spec of egress-a.
func (d *watchedDaemon) commit(t *testing.T, message, old, text string) {
	t.Helper()
	if err := d.repo.commit(message, "specs/egress-a.yaml", func(spec string) string { return strings.Replace(spec, old, text, 1) }); err != nil {
		t.Fatal(err)
	}
}

// logWatch is a log that says where the daemon listens.
type logWatch struct {
	mu   sync.Mutex
	text strings.Builder
	url  chan string
}

func (l *logWatch) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(string(data)) {
		var said struct{ Msg, Listen string }
		if json.Unmarshal([]byte(line), &said) == nil && said.Msg == "serving" {
			l.url <- said.Listen
		}
	}
	return l.text.Write(data)
}

func (l *logWatch) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
