//go:build unix

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func mkfifo(t *testing.T) string {
	t.Helper()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	return pipe
}

func TestWhatIsNoFileOrTooLargeIsRefusedWhereverItIsNamed(t *testing.T) {
	folder := t.TempDir()
	big := filepath.Join(t.TempDir(), "big")
	write(t, big, nil)
	if err := os.Truncate(big, maxPlan+1); err != nil {
		t.Fatal(err)
	}
	for _, command := range []struct{ line, size string }{
		{"apply PATH --dir testdata", "64 MiB"},
		{"plan --config PATH", "4 MiB"},
		{"history --config PATH", "4 MiB"},
		{"sim --world PATH", "64 MiB"},
		{"history verify --file PATH", "token too long"},
	} {
		for path, want := range map[string]string{
			"/dev/zero": "/dev/zero is a device; name a file, or a pipe that a process writes to",
			folder:      " is a folder; name a file",
			big:         command.size,
		} {
			_, stderr, status := execute(t, strings.Fields(strings.Replace(command.line, "PATH", path, 1))...)
			if status != exitFailed || !strings.Contains(stderr, want) {
				t.Errorf("%s with %s: status %d, %q; want %q", command.line, path, status, stderr, want)
			}
		}
	}
}

func TestACommandThatWaitsForAPipeEndsWithItsSignal(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	end()
	for _, line := range []string{"apply PIPE --dir testdata", "serve --config PIPE", "sim --world PIPE", "history verify --file PIPE", "history --file PIPE"} {
		pipe := mkfifo(t)
		var out, stderr bytes.Buffer
		a := &app{stdout: &out, stderr: &stderr, getenv: os.Getenv}
		status := a.execute(ctx, strings.Fields(strings.Replace(line, "PIPE", pipe, 1)))
		if want := pipe + " was not read to its end"; status != exitFailed || !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: status %d, %q", line, status, stderr.String())
		}
		f, err := os.OpenFile(pipe, os.O_RDWR, 0) // so that who was left behind ends too
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
}

func TestAPipeIsReadToItsEnd(t *testing.T) {
	pipe := mkfifo(t)
	text := strings.Repeat("x", 100<<10) // more than a pipe holds
	go os.WriteFile(pipe, []byte(text), 0)
	if data, err := inputOf(t.Context(), pipe, maxSettings); err != nil || string(data) != text {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	go os.WriteFile(pipe, []byte(text), 0)
	if _, err := inputOf(t.Context(), pipe, 64<<10); err == nil || !strings.Contains(err.Error(), "it is larger than 64 KiB") {
		t.Errorf("over the bound: %v", err)
	}
}

func TestASecretIsNoPipeWhichCouldBeReadOnce(t *testing.T) {
	if _, err := regularFile(mkfifo(t), maxSecretFile); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("%v", err)
	}
}
