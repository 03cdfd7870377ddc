package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/gitsource"
)

// lsRemote is a Git server that says where one branch is, and calls seen before.
func lsRemote(t testing.TB, seen func()) string {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		seen()
		w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
		id := strings.Repeat("12", 20)
		fmt.Fprintf(w, "001e# service=git-upload-pack\n0000003c%s HEAD\x00ofs-delta\n003d%s refs/heads/main\n0000", id, id)
	}))
	t.Cleanup(srv.Close)
	return srv.URL + "/specs.git"
}

// TestARepositoryIsReadByAProcessThatKnowsNoSecrets asks who is there while a Git
// server is spoken to.
func TestARepositoryIsReadByAProcessThatKnowsNoSecrets(t *testing.T) {
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("needs /proc:", err)
	}
	t.Setenv("SLUICE_GIT_PASSWORD", "canary")
	var mu sync.Mutex
	var found []string
	url := lsRemote(t, func() {
		mu.Lock()
		defer mu.Unlock()
		found = append(found, gitWorkers(t)...)
	})
	a := &app{getenv: os.Getenv, now: time.Now}
	src, err := a.open("specs", config.Repo{URL: url}, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := src.Head(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0] != "GOTRACEBACK=none" {
		t.Errorf("the environments of the processes that read: %q, want one with GOTRACEBACK=none alone", found)
	}
	if left := gitWorkers(t); len(left) > 0 {
		t.Errorf("%d of them are still there", len(left))
	}
}

// gitWorkers gives the environments of this process's children that read Git.
func gitWorkers(t *testing.T) (environments []string) {
	procs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Error(err)
	}
	for _, proc := range procs {
		args, _ := os.ReadFile(proc + "/cmdline") // it may be gone by now
		stat, _ := os.ReadFile(proc + "/stat")
		_, rest, _ := strings.Cut(string(stat), ") ")
		if !strings.HasSuffix(string(args), "\x00"+gitArg+"\x00") || !strings.HasPrefix(rest[min(len(rest), 2):], fmt.Sprint(os.Getpid(), " ")) {
			continue
		}
		env, err := os.ReadFile(proc + "/environ")
		if err != nil {
			t.Error(err)
		}
		environments = append(environments, strings.TrimRight(string(env), "\x00"))
	}
	return environments
}

// BenchmarkPoll is one look at an unchanged repository, on loopback: by this process,
// and by one that is started for it.
func BenchmarkPoll(b *testing.B) {
	url := lsRemote(b, func() {})
	for _, c := range []struct {
		name   string
		runner gitsource.Runner
	}{{"here", nil}, {"process", runGit}} {
		b.Run(c.name, func(b *testing.B) {
			src, err := gitsource.Open(gitsource.Config{URL: url, Runner: c.runner})
			if err != nil {
				b.Fatal(err)
			}
			before, n := computed(b), 0
			for b.Loop() {
				if _, err := src.Head(b.Context()); err != nil {
					b.Fatal(err)
				}
				n++
			}
			b.ReportMetric(float64((computed(b)-before).Microseconds())/1000/float64(n), "cpu-ms/poll")
		})
	}
}

// computed is the processor time of this process and of its children that ended.
func computed(b *testing.B) (sum time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return sum
}
