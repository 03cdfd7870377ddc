package history

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"
)

// folder is an archive of files.
type folder struct{ dir string }

func (f folder) Put(_ context.Context, name string, data []byte) (string, error) {
	path := filepath.Join(f.dir, name)
	return path, os.WriteFile(path, data, 0o600)
}

func (f folder) Get(_ context.Context, name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(f.dir, name))
}

// all returns every record that was ever written: of the exports, then of the log.
func (f folder) all(t testing.TB, log Log) []Record {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(f.dir, "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var records []Record
	add := func(list Records) {
		for r, err := range list {
			if err != nil {
				t.Fatal(err)
			}
			if n := len(records); n == 0 || r.Seq == records[n-1].Seq+1 { // what was exported and not cut is there twice
				records = append(records, r)
			}
		}
	}
	for _, name := range names { // in their order: numbers have ten digits
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		add(ReadExport(name, bytes.NewReader(data)))
	}
	add(log.Records(ctx, 1))
	return records
}

// daily appends n notes, a day apart.
func daily(t testing.TB, f *File, n int) {
	t.Helper()
	head, err := f.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		r := unassign("c1", addrA)
		r.Time = start.AddDate(0, 0, int(head.Seq)+i)
		if _, err := f.Append(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatIsCutOffIsInTheArchiveAndTheChainGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h.db")
	f, arch := open(t, path), folder{t.TempDir()}
	f.partRecords = 4
	daily(t, f, 12)
	before := collect(t, f, 1)
	now := start.AddDate(0, 0, 12)
	cuts, err := f.CutBefore(ctx, start.AddDate(0, 0, 10), now, arch)
	if err != nil || len(cuts) != 3 || cuts[2].From != 9 || cuts[2].To != 10 {
		t.Fatalf("%+v, %v", cuts, err)
	}
	if got := arch.all(t, f); !reflect.DeepEqual(got[:12], before) || len(got) != 15 || got[14].Kind != KindCut {
		t.Errorf("%d records are left in all", len(got))
	}
	daily(t, f, 1)
	f.Close()
	f = open(t, path)
	report, err := Verify(ctx, f)
	if err != nil || report.Records != 16 || report.Cut == nil || report.Cut.Seq != 10 || !report.Cut.Time.Equal(now) || !strings.HasSuffix(report.Cut.Exported, "sluice-history-0000000009-0000000010-"+report.Cut.Hash[:8]+".jsonl") {
		t.Errorf("%+v, %v", report, err)
	}
	var cut *CutError
	for _, err := range f.Records(ctx, 7) {
		if !errors.As(err, &cut) || !strings.Contains(err.Error(), "records up to 10 are in ") {
			t.Errorf("record 7: %v", err)
		}
	}
	if got := collect(t, f, 1); len(got) != 6 || got[0].Seq != 11 {
		t.Errorf("the log begins with %+v", got[0])
	}
	var back []uint64
	for r, err := range f.Before(ctx, 0) {
		if err != nil {
			t.Fatal(err)
		}
		back = append(back, r.Seq)
	}
	if !slices.Equal(back, []uint64{16, 15, 14, 13, 12, 11}) {
		t.Errorf("backwards: %d", back)
	}
	if cuts, err := f.CutBefore(ctx, start.AddDate(0, 0, 10), now, arch); err != nil || cuts != nil {
		t.Errorf("again: %+v, %v", cuts, err)
	}
}

func TestALogThatIsCutFoldsToTheSameLedger(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		f, arch := open(t, filepath.Join(dir, "h.db")), folder{dir}
		defer f.Close()
		f.partRecords = uint64(rapid.IntRange(1, 20).Draw(rt, "part"))
		log := slices.DeleteFunc(drawLog(rt), func(r Record) bool { return r.Kind == KindCut })
		whole := NewLedger()
		for len(log) > 0 {
			n := rapid.IntRange(1, len(log)).Draw(rt, "append")
			wrote, err := f.Append(ctx, log[:n]...)
			if err != nil {
				rt.Fatal(err)
			}
			for _, r := range wrote {
				whole.Add(r)
			}
			at := wrote[rapid.IntRange(0, n-1).Draw(rt, "cut")].Time
			if _, err := f.CutBefore(ctx, at, wrote[n-1].Time, arch); err != nil {
				rt.Fatal(err)
			}
			log = log[n:]
		}
		rest := NewLedger()
		if err := Fold(ctx, f, rest); err != nil {
			rt.Fatal(err)
		}
		if _, err := Verify(ctx, f); err != nil {
			rt.Fatal(err)
		}
		if !reflect.DeepEqual(whole, rest) {
			rt.Fatal("the ledgers differ")
		}
	})
}

// liar is an archive that keeps something else.
type liar struct {
	folder
	keep func([]byte) []byte
}

func (l liar) Get(ctx context.Context, name string) ([]byte, error) {
	data, err := l.folder.Get(ctx, name)
	return l.keep(data), err
}

func TestNothingIsCutUntilTheExportWasReadBackAndVerified(t *testing.T) {
	for name, keep := range map[string]func([]byte) []byte{
		"nothing is there":           func([]byte) []byte { return nil },
		"its end is missing":         func(d []byte) []byte { return d[:bytes.LastIndexByte(d[:len(d)-1], '\n')+1] },
		"its beginning is missing":   func(d []byte) []byte { return d[bytes.IndexByte(d, '\n')+1:] },
		"a record was changed":       func(d []byte) []byte { return bytes.Replace(d, []byte("nat-1"), []byte("nat-2"), 1) },
		"it ends within a record":    func(d []byte) []byte { return d[:len(d)-20] },
		"it is something else again": func([]byte) []byte { return []byte("<html>") },
	} {
		t.Run(name, func(t *testing.T) {
			f := open(t, filepath.Join(t.TempDir(), "h.db"))
			daily(t, f, 5)
			cuts, err := f.CutBefore(ctx, start.AddDate(1, 0, 0), start, liar{folder{t.TempDir()}, keep})
			if err == nil || cuts != nil || !strings.Contains(err.Error(), "records 1 to 5 stay: ") {
				t.Errorf("%+v, %v", cuts, err)
			}
			if got := collect(t, f, 1); len(got) != 5 {
				t.Errorf("%d records are left", len(got))
			}
		})
	}
}

func TestAChangedCheckpointIsFound(t *testing.T) {
	for name, change := range map[string]func(meta, records *bbolt.Bucket) error{
		"the ledger": func(meta, _ *bbolt.Bucket) error {
			return meta.Put(ledgerKey, bytes.Replace(meta.Get(ledgerKey), []byte("nat-1"), []byte("nat-2"), 1))
		},
		"the place of the export": func(meta, _ *bbolt.Bucket) error {
			return meta.Put(checkpointKey, bytes.Replace(meta.Get(checkpointKey), []byte("jsonl"), []byte("jsonx"), 1))
		},
		"a checkpoint and its ledger": func(meta, _ *bbolt.Bucket) error {
			var cp Checkpoint
			if err := json.Unmarshal(meta.Get(checkpointKey), &cp); err != nil {
				return err
			}
			ledger := bytes.Replace(meta.Get(ledgerKey), []byte("nat-1"), []byte("nat-2"), 1)
			cp.LedgerHash = digest(ledger)
			data, _ := json.Marshal(cp)
			return errors.Join(meta.Put(ledgerKey, ledger), meta.Put(checkpointKey, data))
		},
		"no checkpoint": func(meta, _ *bbolt.Bucket) error { return meta.Delete(checkpointKey) },
		"one more record is gone": func(_, records *bbolt.Bucket) error {
			return records.Delete(seqKey(4))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "h.db")
			f := open(t, path)
			daily(t, f, 5)
			if _, err := f.CutBefore(ctx, start.AddDate(0, 0, 3), start, folder{t.TempDir()}); err != nil {
				t.Fatal(err)
			}
			f.Close()
			if err := tryAll(t, path); err != nil {
				t.Fatal(err)
			}
			raw(t, path, func(tx *bbolt.Tx) error { return change(tx.Bucket(metaBucket), tx.Bucket(recordsBucket)) })
			var corrupt *CorruptError
			if err := tryAll(t, path); !errors.As(err, &corrupt) {
				t.Errorf("not found: %v", err)
			}
		})
	}
}

// cutForever appends and cuts, and says the number of what is durable.
func cutForever(path string) error {
	f, err := Open(path, Holder{PID: os.Getpid(), Command: "child"})
	if err != nil {
		return err
	}
	f.partRecords = 3
	for {
		head, err := f.Head(ctx)
		if err != nil {
			return err
		}
		at := start.Add(time.Duration(head.Seq) * time.Minute)
		r := unassign("c1", addrA)
		r.Time = at
		wrote, err := f.Append(ctx, r, r, r)
		if err != nil {
			return err
		}
		fmt.Println(wrote[2].Seq)
		if _, err := f.CutBefore(ctx, at.Add(-5*time.Minute), at, folder{filepath.Dir(path)}); err != nil {
			return err
		}
	}
}

func TestKillDuringCutsLosesNothing(t *testing.T) {
	arch := folder{t.TempDir()}
	path := filepath.Join(arch.dir, "h.db")
	for round := range 5 {
		cmd := child(roleCut, path)
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		lines, acknowledged := bufio.NewScanner(out), uint64(0)
		for n := 0; n < 4+3*round && lines.Scan(); n++ {
			fmt.Sscan(lines.Text(), &acknowledged)
		}
		cmd.Process.Kill()
		for lines.Scan() {
			fmt.Sscan(lines.Text(), &acknowledged)
		}
		cmd.Wait()

		f := open(t, path)
		report, err := Verify(ctx, f)
		if err != nil || acknowledged == 0 || report.Records < acknowledged || report.Cut == nil {
			t.Fatalf("round %d: %+v, %d acknowledged: %v", round, report, acknowledged, err)
		}
		whole, rest := NewLedger(), NewLedger()
		all := arch.all(t, f)
		for _, r := range all {
			whole.Add(r)
		}
		if err := Fold(ctx, f, rest); err != nil || uint64(len(all)) != report.Records || !reflect.DeepEqual(whole, rest) {
			t.Fatalf("round %d: %d records of %d: %v", round, len(all), report.Records, err)
		}
		f.Close()
	}
}
