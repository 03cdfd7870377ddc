//go:build unix

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
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
			_, err := folderArchive{new(exportFolders).at(folder)}.Get(ctx, "export.jsonl")
			return err
		},
		"writing": func(ctx context.Context) error { // which reads what is there already
			_, err := folderArchive{new(exportFolders).at(folder)}.Put(ctx, "export.jsonl", []byte("{}\n"))
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
		_, err := abandon(t.Context(), new(exportFolders).at("exports"), func() (int, error) { <-hung; return 1, nil })
		if err == nil || !strings.Contains(err.Error(), "exports: no answer in 10m0s; ") || time.Since(began) != abandonAfter {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

// What is left behind keeps a thread, and what it was to write.
func TestInAFolderThatHangsOnePieceOfWorkIsLeftBehindAndNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hung, began := make(chan struct{}), time.Now()
		var tried atomic.Int64
		hang := func() (int, error) { tried.Add(1); <-hung; return 1, nil }
		var all exportFolders // of configurations that follow each other, too
		for try := range 24 {
			asked, want, took := time.Now(), "exports: no answer since "+began.UTC().Format(time.RFC3339), time.Duration(0)
			if try == 0 {
				want, took = "exports: no answer in 10m0s", abandonAfter
			}
			if _, err := abandon(t.Context(), all.at("exports/"), hang); err == nil || !strings.Contains(err.Error(), want) || time.Since(asked) != took {
				t.Errorf("after %s: %v, without %s", time.Since(asked), err, want)
			}
			time.Sleep(retainAgain)
		}
		if n := tried.Load(); n != 1 {
			t.Errorf("%d pieces of work are left behind", n)
		}
		if got, err := abandon(t.Context(), all.at("elsewhere"), func() (int, error) { return 7, nil }); got != 7 || err != nil {
			t.Errorf("another folder: %d, %v", got, err)
		}
		close(hung)
		synctest.Wait()
		if got, err := abandon(t.Context(), all.at("exports"), func() (int, error) { return 7, nil }); got != 7 || err != nil {
			t.Errorf("when it answers again: %d, %v", got, err)
		}
	})
}

func TestInAFolderThatAnswersOthersWaitForTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := new(exportFolders).at("exports")
		slow := func() (int, error) { time.Sleep(abandonAfter - time.Minute); return 7, nil }
		began := time.Now()
		var working sync.WaitGroup
		for range 3 {
			working.Go(func() {
				if got, err := abandon(t.Context(), f, slow); got != 7 || err != nil {
					t.Errorf("%d, %v", got, err)
				}
			})
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := abandon(ctx, f, slow); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Minute {
			t.Errorf("who is to end: after %s, %v", time.Since(began), err)
		}
		working.Wait()
		if took := time.Since(began); took != 3*(abandonAfter-time.Minute) {
			t.Errorf("three took %s", took)
		}
	})
}

func TestWhatIsDoneInTimeIsReturned(t *testing.T) {
	if got, err := abandon(t.Context(), new(exportFolders).at("exports"), func() (int, error) { return 7, os.ErrExist }); got != 7 || !errors.Is(err, os.ErrExist) {
		t.Errorf("%d, %v", got, err)
	}
}
