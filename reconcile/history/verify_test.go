package history

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"
)

func TestAnySequenceOfAppendsVerifies(t *testing.T) {
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		path := filepath.Join(dir, strings.Repeat("x", n%200)+"h.db")
		os.Remove(path)
		var wrote []Record
		for range rapid.IntRange(1, 3).Draw(rt, "openings") {
			f := open(t, path)
			for range rapid.IntRange(0, 3).Draw(rt, "appends") {
				got, err := f.Append(ctx, rapid.SliceOfN(drawnRecords, 0, 4).Draw(rt, "records")...)
				if err != nil {
					rt.Fatal(err)
				}
				wrote = append(wrote, got...)
			}
			report, err := Verify(ctx, f)
			if err != nil || report.Records != uint64(len(wrote)) {
				rt.Fatalf("%+v, %v after %d records", report, err, len(wrote))
			}
			if got := collect(t, f, 0); !reflect.DeepEqual(got, wrote) {
				rt.Fatalf("wrote %v\nread %v", wrote, got)
			}
			f.Close()
		}
	})
}

// tamper changes one thing in the records of a log of n and says what.
func tamper(rt *rapid.T, records *bbolt.Bucket, n int) error {
	a := seqKey(uint64(rapid.IntRange(1, n).Draw(rt, "a")))
	data := append([]byte(nil), records.Get(a)...)
	switch rapid.SampledFrom([]string{"byte", "delete", "swap", "cut", "add"}).Draw(rt, "how") {
	case "byte":
		data[rapid.IntRange(0, len(data)-1).Draw(rt, "at")] ^= byte(rapid.IntRange(1, 255).Draw(rt, "bits"))
		return records.Put(a, data)
	case "delete":
		return records.Delete(a)
	case "swap":
		b := seqKey(uint64(rapid.IntRange(1, n).Filter(func(b int) bool { return string(seqKey(uint64(b))) != string(a) }).Draw(rt, "b")))
		other := append([]byte(nil), records.Get(b)...)
		if err := records.Put(a, other); err != nil {
			return err
		}
		return records.Put(b, data)
	case "cut":
		for seq := rapid.IntRange(1, n).Draw(rt, "from"); seq <= n; seq++ {
			if err := records.Delete(seqKey(uint64(seq))); err != nil {
				return err
			}
		}
		return nil
	}
	// A record that is good in itself, put in without the head entry.
	last, err := decode(records.Get(seqKey(uint64(n))))
	if err != nil {
		return err
	}
	_, data, err = seal(note(1), uint64(n+1), last.Hash)
	if err != nil {
		return err
	}
	return records.Put(seqKey(uint64(n+1)), data)
}

func TestAnyChangeOfTheRecordsIsFound(t *testing.T) {
	const n = 12
	dir := t.TempDir()
	base := filepath.Join(dir, "base.db")
	f := open(t, base)
	appendNotes(t, f, n)
	f.Close()
	whole, err := os.ReadFile(base)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "h.db")
	rapid.Check(t, func(rt *rapid.T) {
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			rt.Fatal(err)
		}
		raw(t, path, func(tx *bbolt.Tx) error { return tamper(rt, tx.Bucket(recordsBucket), n) })
		var corrupt *CorruptError
		if err := tryAll(t, path); !errors.As(err, &corrupt) || corrupt.Seq == 0 {
			rt.Fatalf("not found: %v", err)
		}
	})
}

// late is a log that lost its first record.
type late struct{ Log }

func (l late) Records(ctx context.Context, _ uint64) Records { return l.Log.Records(ctx, 2) }

func TestVerifyLogChecksAChainFromElsewhere(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "h.db"))
	wrote := appendNotes(t, f, 4)
	if report, err := VerifyLog(ctx, f, Head{}); err != nil || report != (Report{Records: 4, Head: wrote[3].Hash}) {
		t.Errorf("%+v, %v", report, err)
	}
	if _, err := VerifyLog(ctx, late{f}, Head{}); err == nil || !strings.Contains(err.Error(), "record 1 is wrong: it is missing") {
		t.Errorf("without its beginning: %v", err)
	}
}

func TestVerifyNamesTheFirstWrongRecordAndHow(t *testing.T) {
	rewrite := func(seq uint64, change func(*Record)) func(*bbolt.Tx) error {
		return func(tx *bbolt.Tx) error {
			r, err := decode(tx.Bucket(recordsBucket).Get(seqKey(seq)))
			if err != nil {
				return err
			}
			change(&r)
			_, data, err := seal(r, r.Seq, r.Prev) // a good record, but another one
			if err != nil {
				return err
			}
			return tx.Bucket(recordsBucket).Put(seqKey(seq), data)
		}
	}
	cases := []struct {
		name   string
		change func(*bbolt.Tx) error
		want   string
	}{
		{"a record is gone", func(tx *bbolt.Tx) error { return tx.Bucket(recordsBucket).Delete(seqKey(3)) },
			"record 3 is wrong: it is missing: record 4 comes next"},
		{"the first record is gone", func(tx *bbolt.Tx) error { return tx.Bucket(recordsBucket).Delete(seqKey(1)) },
			"record 1 is wrong: it is missing"},
		{"a record was rewritten with its hash", rewrite(2, func(r *Record) { r.Commit = "other" }),
			"record 3 is wrong: it does not carry the hash of the record before"},
		{"a record hangs on another one", rewrite(4, func(r *Record) { r.Prev = "00" }),
			"record 4 is wrong: it does not carry the hash"},
		{"a hash was changed", func(tx *bbolt.Tx) error {
			data := append([]byte(nil), tx.Bucket(recordsBucket).Get(seqKey(2))...)
			data[len(data)-3] ^= 1 // the last digit of the hash
			return tx.Bucket(recordsBucket).Put(seqKey(2), data)
		}, "record 2 is wrong: it has been changed: its hash does not match"},
		{"white space was added", func(tx *bbolt.Tx) error {
			data := append([]byte(nil), tx.Bucket(recordsBucket).Get(seqKey(2))...)
			return tx.Bucket(recordsBucket).Put(seqKey(2), append(data, ' '))
		}, "record 2 is wrong: its bytes are not what sluice writes"},
		{"the last record was rewritten with its hash", rewrite(5, func(r *Record) { r.Commit = "other" }),
			"record 5 is wrong: the head entry names it"},
		{"the tail is gone", func(tx *bbolt.Tx) error { return tx.Bucket(recordsBucket).Delete(seqKey(5)) },
			"record 5 is wrong: the head entry names it as the last"},
		{"the head entry is no JSON", func(tx *bbolt.Tx) error { return tx.Bucket(metaBucket).Put(headKey, []byte("?")) },
			"its head entry cannot be read"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "h.db")
			f := open(t, path)
			appendNotes(t, f, 5)
			f.Close()
			raw(t, path, c.change)
			if err := tryAll(t, path); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// shortStore loses records that its head still counts, or has too many: what a
// store of another make could do.
type shortStore struct {
	*File
	head Head
}

func (s shortStore) Head(context.Context) (Head, error) { return s.head, nil }

func TestVerifyComparesTheEndWithTheHead(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "h.db"))
	wrote := appendNotes(t, f, 3)
	cases := map[string]struct {
		head Head
		want string
	}{
		"records are missing at the end": {Head{4, "x"}, "record 4 is wrong: it is missing: the log ends before its head"},
		"the last one has another hash":  {Head{3, "x"}, "record 3 is wrong: its hash is not the one that the head entry holds"},
		"there are more than the head":   {Head{2, wrote[1].Hash}, "record 3 is wrong: it comes after the head entry"},
	}
	for name, c := range cases {
		if _, err := Verify(ctx, shortStore{f, c.head}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNobodyIsGivenWhatComesAfterAChangedRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h.db")
	f := open(t, path)
	appendNotes(t, f, 5)
	f.Close()
	raw(t, path, func(tx *bbolt.Tx) error { // as an editor of bytes does it
		data := strings.Replace(string(tx.Bucket(recordsBucket).Get(seqKey(3))), `"kind":"`, `"kind":"x`, 1)
		return tx.Bucket(recordsBucket).Put(seqKey(3), []byte(data))
	})
	f = open(t, path)
	defer f.Close()
	var given []uint64
	var found error
	for r, err := range Whole(ctx, f, nil) {
		if found = err; err == nil {
			given = append(given, r.Seq)
		}
	}
	const want = "record 3 is wrong: it has been changed: its hash does not match"
	if !reflect.DeepEqual(given, []uint64{1, 2}) || found == nil || !strings.Contains(found.Error(), want) {
		t.Errorf("given %v, %v", given, found)
	}
	if err := Fold(ctx, f, NewLedger()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("folded: %v", err)
	}
	for r, err := range Whole(ctx, f, nil) { // whoever has enough is asked nothing more
		if err != nil || r.Seq != 1 {
			t.Errorf("%d, %v", r.Seq, err)
		}
		break
	}
}
