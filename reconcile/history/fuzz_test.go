package history

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzReadExport: what is no piece of a chain is an error with its line, never a shorter piece.
func FuzzReadExport(f *testing.F) {
	var lines bytes.Buffer
	store, err := Open(filepath.Join(f.TempDir(), "h.db"), Holder{PID: 1, Command: "seed"})
	if err != nil {
		f.Fatal(err)
	}
	for _, r := range appendNotes(f, store, 3) {
		if _, err := Export(&lines, func(yield func(Record, error) bool) { yield(r, nil) }); err != nil {
			f.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(lines.String())
	f.Add(lines.String()[:lines.Len()-20])
	f.Add(strings.Repeat("{}\n", 3))
	f.Add("\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		records, last := 0, uint64(0)
		span, err := VerifyExport(func(yield func(Record, error) bool) {
			for r, err := range ReadExport("x", strings.NewReader(text)) {
				if err == nil {
					records, last = records+1, r.Seq
				}
				if !yield(r, err) {
					return
				}
			}
		})
		if err == nil && records > 0 && (span.To != last || span.To-span.From+1 != uint64(records) || span.Head == "") {
			t.Errorf("%+v of %d records", span, records)
		}
	})
}

// FuzzLedger: what a checkpoint says was known is read whole, and written the same again, or not at all.
func FuzzLedger(f *testing.F) {
	l := NewLedger()
	for n := range 3 {
		r := note(n)
		r.Seq = uint64(n + 1)
		l.Add(r)
	}
	good, err := json.Marshal(l)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("{}"))
	f.Add([]byte(`{"intents": [{"outcome": "accepted"}], "drains": [{"addr": "10.0.0.1"}]}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var a, b Ledger
		if json.Unmarshal(data, &a) != nil {
			return
		}
		first, err := json.Marshal(&a)
		if err == nil {
			err = json.Unmarshal(first, &b)
		}
		second, again := json.Marshal(&b)
		if err != nil || again != nil || !bytes.Equal(first, second) {
			t.Errorf("%v, %v\n%s\n%s", err, again, first, second)
		}
		a.Add(note(1))
		a.Unsettled()
	})
}

// FuzzCheckpoint reads a checkpoint and its ledger that anything may have written: no ledger
// but the one that it was made with is taken, and what is written again has the same hash.
func FuzzCheckpoint(f *testing.F) {
	p := &Part{Span: Span{From: 1, To: 7, Head: "aa"}, last: start, ledger: []byte("{}"), exported: "s3://records/x"}
	cp, _, err := p.Checkpoint(9, start)
	if err != nil {
		f.Fatal(err)
	}
	good, err := cp.Bare()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, []byte("{}"))
	f.Add(good, []byte("[]"))
	f.Add([]byte(`{"seq": 1, "ledger": {}, "ledgerHash": "x"}`), []byte(nil))
	f.Add([]byte("null"), []byte("null"))
	f.Fuzz(func(t *testing.T, data, ledger []byte) {
		cp, err := ReadCheckpoint(data)
		if err != nil {
			return
		}
		first, err := cp.Bare()
		if err != nil || cp.Ledger != nil {
			t.Fatalf("%+v, %v", cp, err)
		}
		told := Record{Seq: cp.Record, Cut: &Cut{Checkpoint: digest(first)}}
		cp.Ledger = ledger
		if !cp.ToldBy(told) {
			t.Errorf("%s is not what its record tells of", first)
		}
		if err := cp.Restore(NewLedger()); err == nil && digest(ledger) != cp.LedgerHash {
			t.Errorf("it takes another ledger: %q", ledger)
		}
	})
}

// FuzzFile opens a file that anything may have written into: it is the record, whole, or it
// is refused; nothing in it can end the process. The side file beside it only informs.
func FuzzFile(f *testing.F) {
	path := filepath.Join(f.TempDir(), "h.db")
	file, err := Open(path, Holder{PID: 1, Command: "seed"})
	if err != nil {
		f.Fatal(err)
	}
	for n := range 3 {
		if _, err := file.Append(f.Context(), note(n)); err != nil {
			f.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	for _, at := range []int{0, 16, 40, 4096, 4112, 3 * 4096, len(good) - 1} {
		f.Add(at, []byte{1, 0, 0xff, 7}, len(good), "{}")
	}
	f.Add(0, []byte{}, len(good), `{"pid": 1, "api": "http://127.0.0.1:1"}`)
	f.Add(0, []byte{}, len(good)/2, "[")
	f.Fuzz(func(t *testing.T, at int, change []byte, size int, holder string) {
		data := bytes.Clone(good[:min(len(good), max(0, size))])
		if at >= 0 && at < len(data) {
			copy(data[at:], change)
		}
		damaged := filepath.Join(t.TempDir(), "h.db")
		for name, content := range map[string][]byte{damaged: data, damaged + holderSuffix: []byte(holder)} {
			if err := os.WriteFile(name, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if h := HolderOf(damaged); h.PID < 0 {
			t.Errorf("%+v", h)
		}
		file, err := OpenReadOnly(damaged)
		if err != nil {
			return
		}
		defer file.Close()
		report, err := Verify(t.Context(), file)
		if err == nil && report.Records > 3 {
			t.Errorf("%+v", report)
		}
		if _, err := file.Checkpoint(t.Context()); err != nil && strings.Contains(err.Error(), "\x00") {
			t.Errorf("%q", err)
		}
	})
}
