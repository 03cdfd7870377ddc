//go:build unix

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// tinyDisk mounts a file system of one MiB.
func tinyDisk(t *testing.T, dir string) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("a small file system needs root: %s", out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", dir).Run() })
}

// fill leaves no byte free, and returns the file that has taken them.
func fill(t *testing.T, dir string) string {
	name := filepath.Join(dir, "filler")
	file, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for err == nil {
		_, err = file.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return name
}

// settled waits until want is true of what is seen, and returns the last sight of it.
func settled(t *testing.T, what string, see func() (string, bool)) string {
	t.Helper()
	end := time.Now().Add(4 * patience) // a program with the race detector, on a busy machine
	for {
		last, ok := see()
		if ok {
			return last
		}
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s; the last was\n%s", what, last)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// newTinyDisk is a world whose record lies on such a disk, and its daemon, in sync.
func newTinyDisk(t *testing.T) (v *victim, disk string) {
	v = newVictim(t, 7, 0)
	disk = filepath.Join(v.dir, "disk")
	tinyDisk(t, disk)
	config, err := os.ReadFile(filepath.Join(v.dir, "sluice.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(v.dir, "sluice.yaml"), []byte(strings.Replace(string(config), "history.db", "disk/history.db", 1)))
	return v, disk
}

// api asks the daemon whose record is on the disk.
func (v *victim) api(path string) string {
	body, _, err := fetch(holderAPI(filepath.Join(v.dir, "disk", "history.db.holder")) + path)
	if err != nil {
		return err.Error()
	}
	return body
}

// TestAFullDiskStopsTheDaemonUntilThereIsSpace: no durable intent, no call; page, API, health and log say
// what is wrong and what to do; and when there is space again it goes on by itself.
func TestAFullDiskStopsTheDaemonUntilThereIsSpace(t *testing.T) {
	v, disk := newTinyDisk(t)
	v.ask(t)
	v.serve = true
	v.gate.begin(moment{})
	cmd, output := v.program(t.Context())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	t.Cleanup(func() {
		if !ended {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	inSync := func() (string, bool) {
		s := v.api("/api/v1/status")
		return s, v.holds() && strings.Contains(s, `"inSync":3`) && strings.Contains(s, `"turnError":""`)
	}
	settled(t, "a daemon in sync", inSync)
	filler := fill(t, disk)
	// The file has some free pages inside, which take a few records more.
	said := settled(t, "a record that does not fit", func() (string, bool) {
		v.ask(t)
		s := v.api("/api/v1/status")
		return s, strings.Contains(s, "no space left")
	})
	before := v.mutations()
	for range 3 { // whatever is asked for now
		v.ask(t)
		<-time.After(1200 * time.Millisecond) // the interval in which it looks
	}
	if got := v.mutations(); got != before {
		t.Errorf("%d calls while nothing could be recorded", got-before)
	}
	for _, want := range []string{"nothing was recorded", "make room"} {
		if !strings.Contains(said, want) {
			t.Errorf("the status does not say %q:\n%s", want, said)
		}
	}
	if page := v.api("/"); !strings.Contains(page, "no space left") {
		t.Errorf("the page does not say that the disk is full:\n%s", page)
	}
	if metrics := v.api("/metrics"); !strings.Contains(metrics, "sluice_turns_total") {
		t.Error("no metrics")
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	settled(t, "recovery by itself", inSync)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v, and it said\n%s", err, output)
	}
	ended = true
	if !strings.Contains(output.String(), "nothing was done") {
		t.Errorf("the log does not say it:\n%s", output)
	}
	v.checkDisk(t, disk)
}

// TestAFullDiskStopsAnApply: a pass that cannot record ends with one sentence, before any call.
func TestAFullDiskStopsAnApply(t *testing.T) {
	v, disk := newTinyDisk(t)
	v.ask(t)
	filler := fill(t, disk)
	cmd, output := v.program(t.Context())
	if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() != exitFailed || v.mutations() != 0 {
		t.Errorf("%v, %d calls, and it said\n%s", err, v.mutations(), output)
	}
	if text := output.String(); !strings.Contains(text, "no space left") || !strings.Contains(text, "make room") {
		t.Errorf("it does not say what is wrong and what to do:\n%s", text)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if cmd, output = v.program(t.Context()); cmd.Run() != nil || !v.holds() {
		t.Errorf("with space it does not go on:\n%s", output)
	}
	v.checkDisk(t, disk)
}

// mutations counts the calls that changed something.
func (v *victim) mutations() (n int) {
	for _, c := range v.gate.sim.Calls() {
		if mutates(c) {
			n++
		}
	}
	return n
}

// holds reports whether EC2 is as the newest specs say, and at rest.
func (v *victim) holds() bool {
	w := v.gate.sim.World()
	return sameSet(w.NatGateways[0].Secondary, v.wanted.gatewayA) && sameSet(w.NatGateways[1].Secondary, v.wanted.gatewayB) &&
		sameSet(w.NetworkInterfaces[0].Secondary, v.wanted.vip) && len(w.NatGateways[0].Transitions)+len(w.NatGateways[1].Transitions) == 0
}

// checkDisk holds calls and record against each other.
func (v *victim) checkDisk(t *testing.T, disk string) {
	t.Helper()
	file, err := history.OpenReadOnly(filepath.Join(disk, "history.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	records, err := collect(file.Records(t.Context(), 1))
	if err == nil {
		_, err = history.Verify(t.Context(), file)
	}
	if err != nil {
		t.Fatal(err)
	}
	calls := v.look(t).calls
	for _, p := range append(callsWithoutNeed(calls), callsWithoutIntent(calls, records)...) {
		t.Error(p)
	}
}
