package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// The soak takes its length from the environment; `make soak` sets it.
const (
	soakDaysEnv   = "SLUICE_SOAK_DAYS"
	soakShortDays = 4
)

// soakConfig has what a fleet's has: a window, drift that is corrected, and old records that go.
const soakConfig = `
apiVersion: sluice/v1
kind: Config
mode: apply
specs: {dir: %q, interval: 1m}
budget: {removals: 99}
drift: {cron: "*/15 * * * *", timeZone: UTC, action: correct}
windows: [{name: morning, action: deny, cron: "0 6 * * *", duration: 2h, timeZone: UTC}]
targets: {default: {region: us-east-1}}
history: {file: %q, keep: 1d, export: %q}
listen: 127.0.0.1:0
`

// sample is what a daemon takes at one time.
type sample struct {
	day                int
	heap               uint64 // in use after a collection, bytes
	goroutines, fds    int
	turns, calls, kept int // kept: records in the file
}

// TestSoak runs the daemon for a month of its own time: rivals, other wishes, windows, retention, a
// reload a day, a page polled every half hour. What it takes of the machine must not grow.
func TestSoak(t *testing.T) {
	days := killSetting(t, soakDaysEnv, soakShortDays)
	dir := t.TempDir()
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"} {
		t.Setenv(name, value)
	}
	specs := filepath.Join(dir, "specs")
	if err := os.Mkdir(specs, 0o755); err != nil {
		t.Fatal(err)
	}
	var samples []sample
	synctest.Test(t, func(t *testing.T) {
		s := &soak{t: t, rng: rand.New(rand.NewPCG(1, 2)), specs: specFolder(specs), file: filepath.Join(dir, "history.db")}
		s.config = fmt.Sprintf(soakConfig, specs, s.file, filepath.Join(dir, "old"))
		s.specs.ask(t, draw(s.rng))
		s.newSimulator(worldOf(t))
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		d := s.daemon(ctx, &running)
		for day := range days {
			s.live(d)
			samples = append(samples, s.sample(day+1, d))
		}
		cancel()
		running.Wait()
		if err := d.current.Load().close(); err != nil {
			t.Error(err)
		}
		if _, err := history.Verify(t.Context(), recordOf(d)); err != nil {
			t.Error(err)
		}
		if err := d.ground.close(); err != nil {
			t.Error(err)
		}
		d.site.close()
	})
	t.Logf("%s", soakTable(samples))
	checkSoak(t, samples)
	last := samples[len(samples)-1]
	t.Logf("figure: a soak's days, and on the last one the heap, goroutines and descriptors: %d days, %d KiB, %d, %d", len(samples), last.heap>>10, last.goroutines, last.fds)
}

func worldOf(t *testing.T) ec2sim.World {
	world, err := ec2sim.ParseWorld("soak", []byte(killWorld))
	if err != nil {
		t.Fatal(err)
	}
	return world
}

// soak is what surrounds the daemon. It is the transport to whichever simulator there is.
type soak struct {
	t      *testing.T
	rng    *rand.Rand
	specs  specFolder
	file   string
	config string
	calls  int // of simulators that are gone

	mu  sync.Mutex
	sim *ec2sim.Server
}

// newSimulator goes on with a world on a new simulator: each keeps a log of its calls, which is
// not the daemon's memory.
func (s *soak) newSimulator(w ec2sim.World) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sim = ec2sim.New(w, ec2sim.Options{})
}

func (s *soak) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	sim := s.sim
	s.mu.Unlock()
	return sim.Transport().RoundTrip(r)
}

// daemon starts what serve starts, but for the two listeners' loops: a socket has no place in
// synctest's time.
func (s *soak) daemon(ctx context.Context, running *sync.WaitGroup) *daemon {
	a := &app{stdout: io.Discard, stderr: io.Discard, getenv: os.Getenv, now: time.Now, transport: s}
	hangup := make(chan os.Signal)
	d := &daemon{app: a, hangup: hangup, log: slog.New(slog.DiscardHandler), read: func() (config.Config, error) {
		cfg, problems := config.Load("sluice.yaml", []byte(s.config))
		if len(problems) > 0 {
			return cfg, problemsError(problems)
		}
		return cfg, nil
	}}
	cfg, err := d.read()
	s.must(err)
	d.site, err = a.openSite(cfg, d.log)
	s.must(err)
	d.ground, err = d.openGround(ctx, cfg)
	s.must(err)
	d.pages = newFeed(d)
	d.events = d.site.follow(eventLogger(d.log))
	first, err := d.build(ctx, cfg, d.ground.first)
	s.must(err)
	d.current.Store(first)
	running.Go(func() { d.pages.Run(ctx) })
	running.Go(func() { d.site.hub.Run(ctx, func() any { return d.pages.Change() }) })
	running.Go(func() { s.must(d.run(ctx)) })
	running.Go(func() { // SIGHUP, once a day
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(24 * time.Hour):
			}
			select {
			case <-ctx.Done():
			case hangup <- os.Interrupt:
			}
		}
	})
	return d
}

func (s *soak) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Error(err)
		panic(err)
	}
}

// live is a day: somebody is about at every hour.
func (s *soak) live(d *daemon) {
	for half := range 48 {
		time.Sleep(30*time.Minute + time.Duration(s.rng.IntN(60))*time.Second)
		for _, path := range []string{"/", "/history", "/api/v1/status", "/api/v1/plan", "/metrics", "/healthz"} {
			r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1"+path, nil)
			w := httptest.NewRecorder()
			if d.ServeHTTP(w, r); w.Code != http.StatusOK {
				s.t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
		}
		switch half % 12 {
		case 3: // people want something else
			s.specs.ask(s.t, draw(s.rng))
		case 7: // and others do as they please
			s.sim.Edit(func(w *ec2sim.World) {
				g := &w.NatGateways[s.rng.IntN(2)]
				if len(g.Transitions) == 0 && len(g.Secondary) > 0 {
					g.Secondary = g.Secondary[1:]
				}
			})
		case 9:
			s.sim.Edit(func(w *ec2sim.World) {
				if ip := fmt.Sprintf("10.0.1.%d", 150+s.rng.IntN(40)); !slices.Contains(w.NetworkInterfaces[0].Secondary, ip) {
					w.NetworkInterfaces[0].Secondary = append(w.NetworkInterfaces[0].Secondary, ip)
				}
			})
		}
	}
	for _, c := range s.sim.Calls() {
		if mutates(c) {
			s.calls++
		}
	}
	s.newSimulator(s.sim.World())
}

func (s *soak) sample(day int, d *daemon) sample {
	synctest.Wait()
	runtime.GC()
	runtime.GC() // what the first one found to finalise
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	out := sample{day: day, heap: m.HeapAlloc, goroutines: runtime.NumGoroutine(), fds: openFiles(), calls: s.calls, turns: int(d.status().Turns)}
	if records, err := collect(recordOf(d).Records(context.Background(), 1)); err == nil {
		out.kept = len(records)
	}
	return out
}

func recordOf(d *daemon) *history.File { return d.ground.(*fileGround).file }

// openFiles counts this process's descriptors; 0 where the system does not tell.
func openFiles() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}

func soakTable(samples []sample) string {
	var b strings.Builder
	b.WriteString("\n| day | heap KiB | goroutines | descriptors | calls | records kept |\n|---|---|---|---|---|---|\n")
	for _, s := range samples {
		fmt.Fprintf(&b, "| %d | %d | %d | %d | %d | %d |\n", s.day, s.heap>>10, s.goroutines, s.fds, s.calls, s.kept)
	}
	return b.String()
}

// The bounds of what may grow from the second quarter of a soak to its last: a leak of one page,
// turn or reload would be many times as much.
const soakGrowth = 1 << 20

// checkSoak compares the second quarter with the last one; the first is for what is made once.
func checkSoak(t *testing.T, samples []sample) {
	n := len(samples)
	if n < 4 {
		t.Fatalf("%d samples tell nothing", n)
	}
	least := func(part []sample, of func(sample) int) int {
		return of(slices.MinFunc(part, func(a, b sample) int { return of(a) - of(b) }))
	}
	early, late := samples[n/4:n/2], samples[n-n/4:]
	for _, of := range []struct {
		what  string
		value func(sample) int
		may   int
	}{
		{"heap", func(s sample) int { return int(s.heap) }, soakGrowth},
		{"goroutines", func(s sample) int { return s.goroutines }, 0},
		{"descriptors", func(s sample) int { return s.fds }, 0},
		{"records kept", func(s sample) int { return s.kept }, 200},
	} {
		if was, is := least(early, of.value), least(late, of.value); is > was+of.may {
			t.Errorf("%s grew from %d to %d", of.what, was, is)
		}
	}
	if last := samples[n-1]; last.calls < 4*n {
		t.Errorf("%d calls in %d days: too quiet to show a leak", last.calls, n)
	}
}
