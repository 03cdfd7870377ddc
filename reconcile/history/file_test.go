package history

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var ctx = context.Background()

func open(t testing.TB, path string) *File {
	t.Helper()
	f, err := Open(path, Holder{PID: os.Getpid(), Command: "sluice serve", API: "http://127.0.0.1:8080", Since: start})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func note(n int) Record {
	return Record{Time: start.Add(time.Duration(n) * time.Second), Kind: KindCommit, Commit: fmt.Sprint("c", n)}
}

func appendNotes(t testing.TB, s Store, n int) []Record {
	t.Helper()
	var all []Record
	for i := range n {
		got, err := s.Append(ctx, note(i))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, got...)
	}
	return all
}

func collect(t testing.TB, s Store, from uint64) []Record {
	t.Helper()
	var all []Record
	for r, err := range s.Records(ctx, from) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

func TestRecordsComeBackAfterTheFileIsOpenedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "folder", "h.db")
	f := open(t, path)
	wrote := appendNotes(t, f, 2*batch+3) // more than one batch of reading
	more, err := f.Append(ctx, note(1000), note(1001))
	if err != nil {
		t.Fatal(err)
	}
	wrote = append(wrote, more...)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700 | os.ModeDir} {
		if info, err := os.Stat(name); err != nil || info.Mode() != want {
			t.Errorf("%s: mode %v, %v", name, info.Mode(), err)
		}
	}
	r, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got := collect(t, r, 0); !reflect.DeepEqual(got, wrote) {
		t.Errorf("%d records came back of %d", len(got), len(wrote))
	}
	if got := collect(t, r, 515); len(got) != 3 || got[0].Seq != 515 {
		t.Errorf("from 515: %v", got)
	}
	if report, err := Verify(ctx, r); err != nil || report.Records != 517 || report.Head != wrote[516].Hash {
		t.Errorf("Verify: %+v, %v", report, err)
	}
	if _, err := r.Append(ctx, note(1)); err == nil {
		t.Error("a reader could append")
	}
}

func TestAppendIsAllOrNothing(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "h.db"))
	appendNotes(t, f, 2)
	if _, err := f.Append(ctx, note(3), Record{Kind: KindCommit}); err == nil {
		t.Fatal("a record without time was accepted")
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := f.Append(cancelled, note(3)); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancelling: %v", err)
	}
	got, err := f.Append(ctx, note(4))
	if err != nil || got[0].Seq != 3 {
		t.Errorf("the next record is %v, %v", got, err)
	}
	f.Close()
	if _, err := f.Append(ctx, note(5)); !errors.Is(err, errClosed) {
		t.Errorf("append after Close: %v", err)
	}
	for _, err := range f.Records(ctx, 0) {
		if !errors.Is(err, errClosed) {
			t.Errorf("read after Close: %v", err)
		}
	}
}

func TestASecondWriterIsToldWhoHoldsTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h.db")
	f := open(t, path)
	_, err := Open(path, Holder{PID: 1, Command: "sluice apply"})
	_, readErr := OpenReadOnly(path)
	for _, err := range []error{err, readErr} {
		var held *HeldError
		if !errors.As(err, &held) || held.Holder.PID != os.Getpid() || held.Holder.API != "http://127.0.0.1:8080" {
			t.Fatalf("got %v", err)
		}
		for _, want := range []string{path, `"sluice serve"`, fmt.Sprint(os.Getpid()), "2026-05-01T12:00:00Z", "http://127.0.0.1:8080"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q does not say %s", err, want)
			}
		}
	}
	f.Close()
	if left, _ := filepath.Glob(path + ".*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	open(t, path)
}

func TestAStaleSideFileDoesNotConfuse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h.db")
	open(t, path).Close()
	stale := []byte(`{"pid":4242,"command":"sluice old","since":"2020-01-01T00:00:00Z"}`)
	if err := os.WriteFile(path+holderSuffix, stale, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	// A reader keeps a writer out; the one that was killed does not.
	_, err = Open(path, Holder{PID: 1})
	var held *HeldError
	if !errors.As(err, &held) || held.Holder != (Holder{}) || strings.Contains(err.Error(), "4242") {
		t.Errorf("with a reader: %v", err)
	}
	r.Close()
	f := open(t, path)
	if _, err = Open(path, Holder{PID: 1}); !errors.As(err, &held) || held.Holder.PID != os.Getpid() {
		t.Errorf("with a new writer: %v", err)
	}
	if err := os.WriteFile(path+holderSuffix, []byte("{garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = OpenReadOnly(path); !errors.As(err, &held) || held.Holder != (Holder{}) {
		t.Errorf("with a broken side file: %v", err)
	}
	f.Close()
}

func TestReadersAndAWriterAtOnce(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "h.db"))
	appendNotes(t, f, 10)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 10 {
				if _, err := Verify(ctx, f); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 2 {
		group.Go(func() { appendNotes(t, f, 40) })
	}
	group.Wait()
	if report, err := Verify(ctx, f); err != nil || report.Records != 90 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestTheCallerMayAppendWhileItReads(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "h.db"))
	appendNotes(t, f, 3)
	var seen []uint64
	for r, err := range f.Records(ctx, 2) {
		if err != nil {
			t.Fatal(err)
		}
		if seen = append(seen, r.Seq); len(seen) < 3 {
			appendNotes(t, f, 1)
		}
	}
	if !slices.Equal(seen, []uint64{2, 3, 4, 5}) {
		t.Errorf("saw %v", seen)
	}
}
