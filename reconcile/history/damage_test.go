package history

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
)

// wholeFile returns the bytes of a history with branch pages, overflow pages and
// free pages.
func wholeFile(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "h.db")
	f := open(t, path)
	appendNotes(t, f, 5)
	var many []Record
	for i := range 300 {
		many = append(many, note(i))
	}
	many[100].Message = strings.Repeat("long ", 2000)
	if _, err := f.Append(ctx, many...); err != nil {
		t.Fatal(err)
	}
	f.Close()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// tryAll opens a damaged file in both ways and reads and verifies it. It returns
// the first error; that this process lives is the point.
func tryAll(t testing.TB, path string) error {
	t.Helper()
	r, err := OpenReadOnly(path)
	if err != nil {
		if _, openErr := Open(path, Holder{PID: 1}); openErr == nil && !errors.Is(err, ErrNoHistory) {
			t.Errorf("not readable (%v) and yet opened for writing", err)
		}
		return err
	}
	defer r.Close()
	_, err = Verify(ctx, r)
	return err
}

func TestAFileThatIsNoHistoryIsRefusedAndLeftAlone(t *testing.T) {
	whole := wholeFile(t)
	flip := func(at int) []byte {
		data := bytes.Clone(whole)
		for _, page := range []int{0, os.Getpagesize()} {
			data[page+at] ^= 0xff
		}
		return data
	}
	cases := []struct {
		name string
		data []byte
		want string
	}{
		{"a text", []byte("apiVersion: sluice/v1\n"), "not a bbolt database"},
		{"zeros", make([]byte, 64<<10), "not a bbolt database"},
		{"random bytes", randomBytes(64 << 10), "not a bbolt database"},
		{"only the first page", whole[:4096], "truncated"},
		{"half of it", whole[:len(whole)/2], "truncated"},
		{"both meta pages without magic", flip(16), "not a bbolt database"},
		{"both meta pages of another version", flip(20), "another format version"},
		{"both meta pages with a wrong sum", flip(72), "not a bbolt database"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "h.db")
			if err := os.WriteFile(path, c.data, 0o600); err != nil {
				t.Fatal(err)
			}
			err := tryAll(t, path)
			var corrupt *CorruptError
			if !errors.As(err, &corrupt) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want a CorruptError with %q", err, c.want)
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(after, c.data) {
				t.Error("the file was changed")
			}
		})
	}
}

func TestMissingAndEmptyFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "h.db")
	if _, err := OpenReadOnly(path); !errors.Is(err, ErrNoHistory) || !strings.Contains(err.Error(), path) {
		t.Errorf("missing: %v", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenReadOnly(path); !errors.Is(err, ErrNoHistory) {
		t.Errorf("empty: %v", err)
	}
	appendNotes(t, open(t, path), 1) // a crash right after creation must not be final
	if _, err := OpenReadOnly(dir); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a folder: %v", err)
	}
	if _, err := Open(filepath.Join(path, "x", "h.db"), Holder{}); err == nil {
		t.Error("a file as a folder was accepted")
	}
}

func TestADatabaseOfAnotherProgramOrVersionIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h.db")
	raw(t, path, func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte("theirs"))
		return err
	})
	if err := tryAll(t, path); err == nil || !strings.Contains(err.Error(), "another program") {
		t.Errorf("another program's: %v", err)
	}
	path = filepath.Join(t.TempDir(), "h.db")
	open(t, path).Close()
	raw(t, path, func(tx *bbolt.Tx) error { return tx.Bucket(metaBucket).Put(formatKey, []byte("3")) })
	if err := tryAll(t, path); err == nil || !strings.Contains(err.Error(), `its format is "3"`) {
		t.Errorf("another version: %v", err)
	}
}

// TestAnyDamageIsAnErrorNeverACrash changes bytes all over the file: in the tree,
// in pointers, counts and records.
func TestAnyDamageIsAnErrorNeverACrash(t *testing.T) {
	whole := wholeFile(t)
	path := filepath.Join(t.TempDir(), "h.db")
	rng := rand.New(rand.NewPCG(1, 2))
	found := 0
	const rounds = 300
	for range rounds {
		data := bytes.Clone(whole)
		page := rng.IntN(len(data)/4096) * 4096
		switch rng.IntN(4) {
		case 0: // the header and the pointers, where it hurts
			data[page+rng.IntN(48)] = byte(rng.Uint32())
		case 1:
			data[page+rng.IntN(4096)] ^= 1 << rng.IntN(8)
		case 2: // one page in place of another
			other := rng.IntN(len(data)/4096) * 4096
			copy(data[page:page+4096], whole[other:other+4096])
		case 3:
			copy(data[page:page+4096], randomBytes(4096))
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if tryAll(t, path) != nil {
			found++
		}
	}
	// Free pages and gaps hold nothing, and one meta page may be lost.
	if found < rounds/4 {
		t.Errorf("only %d of %d damages were found", found, rounds)
	}
}

func randomBytes(n int) []byte {
	var seed [32]byte
	data := make([]byte, n)
	rand.NewChaCha8(seed).Read(data)
	return data
}

// raw changes a file behind the back of this package.
func raw(t testing.TB, path string, change func(*bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err == nil {
		err = db.Update(change)
	}
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}
