package gitsource

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/memory"

	"github.com/seed-6ca89210/sluice/gitsource/words"
)

// fuzzLimits are small, so that each is soon met.
var fuzzLimits = Limits{Files: 12, FileSize: 40, TotalSize: 100, Depth: 3, PathLength: 40}

// fuzzModes is how entries of a tree write their modes; the last two end a tree.
var fuzzModes = []string{"100644", "100755", "100664", "120000", "160000", "40000", "040000", "0", "", "9", "160777", "37777777777", "-1", "end", "end"}

// FuzzTree reads commits whose trees no client wrote: any mode, any name, any
// object, twice, nested or in a circle of hashes that are not there. What is read is
// exactly what a plain reading of the same bytes gives, within the limits, and
// nothing else than regular files below the path; or there is an error of a kind.
func FuzzTree(f *testing.F) {
	entry := func(mode, object byte, name string) string {
		return string([]byte{mode, object, byte(len(name))}) + name
	}
	const end = "\x0d\x00\x00"
	f.Add([]byte(entry(0, 0, "a.yaml")+entry(1, 1, "b.yml")+entry(0, 2, "c.txt")), []byte{}, false)
	f.Add([]byte(entry(0, 0, "a.yaml")+entry(0, 1, "a.yaml")), []byte{}, false)
	for _, name := range []string{"", ".", "..", ".git", ".GIT", "git~1", "a/b.yaml", "/a.yaml", "../a.yaml", `a\b.yaml`, "a\x00.yaml", "a\n.yaml", "\xff.yaml", strings.Repeat("a", 50) + ".yaml"} {
		f.Add([]byte(entry(0, 0, "ok.yaml")+entry(0, 0, name)), []byte{}, false)
		f.Add([]byte(entry(0, 0, "a.yaml")+end+entry(5, 4, name)+entry(0, 0, "ok.yaml")), []byte{}, false)
	}
	for mode := range fuzzModes {
		f.Add([]byte(entry(0, 0, "a.yaml")+end+entry(byte(mode), 0, "in")+entry(byte(mode), 4, "x")), []byte{}, mode%2 == 0)
		f.Add([]byte(entry(byte(mode), 0, "b.yaml")+end+entry(5, 4, "in")), []byte{}, true)
	}
	f.Add([]byte(entry(0, 0, "a.yaml")+end+entry(5, 4, "in")+end+entry(5, 5, "in")+end+entry(5, 6, "in")+end+entry(5, 7, "in")+end+entry(5, 8, "in")), []byte{}, true)
	f.Add([]byte(entry(5, 3, "in")), []byte("100644 a.yaml\x00short"), true)
	f.Add([]byte(entry(5, 3, "in")), []byte("100644 a.yaml\x00"+strings.Repeat("\x12", 20)), true)
	f.Add([]byte{}, []byte{}, false)
	f.Fuzz(func(t *testing.T, script, raw []byte, inside bool) {
		store := memory.NewStorage()
		root := fuzzTrees(t, store, script, raw)
		c := &object.Commit{Author: object.Signature{When: when}, Committer: object.Signature{When: when}, TreeHash: root}
		obj := store.NewEncodedObject()
		check(t, c.Encode(obj))
		tip, err := store.SetEncodedObject(obj)
		check(t, err)
		cfg := Config{Limits: fuzzLimits}
		if inside {
			cfg.Path = "in"
		}
		check(t, cfg.check())
		got, err := readSnapshot(context.Background(), cfg, "x", store, tip, false)
		if err != nil {
			wantSomeKind(t, err)
			return
		}
		checkFiles(t, cfg, got.Files)
		m := treeModel{t: t, store: store, files: map[string]string{}}
		for dir := range strings.SplitSeq(cfg.Path, "/") {
			if dir != "." {
				root = m.folder(root, dir)
			}
		}
		m.walk(root, cfg.Path)
		if len(m.files) != len(got.Files) {
			t.Errorf("%d files were read, the trees hold %d", len(got.Files), len(m.files))
		}
		for _, file := range got.Files {
			if data, found := m.files[file.Path]; !found || data != string(file.Data) {
				t.Errorf("%q was read with %q, the trees hold %q", file.Path, file.Data, data)
			}
		}
	})
}

// fuzzTrees makes objects of a script: three bytes and a name for each entry, the
// mode, the object and the length of the name. The last tree is the root.
func fuzzTrees(t *testing.T, store *memory.Storage, script, raw []byte) plumbing.Hash {
	put := func(kind plumbing.ObjectType, data []byte) plumbing.Hash { return putRaw(t, store, kind, data) }
	objects := []plumbing.Hash{
		put(plumbing.BlobObject, []byte("a: 1\n")), put(plumbing.BlobObject, []byte("../../etc/passwd")),
		put(plumbing.BlobObject, bytes.Repeat([]byte("x"), 39)), put(plumbing.TreeObject, raw),
	}
	var tree []byte
	for len(script) >= 3 {
		mode, pick, n := fuzzModes[int(script[0])%len(fuzzModes)], objects[int(script[1])%len(objects)], int(script[2])
		script = script[3:]
		if mode == "end" {
			objects, tree = append(objects, put(plumbing.TreeObject, tree)), nil
			continue
		}
		n = min(n, len(script))
		tree = append(tree, mode+" "+string(script[:n])+"\x00"+string(pick[:])...)
		script = script[n:]
	}
	return put(plumbing.TreeObject, tree)
}

func wantSomeKind(t *testing.T, err error) {
	kinds := []error{ErrEmpty, ErrRefNotFound, ErrPathNotFound, ErrLimit, ErrRefused, ErrUnreachable}
	if !slices.ContainsFunc(kinds, func(kind error) bool { return errors.Is(err, kind) }) {
		t.Errorf("an error of no kind: %v", err)
	}
	if text := err.Error(); text != words.Mask(text) {
		t.Errorf("the error is not one printable line: %q", text)
	}
}

// checkFiles holds what everybody relies on who gets files.
func checkFiles(t *testing.T, cfg Config, files []File) {
	total := 0
	for i, f := range files {
		total += len(f.Data)
		below, isBelow := strings.CutPrefix(f.Path, cfg.Path+"/")
		if cfg.Path == "." {
			below, isBelow = f.Path, true
		}
		switch {
		case !fs.ValidPath(f.Path) || strings.ContainsAny(f.Path, "\\\x00\n") || strings.HasPrefix(f.Path, ".") || strings.Contains(f.Path, "/."):
			t.Errorf("path %q", f.Path)
		case !isBelow:
			t.Errorf("%q is not below %s", f.Path, cfg.Path)
		case strings.Count(below, "/") > cfg.Limits.Depth || len(f.Path) > cfg.Limits.PathLength || int64(len(f.Data)) > cfg.Limits.FileSize:
			t.Errorf("%q with %d bytes is past a limit", f.Path, len(f.Data))
		case !slices.Contains(cfg.Extensions, strings.ToLower(path.Ext(f.Path))):
			t.Errorf("%q is not wanted", f.Path)
		case i > 0 && files[i-1].Path >= f.Path:
			t.Errorf("%q stands before %q", files[i-1].Path, f.Path)
		}
	}
	if len(files) == 0 || len(files) > cfg.Limits.Files || int64(total) > cfg.Limits.TotalSize {
		t.Errorf("%d files of %d bytes", len(files), total)
	}
}

// treeModel reads trees by their bytes alone, for what was read without an error:
// then it meets nothing but files and folders.
type treeModel struct {
	t     *testing.T
	store *memory.Storage
	files map[string]string // those that are wanted
	steps int
}

func (m *treeModel) data(h plumbing.Hash) string {
	obj, found := m.store.Objects[h]
	if !found {
		m.t.Fatalf("object %s is not there, and nothing was said", h)
	}
	data, err := readObject(obj, obj.Size())
	check(m.t, err)
	return string(data)
}

// each calls f for the entries of a tree, with the kind that Git sees in the mode.
func (m *treeModel) each(tree plumbing.Hash, f func(kind uint64, name string, h plumbing.Hash)) {
	for data := m.data(tree); data != ""; {
		mode, rest, hasMode := strings.Cut(data, " ")
		name, rest, hasName := strings.Cut(rest, "\x00")
		bits, err := strconv.ParseUint(mode, 8, 32)
		if m.steps++; !hasMode || !hasName || len(rest) < 20 || err != nil || m.steps > 10_000 {
			m.t.Fatalf("the tree %q was read without an error", data)
		}
		f(bits&0o170000, name, plumbing.Hash([]byte(rest[:20])))
		data = rest[20:]
	}
}

func (m *treeModel) folder(tree plumbing.Hash, dir string) plumbing.Hash {
	var found plumbing.Hash
	m.each(tree, func(kind uint64, name string, h plumbing.Hash) {
		if name == dir && kind == 0o040000 && found.IsZero() {
			found = h
		}
	})
	return found
}

func (m *treeModel) walk(tree plumbing.Hash, dir string) {
	m.each(tree, func(kind uint64, name string, h plumbing.Hash) {
		if strings.HasPrefix(name, ".") {
			return
		}
		full := path.Join(dir, name)
		switch {
		case name == "" || strings.ContainsAny(name, `/\`):
			m.t.Errorf("%q is no name, and was read", name)
		case kind == 0o040000:
			m.walk(h, full)
		case kind != 0o100000:
			m.t.Errorf("%q has kind %o, and was passed over", full, kind)
		case slices.Contains([]string{".yaml", ".yml", ".json", ".rego"}, strings.ToLower(path.Ext(name))):
			if _, twice := m.files[full]; twice {
				m.t.Errorf("%q is there twice", full)
			}
			m.files[full] = m.data(h)
		}
	})
}
