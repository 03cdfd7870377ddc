package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/web/view"
)

// The process soak takes its seconds from the environment; `make soak` sets them.
const (
	soakSecondsEnv   = "SLUICE_SOAK_SECONDS"
	soakShortSeconds = 8
)

// footprint is what the kernel says of a process.
type footprint struct{ fds, residentKiB, threads int }

func footprintOf(t *testing.T, pid int) (f footprint) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	entries, err := os.ReadDir(filepath.Join(dir, "fd"))
	if err != nil {
		t.Fatal(err)
	}
	f.fds = len(entries)
	status, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		_, _ = fmt.Sscanf(line, "VmRSS: %d kB", &f.residentKiB) // one line each; the others do not fit
		_, _ = fmt.Sscanf(line, "Threads: %d", &f.threads)
	}
	return f
}

// reloadsARound makes what a reload leaves behind more than what comes and goes.
const reloadsARound = 3

// reloadNow has the daemon read its configuration again, and waits until it is in force.
func reloadNow(t *testing.T, daemon *os.Process, api string) {
	loaded := func() string {
		var status view.Overview
		body, _, err := fetch(api + "/api/v1/status")
		if err == nil {
			err = json.Unmarshal([]byte(body), &status)
		}
		if err != nil {
			t.Fatal(err)
		}
		return status.Config.Loaded.String()
	}
	before := loaded()
	if err := daemon.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	settled(t, "a reload", func() (string, bool) { now := loaded(); return now, now != before })
}

// TestSoakOfAProcess runs the daemon as a process, on sockets and a fast clock, while specs change,
// its page is asked for and SIGHUP comes: descriptors and memory as the kernel counts them must stay.
func TestSoakOfAProcess(t *testing.T) {
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skip("this system has no /proc to count descriptors in")
	}
	seconds := killSetting(t, soakSecondsEnv, soakShortSeconds)
	v := newVictim(t, 3, 1) // with a Git repository, so that children come and go
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
	holder := filepath.Join(v.dir, "history.db.holder")
	settled(t, "a daemon that is ready", func() (string, bool) {
		body, code, err := fetch(holderAPI(holder) + "/readyz")
		return body, err == nil && code == 200
	})
	var prints []footprint
	for range seconds {
		v.ask(t)
		for range 5 {
			if _, code, err := fetch(holderAPI(holder) + "/"); err != nil || code != 200 {
				t.Errorf("the page: %d, %v", code, err)
			}
			<-time.After(200 * time.Millisecond)
		}
		for range reloadsARound {
			reloadNow(t, cmd.Process, holderAPI(holder))
		}
		prints = append(prints, footprintOf(t, cmd.Process.Pid))
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v, and it said\n%s", err, output)
	}
	ended = true
	least := func(part []footprint) footprint {
		m := part[0]
		for _, p := range part[1:] {
			m = footprint{min(m.fds, p.fds), min(m.residentKiB, p.residentKiB), min(m.threads, p.threads)}
		}
		return m
	}
	// What is made once is made in the first quarter.
	early, late := least(prints[len(prints)/4:len(prints)/2]), least(prints[len(prints)-len(prints)/4:])
	t.Logf("\n| %d s as a process | descriptors | resident KiB | threads | calls | reloads |\n|---|---|---|---|---|---|\n| least of the second quarter | %d | %d | %d | | |\n| least of the last quarter | %d | %d | %d | %d | %d |\n",
		seconds, early.fds, early.residentKiB, early.threads, late.fds, late.residentKiB, late.threads, v.mutations(), seconds*reloadsARound)
	// A connection or a child may be on its way at any sight; what leaks does so at each round.
	if late.fds > early.fds+4 || late.residentKiB > early.residentKiB+16<<10 {
		t.Errorf("it grew from %+v to %+v", early, late)
	}
}
