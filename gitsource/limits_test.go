package gitsource

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// layouts are file sets that each break one limit and no other.
func layouts() map[string]struct {
	limits Limits
	files  map[string]string
	says   []string
} {
	type layout = struct {
		limits Limits
		files  map[string]string
		says   []string
	}
	return map[string]layout{
		"too many files, wanted or not": {Limits{Files: 3},
			map[string]string{"a.yaml": "", "b.txt": "", "c.txt": "", "d.txt": ""}, []string{"d.txt", "limits.files, which is 3"}},
		"too many folders": {Limits{Files: 2},
			map[string]string{"a/a.yaml": "", "b/b.yaml": ""}, []string{"more folders than limits.files, which is 2"}},
		"one file too large": {Limits{FileSize: 4},
			map[string]string{"a.yaml": "1234", "b.yaml": "12345"}, []string{"b.yaml", "limits.fileSize, which is 4"}},
		"too large together": {Limits{TotalSize: 7},
			map[string]string{"a.yaml": "1234", "b.yaml": "1234"}, []string{"b.yaml", "8 bytes together", "limits.totalSize, which is 7"}},
		"too deep": {Limits{Depth: 2},
			map[string]string{"a/b/x.yaml": "", "a/b/c/y.yaml": ""}, []string{"a/b/c", "limits.depth, which is 2"}},
		"a path too long": {Limits{PathLength: 8},
			map[string]string{"a/b.yaml": "", "aaaa/b.yaml": ""}, []string{"aaaa/b.yaml", "limits.pathLength, which is 8"}},
	}
}

func TestEachLimitHasItsOwnErrorThatNamesTheFile(t *testing.T) {
	for name, l := range layouts() {
		t.Run(name, func(t *testing.T) {
			nodes, dir := map[string]node{}, t.TempDir()
			for p, data := range l.files {
				nodes[p] = file(data)
				check(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, p)), 0o700))
				check(t, os.WriteFile(filepath.Join(dir, p), []byte(data), 0o600))
			}
			_, err := open(t, Config{Dir: dir, Limits: l.limits}).Fetch(context.Background(), "")
			wantError(t, err, ErrLimit, l.says...)
			ways(t, func(t *testing.T, r *testRepo, cfg Config) {
				id := r.commit("main", nodes)
				cfg.Limits = l.limits
				_, err := open(t, cfg).Fetch(context.Background(), "")
				wantError(t, err, ErrLimit, append(l.says, id)...)
			})
		})
	}
}

func TestSizesOfFilesThatAreNotWantedDoNotCount(t *testing.T) {
	ways(t, func(t *testing.T, r *testRepo, cfg Config) {
		r.commit("main", map[string]node{"a.yaml": file("1234"), "picture.png": file("12345678")})
		cfg.Limits = Limits{FileSize: 4, TotalSize: 4}
		got, err := open(t, cfg).Fetch(context.Background(), "")
		check(t, err)
		if paths(got) != "a.yaml" {
			t.Errorf("files %s", paths(got))
		}
	})
}

func TestATreeThatHoldsItselfManyTimesIsStopped(t *testing.T) {
	r := newRepo(t)
	tree := r.tree(map[string]node{"a.txt": file("")})
	for range 20 { // ten folders in each of ten folders, and so on: 10^20 of them
		var entries []object.TreeEntry
		for c := range 10 {
			entries = append(entries, object.TreeEntry{Name: string(rune('a' + c)), Mode: filemode.Dir, Hash: tree})
		}
		tree = r.rawTree(entries)
	}
	r.commitTree("main", tree)
	_, err := open(t, Config{URL: r.url()}).Fetch(context.Background(), "")
	wantError(t, err, ErrLimit, "limits.files, which is 10000")
}

func TestAServerMayNotSendMoreThanTheTransferLimit(t *testing.T) {
	ways(t, func(t *testing.T, r *testRepo, cfg Config) {
		if strings.HasPrefix(cfg.URL, "file:") {
			t.Skip("nothing is transferred from a repository on disk")
		}
		var noise bytes.Buffer
		for i := range 4000 { // does not compress
			sum := sha1.Sum([]byte{byte(i), byte(i >> 8)})
			noise.Write(sum[:])
		}
		r.commit("main", map[string]node{"a.yaml": file(noise.String())})
		cfg.Limits.Transfer = 20_000
		_, err := open(t, cfg).Fetch(context.Background(), "")
		wantError(t, err, ErrLimit, "more than 20000 bytes", "limits.transfer")
		cfg.Limits.Transfer = 10
		_, err = open(t, cfg).Head(context.Background())
		wantError(t, err, ErrLimit, "more than 10 bytes")
	})
}

func TestUnpackedObjectsAreLimited(t *testing.T) {
	ways(t, func(t *testing.T, r *testRepo, cfg Config) {
		if strings.HasPrefix(cfg.URL, "file:") {
			t.Skip("nothing is unpacked from a repository on disk but what is read")
		}
		r.commit("main", map[string]node{"a.yaml": file(strings.Repeat("a", 100_000))})
		cfg.Limits.Unpacked = 50_000
		_, err := open(t, cfg).Fetch(context.Background(), "")
		wantError(t, err, ErrLimit, "limits.unpacked, which is 50000")
	})
}

// pack builds a pack of hand-made entries: the declared size and the content.
type entry struct {
	kind     plumbing.ObjectType
	declared uint64
	content  io.Reader
}

func pack(t testing.TB, count uint32, entries ...entry) []byte {
	var b bytes.Buffer
	b.WriteString("PACK")
	_ = binary.Write(&b, binary.BigEndian, uint32(2))
	_ = binary.Write(&b, binary.BigEndian, count)
	for _, e := range entries {
		n := e.declared >> 4
		first := byte(e.kind)<<4 | byte(e.declared&15)
		for ; n > 0; n >>= 7 {
			b.WriteByte(first | 0x80)
			first = byte(n & 0x7f)
		}
		b.WriteByte(first)
		if e.kind == plumbing.REFDeltaObject {
			b.Write(make([]byte, 20))
		}
		z := zlib.NewWriter(&b)
		_, err := io.Copy(z, e.content)
		check(t, err)
		check(t, z.Close())
	}
	sum := sha1.Sum(b.Bytes())
	b.Write(sum[:])
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestAHostilePackCostsNoMemory(t *testing.T) {
	const size = 16 << 20
	bomb := func() io.Reader { return io.LimitReader(zeros{}, size) }
	delta := binary.AppendUvarint(binary.AppendUvarint(nil, 10), 1<<40)
	limits := Limits{Unpacked: size / 2}
	limits.fill()
	for name, tt := range map[string]struct {
		data []byte
		kind error
	}{
		"a blob of 16 MiB in 16 KiB":         {pack(t, 1, entry{plumbing.BlobObject, size, bomb()}), ErrLimit},
		"many blobs that are too much":       {pack(t, 2, entry{plumbing.BlobObject, size / 2, io.LimitReader(zeros{}, size/2)}, entry{plumbing.BlobObject, 1, strings.NewReader("a")}), ErrLimit},
		"a blob that is larger than it says": {pack(t, 1, entry{plumbing.BlobObject, 10, bomb()}), nil},
		"a size that overflows":              {pack(t, 1, entry{plumbing.BlobObject, math.MaxUint64, bytes.NewReader(nil)}), nil},
		"a delta that makes 1 TiB":           {pack(t, 1, entry{plumbing.REFDeltaObject, uint64(len(delta)), bytes.NewReader(delta)}), ErrLimit},
		"a delta without sizes":              {pack(t, 1, entry{plumbing.REFDeltaObject, 1, strings.NewReader("\x80")}), nil},
		"four thousand million objects":      {pack(t, math.MaxUint32), ErrLimit},
		"an object of no type":               {pack(t, 1, entry{0, 3, strings.NewReader("abc")}), nil},
		"fewer objects than it says":         {pack(t, 5, entry{plumbing.BlobObject, 3, strings.NewReader("abc")}), nil},
		"nothing":                            {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := loadPack(context.Background(), "x", limits, bytes.NewReader(tt.data))
			runtime.ReadMemStats(&after)
			if err == nil || (tt.kind != nil && !errors.Is(err, tt.kind)) {
				t.Errorf("error %v", err)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 6<<20 {
				t.Errorf("%d MiB were allocated", used>>20)
			}
		})
	}
}

func TestAPackIsNotReadOnAfterTheDeadline(t *testing.T) {
	var limits Limits
	limits.fill()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	data := pack(t, 1, entry{plumbing.BlobObject, 3, strings.NewReader("abc")})
	if _, err := loadPack(ctx, "x", limits, bytes.NewReader(data)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestAFolderThatNeverEndsItsReadIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Nanosecond)
		defer cancel()
		<-ctx.Done()
		dir := &folder{cfg: Config{Path: ".", Limits: Limits{Files: 1}}, dir: os.TempDir(), where: "x"}
		_, err := dir.fetch(ctx)
		wantError(t, err, ErrUnreachable, "stopped at folder")
	})
}

func FuzzPack(f *testing.F) {
	f.Add(pack(f, 1, entry{plumbing.BlobObject, 3, strings.NewReader("abc")}))
	f.Add(pack(f, 2, entry{plumbing.REFDeltaObject, 2, strings.NewReader("\x03\x03")}, entry{plumbing.TreeObject, 0, strings.NewReader("")}))
	f.Fuzz(func(t *testing.T, data []byte) {
		limits := Limits{Unpacked: 1 << 20}
		limits.fill()
		store, err := loadPack(context.Background(), "x", limits, bytes.NewReader(data))
		if err != nil {
			return
		}
		var total int64
		for _, o := range store.Objects {
			total += o.Size()
		}
		if total > limits.Unpacked {
			t.Errorf("%d bytes unpacked", total)
		}
	})
}
