package gitsource

import (
	"context"
	"errors"
	"os"

	"github.com/go-git/go-billy/v5/osfs"
	git "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"github.com/seed-6ca89210/sluice/gitsource/words"
)

// local reads a repository on this machine straight from its object store. The
// library's own file transport would run git-upload-pack.
type local struct {
	cfg   Config
	path  string
	where string
}

func (l *local) head(context.Context) (string, error) {
	store, err := l.open()
	if err != nil {
		return "", err
	}
	tip, err := l.tip(store)
	if err != nil {
		return "", err
	}
	r := &treeReader{gather: &gather{cfg: l.cfg, where: l.where}, store: disk{store}}
	commit, err := r.commit(tip)
	if err != nil {
		return "", err
	}
	return commit.Hash.String(), nil
}

func (l *local) fetch(ctx context.Context) (*Snapshot, error) {
	store, err := l.open()
	if err != nil {
		return nil, err
	}
	tip, err := l.tip(store)
	if err != nil {
		return nil, err
	}
	return readSnapshot(ctx, l.cfg, l.where, disk{store}, tip, false)
}

// open finds the object store of a bare repository, of a work tree, or of a
// linked work tree, whose .git is a file.
func (l *local) open() (*filesystem.Storage, error) {
	info, err := os.Stat(l.path)
	if err != nil {
		return nil, failf(ErrUnreachable, l.where, "%s; check url", plain(err))
	}
	if !info.IsDir() {
		return nil, failf(ErrUnreachable, l.where, "this is not a folder; set url to a repository")
	}
	repo, err := git.PlainOpenWithOptions(l.path, &git.PlainOpenOptions{EnableDotGitCommonDir: true})
	if errors.Is(err, git.ErrRepositoryNotExists) {
		return nil, failf(ErrUnreachable, l.where, "this is not a Git repository; check url, or set dir for a plain folder")
	}
	if err != nil {
		return nil, failf(ErrUnreachable, l.where, "the repository cannot be opened: %s", plain(err))
	}
	return objectStore(repo, l.where)
}

// objectStore is what an opened repository reads from.
func objectStore(repo *git.Repository, where string) (*filesystem.Storage, error) {
	store, ok := repo.Storer.(*filesystem.Storage)
	if !ok {
		return nil, failf(ErrUnreachable, where, "the repository has no store of files")
	}
	// Objects may be borrowed from a repository anywhere on the machine
	// (`git clone --shared`), so alternates start from the root.
	return filesystem.NewStorageWithOptions(store.Filesystem(), cache.NewObjectLRUDefault(),
		filesystem.Options{AlternatesFS: osfs.New("/")}), nil
}

// tip looks up the ref: loose, packed, or symbolic.
func (l *local) tip(store *filesystem.Storage) (plumbing.Hash, error) {
	if pin := l.cfg.Ref.Commit; pin != "" {
		h := plumbing.NewHash(pin)
		if _, err := store.EncodedObject(plumbing.CommitObject, h); err != nil {
			return h, failf(ErrRefNotFound, l.where, "commit %s is not there; check ref.commit, or fetch it into the repository", pin)
		}
		return h, nil
	}
	candidates := l.cfg.Ref.full()
	if l.cfg.Ref.Semver != "" {
		best, err := l.newest(store)
		if err != nil {
			return plumbing.ZeroHash, err
		}
		candidates = []string{best}
	} else if len(candidates) == 0 {
		candidates = []string{string(plumbing.HEAD)}
	}
	for _, full := range candidates {
		ref, err := storer.ResolveReference(store, plumbing.ReferenceName(full))
		if err == nil {
			return ref.Hash(), nil
		}
		if !errors.Is(err, plumbing.ErrReferenceNotFound) {
			return plumbing.ZeroHash, failf(ErrUnreachable, l.where, "%s cannot be read (%s); check the repository with `git fsck`", l.cfg.Ref, words.Quote(err.Error()))
		}
	}
	names, err := l.names(store)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	return plumbing.ZeroHash, missingRef(l.where, l.cfg.Ref, names)
}

// newest is the tag of the highest version in the range.
func (l *local) newest(store *filesystem.Storage) (string, error) {
	names, err := l.names(store)
	if err != nil {
		return "", err
	}
	return l.cfg.Ref.newest(l.where, names, func(full string) (plumbing.Hash, error) {
		ref, err := storer.ResolveReference(store, plumbing.ReferenceName(full))
		if err != nil {
			return plumbing.ZeroHash, failf(ErrUnreachable, l.where, "%s cannot be read (%s); check the repository with `git fsck`", words.Quote(full), words.Quote(err.Error()))
		}
		r := &treeReader{gather: &gather{cfg: l.cfg, where: l.where}, store: disk{store}}
		c, err := r.commit(ref.Hash())
		if err != nil {
			return plumbing.ZeroHash, err
		}
		return c.Hash, nil
	})
}

// names lists the references but HEAD; none at all is an error.
func (l *local) names(store *filesystem.Storage) ([]string, error) {
	refs, err := store.IterReferences()
	if err != nil {
		return nil, failf(ErrUnreachable, l.where, "the refs cannot be listed: %s", plain(err))
	}
	defer refs.Close()
	var names []string
	err = refs.ForEach(func(r *plumbing.Reference) error {
		if r.Name() != plumbing.HEAD {
			names = append(names, r.Name().String())
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, failf(ErrUnreachable, l.where, "the refs cannot be listed: %s", plain(err))
	case len(names) == 0:
		return nil, emptyRepository(l.where)
	}
	return names, nil
}

func emptyRepository(where string) error {
	return failf(ErrEmpty, where, "the repository has no commit yet; push one")
}
