//go:build unix

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// A pipe that nobody writes to hangs whoever opens it, as a folder does whose server is gone.
func TestAFolderThatHangsKeepsNobodyWhoWasToEnd(t *testing.T) {
	folder := t.TempDir()
	pipe := filepath.Join(folder, "export.jsonl")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]func(ctx context.Context) error{
		"reading": func(ctx context.Context) error {
			_, err := folderArchive(folder).Get(ctx, "export.jsonl")
			return err
		},
		"writing": func(ctx context.Context) error { // which reads what is there already
			_, err := folderArchive(folder).Put(ctx, "export.jsonl", []byte("{}\n"))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if err := do(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v", err)
			}
			end, err := os.OpenFile(pipe, os.O_WRONLY, 0) // what was left behind ends
			if err != nil {
				t.Fatal(err)
			}
			end.Close()
		})
	}
}

func TestAFolderThatHangsIsGivenUpInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hung := make(chan struct{})
		defer close(hung)
		began := time.Now()
		_, err := abandon(t.Context(), "exports", func() (int, error) { <-hung; return 1, nil })
		if err == nil || !strings.Contains(err.Error(), "exports: no answer in 10m0s; ") || time.Since(began) != abandonAfter {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

func TestWhatIsDoneInTimeIsReturned(t *testing.T) {
	if got, err := abandon(t.Context(), "exports", func() (int, error) { return 7, os.ErrExist }); got != 7 || !errors.Is(err, os.ErrExist) {
		t.Errorf("%d, %v", got, err)
	}
}
