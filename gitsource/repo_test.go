package gitsource

import (
	"fmt"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	git "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage"
)

// when is the committer's time of every commit, with a zone that is not UTC.
var when = time.Date(2026, 3, 4, 5, 6, 7, 0, time.FixedZone("", 2*3600))

// node is one entry of a tree to be built.
type node struct {
	mode filemode.FileMode
	data string
	hash plumbing.Hash // used as it is when set
}

func file(data string) node { return node{mode: filemode.Regular, data: data} }

// testRepo is a bare repository on disk, filled object by object, so that trees
// can hold what no honest client writes. The git binary is not needed.
type testRepo struct {
	t     testing.TB
	dir   string
	store storage.Storer
	n     int
}

func newRepo(t testing.TB) *testRepo {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "specs.git")
	repo, err := git.PlainInitWithOptions(dir, &git.PlainInitOptions{
		Bare: true, InitOptions: git.InitOptions{DefaultBranch: "refs/heads/main"},
	})
	check(t, err)
	return &testRepo{t: t, dir: dir, store: repo.Storer}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (r *testRepo) url() string { return "file://" + filepath.ToSlash(r.dir) }

type encoder interface {
	Encode(plumbing.EncodedObject) error
}

func (r *testRepo) put(e encoder) plumbing.Hash {
	r.t.Helper()
	obj := r.store.NewEncodedObject()
	check(r.t, e.Encode(obj))
	h, err := r.store.SetEncodedObject(obj)
	check(r.t, err)
	return h
}

func (r *testRepo) raw(kind plumbing.ObjectType, data []byte) plumbing.Hash {
	r.t.Helper()
	obj := r.store.NewEncodedObject()
	obj.SetType(kind)
	w, err := obj.Writer()
	check(r.t, err)
	_, err = w.Write(data)
	check(r.t, err)
	check(r.t, w.Close())
	h, err := r.store.SetEncodedObject(obj)
	check(r.t, err)
	return h
}

// tree builds nested trees out of paths.
func (r *testRepo) tree(files map[string]node) plumbing.Hash {
	r.t.Helper()
	var entries []object.TreeEntry
	folders := map[string]map[string]node{}
	for name, n := range files {
		if top, rest, ok := strings.Cut(name, "/"); ok {
			if folders[top] == nil {
				folders[top] = map[string]node{}
			}
			folders[top][rest] = n
			continue
		}
		h := n.hash
		if h.IsZero() {
			h = r.raw(plumbing.BlobObject, []byte(n.data))
		}
		entries = append(entries, object.TreeEntry{Name: name, Mode: n.mode, Hash: h})
	}
	for name, sub := range folders {
		entries = append(entries, object.TreeEntry{Name: name, Mode: filemode.Dir, Hash: r.tree(sub)})
	}
	sort.Sort(object.TreeEntrySorter(entries))
	return r.rawTree(entries)
}

// rawTree writes entries without the checks of the library's encoder.
func (r *testRepo) rawTree(entries []object.TreeEntry) plumbing.Hash {
	r.t.Helper()
	var b strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&b, "%o %s\x00%s", uint32(e.Mode), e.Name, e.Hash[:])
	}
	return r.raw(plumbing.TreeObject, []byte(b.String()))
}

// commit makes a commit of files and points the branch at it.
func (r *testRepo) commit(branch string, files map[string]node, parents ...string) string {
	r.t.Helper()
	return r.commitTree(branch, r.tree(files), parents...)
}

func (r *testRepo) commitTree(branch string, tree plumbing.Hash, parents ...string) string {
	r.t.Helper()
	r.n++
	c := &object.Commit{
		Author:    object.Signature{Name: "Ada", Email: "ada@example.com", When: when.Add(-time.Hour)},
		Committer: object.Signature{Name: "Bob", Email: "bob@example.com", When: when},
		Message:   fmt.Sprintf("change %d\n", r.n),
		TreeHash:  tree,
	}
	for _, p := range parents {
		c.ParentHashes = append(c.ParentHashes, plumbing.NewHash(p))
	}
	h := r.put(c)
	r.point(branchPrefix+branch, h.String())
	return h.String()
}

func (r *testRepo) point(ref, id string) {
	r.t.Helper()
	check(r.t, r.store.SetReference(plumbing.NewReferenceFromStrings(ref, id)))
}

// tag makes an annotated tag of any object.
func (r *testRepo) tag(name, target string, kind plumbing.ObjectType) string {
	r.t.Helper()
	h := r.put(&object.Tag{Name: name, Tagger: object.Signature{Name: "Ada", Email: "ada@example.com", When: when},
		Message: "release\n", TargetType: kind, Target: plumbing.NewHash(target)})
	r.point(tagPrefix+name, h.String())
	return h.String()
}

func open(t testing.TB, cfg Config) *Source {
	t.Helper()
	s, err := Open(cfg)
	check(t, err)
	return s
}

// paths lists the files of a snapshot.
func paths(s *Snapshot) string {
	var names []string
	for _, f := range s.Files {
		names = append(names, f.Path)
	}
	return strings.Join(names, " ")
}

// wantError fails unless err is of the kind and says all of parts.
func wantError(t testing.TB, err, kind error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if kind != nil && !isKind(err, kind) {
		t.Errorf("error is not of the kind %q: %v", kind, err)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error does not say %q: %v", p, err)
		}
	}
}
