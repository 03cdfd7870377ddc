package gitsource

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	git "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"github.com/seed-6ca89210/sluice/gitsource/words"
)

// The bounds of what [Since] looks at.
const (
	maxSince = 1_000  // commits on the line from HEAD
	maxSides = 10_000 // commits beside it
	// maxSinceFiles bounds the lists of files, which are small but many.
	maxSinceFiles = 1_000_000
)

// At reads a folder or a file of this machine as it was at a revision of the Git
// repository that it lies in: `origin/main`, `HEAD~1`, `v1.2^2`, a commit's id or
// its beginning. Nothing is fetched and the work tree is left alone. Files are named
// from the folder on, as [Config].Dir names them; a single file by its base name.
//
// A revision that is not there is ErrRefNotFound, a folder that was not there yet
// ErrPathNotFound, and one that held no wanted file ErrEmpty. The limits are the
// defaults of [Limits].
func At(ctx context.Context, name, revision string) (*Snapshot, error) {
	return lookBack(ctx, name, Config{}, func(p *past) (*Snapshot, error) {
		id, err := p.resolve(revision)
		if err != nil {
			return nil, err
		}
		return p.snapshot(id)
	})
}

// Since reads a folder or a file as it was after each commit that changed it, from
// a revision (which is left out) to HEAD, oldest first, along first parents: a merge
// is one change. Commits that HEAD and the revision share do not count, as in
// `git log --first-parent REVISION..HEAD`; nor does a commit that leaves no wanted
// file there. None at all is no error.
//
// Names and errors are those of [At]. More than 1,000 commits are ErrLimit; so are
// contents of more than [Limits].Unpacked together.
func Since(ctx context.Context, name, revision string) ([]*Snapshot, error) {
	return lookBack(ctx, name, Config{}, func(p *past) ([]*Snapshot, error) {
		return p.since(revision)
	})
}

// past is the history of one path in the repository that holds it.
type past struct {
	ctx   context.Context
	cfg   Config // Path is the folder in the repository
	only  string // the one file in it that is meant; empty: all
	where string // the path as it was given
	store *filesystem.Storage
	pool  *pool // nil: a single commit is read
}

// lookBack opens the history of a path and bounds what f does with it.
func lookBack[T any](ctx context.Context, name string, cfg Config, f func(*past) (T, error)) (T, error) {
	if err := cfg.check(); err != nil {
		var zero T
		return zero, err
	}
	return within(ctx, cfg.Limits.Timeout, name, func(ctx context.Context) (T, error) {
		p, err := openPast(ctx, name, cfg)
		if err != nil {
			var zero T
			return zero, err
		}
		return f(p)
	})
}

// openPast finds the repository whose work tree holds a path, links resolved.
func openPast(ctx context.Context, name string, cfg Config) (*past, error) {
	real, err := filepath.EvalSymlinks(name)
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil {
		return nil, failf(ErrUnreachable, name, "%s; check the path", plain(err))
	}
	repo, err := git.PlainOpenWithOptions(real, &git.PlainOpenOptions{DetectDotGit: true, EnableDotGitCommonDir: true})
	if errors.Is(err, git.ErrRepositoryNotExists) {
		return nil, failf(ErrUnreachable, name, "this lies in no Git repository, so it has no past; give a path in the work tree of one")
	}
	if err != nil {
		return nil, failf(ErrUnreachable, name, "the repository that holds it cannot be opened: %s", plain(err))
	}
	tree, err := repo.Worktree()
	if err != nil {
		return nil, failf(ErrUnreachable, name, "the repository has no work tree: %s", plain(err))
	}
	root, err := filepath.EvalSymlinks(tree.Filesystem.Root())
	if err != nil {
		return nil, failf(ErrUnreachable, name, "the work tree cannot be found: %s", plain(err))
	}
	inside, err := filepath.Rel(root, real)
	if err != nil || !filepath.IsLocal(inside) {
		return nil, failf(ErrUnreachable, name, "this does not lie in the work tree of its repository")
	}
	p := &past{ctx: ctx, cfg: cfg, where: name}
	if p.store, err = objectStore(repo, name); err != nil {
		return nil, err
	}
	p.cfg.Path = filepath.ToSlash(inside)
	if !isFolder(real) {
		p.cfg.Path, p.only = filepath.ToSlash(filepath.Dir(inside)), filepath.Base(inside)
	}
	return p, p.cfg.checkPath()
}

func (p *past) reader() *treeReader {
	return &treeReader{gather: &gather{cfg: p.cfg, where: p.where}, ctx: p.ctx, store: disk{p.store}, only: p.only, pool: p.pool}
}

// snapshot reads the path at one commit.
func (p *past) snapshot(id plumbing.Hash) (*Snapshot, error) {
	s, err := p.reader().snapshot(id)
	if err != nil {
		return nil, err
	}
	if p.cfg.Path != "." {
		for i := range s.Files {
			s.Files[i].Path = strings.TrimPrefix(s.Files[i].Path, p.cfg.Path+"/")
		}
	}
	return s, nil
}

// since reads the path at each commit at which it changed, the oldest first. Whether it
// changed shows in one id, so that commits that touched other folders cost no reading.
func (p *past) since(revision string) ([]*Snapshot, error) {
	from, err := p.resolve(revision)
	if err != nil {
		return nil, err
	}
	head, err := storer.ResolveReference(p.store, plumbing.HEAD)
	if err != nil {
		return nil, emptyRepository(p.where)
	}
	line, err := p.line(from, head.Hash())
	if err != nil || len(line) == 0 {
		return nil, err
	}
	before, err := p.before(line[len(line)-1])
	if err != nil {
		return nil, err
	}
	p.pool = newPool(p.cfg.Limits.Unpacked)
	var list []*Snapshot
	files := 0
	for _, c := range slices.Backward(line) {
		now, err := p.subject(c)
		if err != nil {
			return nil, err
		}
		if now == before || now.IsZero() {
			before = now
			continue
		}
		before = now
		s, err := p.snapshot(c.Hash)
		if errors.Is(err, ErrEmpty) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if files += len(s.Files); files > maxSinceFiles {
			return nil, failf(ErrLimit, p.where, "the commits since %s hold more than %d files together; name a later revision", words.Quote(revision), maxSinceFiles)
		}
		list = append(list, s)
	}
	return list, nil
}

// before is the subject of a commit's first parent.
func (p *past) before(c *object.Commit) (plumbing.Hash, error) {
	if len(c.ParentHashes) == 0 {
		return plumbing.ZeroHash, nil
	}
	parent, err := p.commit(c.ParentHashes[0])
	if err != nil {
		return plumbing.ZeroHash, err
	}
	return p.subject(parent)
}

// subject is the object of the path at a commit; zero when it is not there.
func (p *past) subject(c *object.Commit) (plumbing.Hash, error) {
	r := p.reader()
	r.where += " at commit " + c.Hash.String()
	h, err := r.find(c.TreeHash)
	if err == nil && p.only != "" {
		var e object.TreeEntry
		e, _, err = r.child(h, p.only)
		h = e.Hash
	}
	if errors.Is(err, ErrPathNotFound) {
		return plumbing.ZeroHash, nil
	}
	return h, err
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}
