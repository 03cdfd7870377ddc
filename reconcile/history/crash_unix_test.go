//go:build unix

package history

import (
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// limitFileSize makes every write of this process past a size fail with EFBIG.
func limitFileSize(bytes uint64) error {
	signal.Ignore(syscall.SIGXFSZ)
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: bytes})
}

func TestAFileThatMayNotGrowLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h.db")
	out, err := child(roleFull, path).Output()
	if err != nil || !strings.HasPrefix(string(out), "done") {
		t.Fatalf("%s: %v", out, err)
	}
	f := open(t, path) // without the limit it goes on
	before, err := f.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	appendNotes(t, f, 3)
	if report, err := Verify(ctx, f); err != nil || report.Records != before.Seq+3 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestAFullDiskLosesNothing(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("a small file system needs root: %s", out)
	}
	t.Cleanup(func() { exec.Command("umount", "-l", dir).Run() })
	if err := fillUp(filepath.Join(dir, "h.db")); err != nil {
		t.Fatal(err)
	}
}

func TestGuardMakesAFaultAnError(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "short"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	// A mapping that is longer than its file: what a truncation leaves.
	memory, err := syscall.Mmap(int(file.Fd()), 0, 1<<16, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Munmap(memory)
	var sum byte
	err = guard("h.db", func() error {
		sum = memory[1<<15]
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "h.db cannot be used: it is damaged") {
		t.Errorf("read %d, %v", sum, err)
	}
}
