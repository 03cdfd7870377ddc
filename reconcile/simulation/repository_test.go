package simulation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	git "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage"

	"github.com/seed-6ca89210/sluice/gitsource"
)

// repository is a bare repository in a folder that the process is told an https URL
// for. The process's own child reads it: the order is what production sends, the login
// included, and only where it leads is changed.
type repository struct {
	w    *world
	name string
	dir  string

	mu      sync.Mutex
	store   storage.Storer
	parents map[string]string // of every commit, its first and only
	head    string
	down    bool
}

func newRepository(w *world, name string) *repository {
	r := &repository{w: w, name: name, dir: filepath.Join(w.dir, name+".git"), parents: map[string]string{}}
	repo, err := git.PlainInitWithOptions(r.dir, &git.PlainInitOptions{Bare: true, InitOptions: git.InitOptions{DefaultBranch: "refs/heads/main"}})
	if err != nil {
		w.t.Fatal(err)
	}
	r.store = repo.Storer
	return r
}

func (r *repository) url() string { return "https://git.example.com/" + r.name + ".git" }

// runner is how a process reaches the repository.
func (r *repository) runner(p *process) gitsource.Runner {
	return func(ctx context.Context, job gitsource.Job) ([]byte, error) {
		w := r.w
		n := w.nth("git", r.name)
		if err := p.wait(ctx, w.between(10*time.Millisecond, 400*time.Millisecond, "git", r.name, n)); err != nil {
			return nil, err
		}
		if p.killed(killInGit, 0.002, r.name, n) {
			return nil, errCut
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.down || w.strikes(gitDown, 0.01, r.name, n) {
			w.fired(gitDown)
			return nil, fmt.Errorf("said fatal: unable to access 'https://bot:%s@git.example.com/%s.git/': could not resolve host", canaryGit, r.name)
		}
		var order map[string]json.RawMessage
		if err := json.Unmarshal(job.Request, &order); err != nil {
			return nil, err
		}
		if !strings.Contains(string(job.Request), canaryGit) {
			return nil, errors.New("the order holds no password")
		}
		order["URL"], _ = json.Marshal("file://" + filepath.ToSlash(r.dir))
		request, err := json.Marshal(order)
		if err != nil {
			return nil, err
		}
		return gitsource.Answer(request), nil
	}
}

// commit puts files on top of a parent ("" for none) and the branch on that.
func (r *repository) commit(files map[string]string, parent, message string, who string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	when := r.w.now().UTC().Truncate(time.Second)
	c := &object.Commit{
		Author:    object.Signature{Name: who, Email: who + "@example.com", When: when},
		Committer: object.Signature{Name: who, Email: who + "@example.com", When: when},
		Message:   message + "\n", TreeHash: r.tree(files),
	}
	if parent != "" {
		c.ParentHashes = []plumbing.Hash{plumbing.NewHash(parent)}
	}
	obj := r.store.NewEncodedObject()
	r.check(c.Encode(obj))
	h, err := r.store.SetEncodedObject(obj)
	r.check(err)
	id := h.String()
	r.parents[id], r.head = parent, id
	r.check(r.store.SetReference(plumbing.NewReferenceFromStrings("refs/heads/main", id)))
	r.w.add("git %s: %.8s on %.8s: %s", r.name, id, parent, message)
	return id
}

func (r *repository) check(err error) {
	if err != nil {
		r.w.t.Error(err)
	}
}

func (r *repository) tree(files map[string]string) plumbing.Hash {
	var t object.Tree
	folders := map[string]map[string]string{}
	for name, text := range files {
		if top, rest, ok := strings.Cut(name, "/"); ok {
			if folders[top] == nil {
				folders[top] = map[string]string{}
			}
			folders[top][rest] = text
			continue
		}
		obj := r.store.NewEncodedObject()
		obj.SetType(plumbing.BlobObject)
		out, err := obj.Writer()
		r.check(err)
		_, err = out.Write([]byte(text))
		r.check(errors.Join(err, out.Close()))
		h, err := r.store.SetEncodedObject(obj)
		r.check(err)
		t.Entries = append(t.Entries, object.TreeEntry{Name: name, Mode: filemode.Regular, Hash: h})
	}
	for name, sub := range folders {
		t.Entries = append(t.Entries, object.TreeEntry{Name: name, Mode: filemode.Dir, Hash: r.tree(sub)})
	}
	sort.Sort(object.TreeEntrySorter(t.Entries))
	obj := r.store.NewEncodedObject()
	r.check(t.Encode(obj))
	h, err := r.store.SetEncodedObject(obj)
	r.check(err)
	return h
}

// descends reports whether a commit comes after another one, or is the same.
func (r *repository) descends(commit, from string) bool {
	return slices.Contains(r.line(commit), from)
}

// line is a commit and all before it, newest first.
func (r *repository) line(commit string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	for ; commit != ""; commit = r.parents[commit] {
		list = append(list, commit)
	}
	return list
}

func (r *repository) tip() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.head
}

// cut takes the repository away, or gives it back.
func (r *repository) cut(down bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = down
}
