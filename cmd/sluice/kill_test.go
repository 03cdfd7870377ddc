package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// The kill test takes its size and its seed from the environment: `make kill` sets them.
const (
	killLoopsEnv = "SLUICE_KILL_LOOPS"
	killSeedEnv  = "SLUICE_KILL_SEED"
	killShort    = 24 // loops of an ordinary test run
)

func killSetting(t *testing.T, name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		t.Fatalf("%s must be a number, not %q", name, text)
	}
	return n
}

// TestKilled ends the program with SIGKILL, at a moment drawn from a seed, and starts
// it again, while its specs ask for one thing and then for another. Every few kills it may end by itself;
// then EC2 is as the newest specs say, the record's chain verifies, and of the calls that
// EC2 saw none came twice, none at a bad time, and none without an earlier intent.
func TestKilled(t *testing.T) {
	loops := killSetting(t, killLoopsEnv, killShort)
	seed := uint64(killSetting(t, killSeedEnv, 1))
	began := time.Now()
	var mu sync.Mutex
	total := killTally{kills: map[string]int{}}
	var running sync.WaitGroup
	next := uint64(0)
	for range 2 {
		running.Go(func() {
			for {
				mu.Lock()
				mine := next
				next++
				enough := total.killed() >= loops || t.Failed()
				mu.Unlock()
				if enough {
					return
				}
				t.Run(fmt.Sprintf("seed=%d.%d", seed, mine), func(t *testing.T) {
					one := newVictim(t, seed, mine).torture(t)
					mu.Lock()
					defer mu.Unlock()
					total.add(one)
				})
			}
		})
	}
	running.Wait()
	t.Logf("%s", total.table(time.Since(began)))
	t.Logf("figure: kills by SIGKILL, each followed by a restart, with the same end, a whole chain and no call twice: %d, in %d worlds", total.killed(), total.worlds)
	for _, phase := range killPhases {
		if total.kills[phase] == 0 && loops >= 500 {
			t.Errorf("no kill hit the phase %q: the test does not test it", phase)
		}
	}
}

// victim is one history of kills, on an account of its own.
type victim struct {
	dir    string
	start  time.Time
	rng    *rand.Rand
	gate   *gate
	source specsSource
	wanted wish
	serve  bool
	life   time.Duration // of a program that nobody kills, about
	tally  killTally
}

func newVictim(t *testing.T, seed, number uint64) *victim {
	v := &victim{
		dir: t.TempDir(), start: time.Now(), rng: rand.New(rand.NewPCG(seed, number)), life: 250 * time.Millisecond,
		tally: killTally{kills: map[string]int{}, worlds: 1},
	}
	world, err := ec2sim.ParseWorld("kill", []byte(killWorld))
	if err != nil {
		t.Fatal(err)
	}
	v.gate = newGate(t, ec2sim.New(world, ec2sim.Options{Now: clockFrom(v.start)}))
	specs, policies := filepath.Join(v.dir, "specs"), ""
	if err := os.Mkdir(specs, 0o755); err != nil {
		t.Fatal(err)
	}
	v.source = specFolder(specs)
	if number%3 == 1 { // a child process reads each commit
		v.source = newSpecRepo(t, specs)
	}
	if number%5 == 2 { // another judges
		folder := filepath.Join(v.dir, "policies")
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(folder, "seen.rego"), []byte(killRule))
		policies = "policies: [{dir: policies}]\n"
	}
	write(t, filepath.Join(v.dir, "sluice.yaml"), fmt.Appendf(nil, killConfig, v.source.setting(), policies))
	return v
}

// killRule is a rule of a user's own, so that it is judged in a process of its own.
const killRule = `# METADATA
# title: Every removal is told of
package sluice.action.tell_removals

warn contains "an address goes" if input.action.verb == "unassign"
`

// torture kills some programs, lets one live, and looks at what is left.
func (v *victim) torture(t *testing.T) killTally {
	v.ask(t)
	for range 4 + v.rng.IntN(9) {
		if v.rng.IntN(3) == 0 {
			v.ask(t)
		}
		v.serve = v.rng.IntN(2) == 0
		v.kill(t, drawMoment(v.rng, v.life))
		if t.Failed() {
			return v.tally
		}
	}
	v.serve = false
	v.gate.begin(moment{})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd, output := v.program(ctx)
	began := time.Now()
	if err := cmd.Run(); err != nil {
		t.Fatalf("the last program ended with %v and said\n%s", err, output)
	}
	v.life = time.Since(began)
	v.gate.drained(t)
	v.check(t)
	return v.tally
}

func (v *victim) ask(t *testing.T) {
	v.wanted = draw(v.rng)
	v.source.ask(t, v.wanted)
}

// program is the command to start next: the daemon, or one pass that waits.
func (v *victim) program(ctx context.Context) (*exec.Cmd, *bytes.Buffer) {
	args := []string{"apply", "--wait", "--config", "sluice.yaml"}
	if v.serve {
		args = []string{"serve", "--config", "sluice.yaml"}
	}
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Dir = v.dir
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", fastClockEnv, v.start.UnixNano()),
		"AWS_ENDPOINT_URL="+v.gate.server.URL, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=tester", "AWS_SECRET_ACCESS_KEY=secret",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null")
	output := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = output, output
	return cmd, output
}

// kill starts a program and ends it at its moment, unless it ends first.
func (v *victim) kill(t *testing.T, m moment) {
	before := v.look(t)
	hit := v.gate.begin(m)
	cmd, output := v.program(t.Context())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if m.request > 0 {
		select {
		case err := <-ended: // it had less to say
			ended <- err
		case <-hit:
		case <-time.After(2 * v.life): // a daemon that has nothing left to do
		}
	}
	timer := time.NewTimer(m.delay)
	defer timer.Stop()
	killed := false
	select {
	case err := <-ended:
		if err != nil && cmd.ProcessState.ExitCode() != exitPending {
			t.Fatalf("the program ended by itself with %v and said\n%s", err, output)
		}
	case <-timer.C:
		killed = cmd.Process.Kill() == nil
		<-ended
		killed = killed && cmd.ProcessState.ExitCode() == -1
	}
	v.gate.drained(t)
	if killed {
		v.tally.kills[phaseOf(before, v.look(t), v.gate.requests())]++
	}
}

// look reads the record and the call log as they are between two lives.
func (v *victim) look(t *testing.T) sight {
	s := sight{world: v.gate.sim.World()}
	for _, c := range v.gate.sim.Calls() {
		if mutates(c) {
			s.calls = append(s.calls, c)
		}
	}
	file, err := history.OpenReadOnly(filepath.Join(v.dir, "history.db"))
	if err != nil { // not yet, or not even begun
		return s
	}
	defer file.Close()
	if s.records, err = collect(file.Records(t.Context(), 1)); err != nil {
		t.Fatal(err)
	}
	return s
}
