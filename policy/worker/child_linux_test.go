package worker

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/seed-6ca89210/sluice/policy"
)

// peakOf is the most memory that a child, which is gone, ever had, in bytes.
func peakOf(p *running) int64 {
	usage, ok := p.Ended().SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return usage.Maxrss << 10
}

func TestTheChildHasNoneOfItsParentsSecretsAndDescriptors(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "canary")
	t.Setenv("TZ", "Europe/Berlin")
	secret, err := os.Create(filepath.Join(t.TempDir(), "secret"))
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	inherited, err := syscall.Dup(int(secret.Fd())) // not closed at exec, as if this process had been given it
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(inherited)
	e := start(t, specRule(hungry), policy.Options{}, Limits{})
	proc := fmt.Sprintf("/proc/%d/", e.child.Pid())

	env, err := os.ReadFile(proc + "environ")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Split(strings.TrimRight(string(env), "\x00"), "\x00"), []string{"GOTRACEBACK=none", "TZ=Europe/Berlin"}; !slices.Equal(got, want) {
		t.Errorf("its environment is %q, want %q", got, want)
	}
	fds, err := filepath.Glob(proc + "fd/*")
	if err != nil || len(fds) < 3 {
		t.Fatal(fds, err)
	}
	for _, fd := range fds {
		to, err := os.Readlink(fd)
		if err != nil {
			t.Fatal(err)
		}
		// The runtime has a poller, and looks at the limits of its control group.
		if !strings.HasPrefix(to, "pipe:") && !strings.HasPrefix(to, "anon_inode:") && !strings.HasPrefix(to, "/sys/fs/cgroup/") {
			t.Errorf("descriptor %s is %s", filepath.Base(fd), to)
		}
	}
	limits, err := os.ReadFile(proc + "limits")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Max core file size 0 0", "Max open files 32 32"} {
		if !strings.Contains(strings.Join(strings.Fields(string(limits)), " "), want) {
			t.Errorf("its limits have no %q:\n%s", want, limits)
		}
	}
	if score, err := os.ReadFile(proc + "oom_score_adj"); err != nil || strings.TrimSpace(string(score)) != "1000" {
		t.Errorf("the kernel's killer rates it %s, %v", score, err)
	}
	if group, err := syscall.Getpgid(e.child.Pid()); err != nil || group == syscall.Getpgrp() {
		t.Errorf("its process group is the parent's, or not known: %d, %v", group, err)
	}
}
