package gitsource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"

	"github.com/seed-6ca89210/sluice/gitsource/words"
)

const (
	// maxTagChain bounds tags of tags.
	maxTagChain = 8
	// maxMeta bounds a commit or tag object; real ones are a few hundred bytes.
	maxMeta = 1 << 20
)

// treeReader reads a commit out of a store of objects, in memory or on disk. Whoever made
// the objects may be hostile: sizes are looked up before anything is read, names are
// checked before they make a path, and every folder and file is counted.
type treeReader struct {
	*gather
	ctx   context.Context
	store storer.EncodedObjectStorer
	// filtered says that the server left out blobs above limits.fileSize, so that
	// a blob that is not there is one of those.
	filtered bool
	only     string // the one file of the path that is wanted; all when empty
	pool     *pool  // blobs that were read before; nil: none are kept
}

// readSnapshot peels tip to a commit and gathers its files.
func readSnapshot(ctx context.Context, cfg Config, where string, store storer.EncodedObjectStorer, tip plumbing.Hash, filtered bool) (*Snapshot, error) {
	r := &treeReader{gather: &gather{cfg: cfg, where: where}, ctx: ctx, store: store, filtered: filtered}
	return r.snapshot(tip)
}

// snapshot reads all or nothing: a commit of which some files were left out would say that
// nobody wants what they hold.
func (r *treeReader) snapshot(tip plumbing.Hash) (*Snapshot, error) {
	commit, err := r.commit(tip)
	if err != nil {
		return nil, err
	}
	r.where += " at commit " + commit.Hash.String()
	root, err := r.find(commit.TreeHash)
	if err != nil {
		return nil, err
	}
	if r.only != "" {
		err = r.one(root)
	} else {
		err = r.walk(root, r.cfg.Path, 0)
	}
	if err != nil {
		return nil, err
	}
	files, err := r.finish()
	if err != nil {
		return nil, err
	}
	s := &Snapshot{Commit: describe(commit), Files: files, tip: tip.String()}
	if err := r.sign(&s.Commit, commit); err != nil {
		return nil, err
	}
	return s, nil
}

// sign notes who signed a commit. It works on the object's own bytes: what the
// library made of them may differ from what was signed.
func (r *treeReader) sign(to *Commit, c *object.Commit) error {
	obj, err := r.store.EncodedObject(plumbing.CommitObject, c.Hash)
	if err != nil {
		return r.broken("commit", c.Hash, err)
	}
	raw, err := readObject(obj, obj.Size())
	if err != nil {
		return r.broken("commit", c.Hash, err)
	}
	by, problem := r.cfg.ring.Verify(raw, to.Time)
	if problem != nil {
		to.SignatureProblem = problem.Error()
		return nil
	}
	to.Signer, to.SignerKey = by.Name, by.Key
	return nil
}

// describe is what a commit says of itself, within bounds.
func describe(c *object.Commit) Commit {
	return Commit{
		ID:        c.Hash.String(),
		Author:    Person{c.Author.Name, c.Author.Email},
		Committer: Person{c.Committer.Name, c.Committer.Email},
		Time:      c.Committer.When,
		Message:   c.Message,
	}.bounded()
}

// size looks up an object's size without reading it.
func (r *treeReader) size(h plumbing.Hash) (int64, error) {
	n, err := r.store.EncodedObjectSize(h)
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		// On disk the quick look does not cover objects borrowed from another
		// repository (alternates); the full look does.
		var obj plumbing.EncodedObject
		if obj, err = r.store.EncodedObject(plumbing.AnyObject, h); err == nil {
			n = obj.Size()
		}
	}
	return n, err
}

func (r *treeReader) broken(what string, h plumbing.Hash, err error) error {
	return failf(ErrUnreachable, r.where, "%s %s cannot be read (%s); check the repository with `git fsck`", what, h, words.Quote(err.Error()))
}

// commit follows tags from tip to their commit. The chain is bounded, since a forged one
// may be as long as the pack allows, and so is each object before it is decoded.
func (r *treeReader) commit(tip plumbing.Hash) (*object.Commit, error) {
	for range maxTagChain {
		n, err := r.size(tip)
		if err != nil {
			return nil, r.broken("object", tip, err)
		}
		obj, err := r.store.EncodedObject(plumbing.AnyObject, tip)
		if err != nil {
			return nil, r.broken("object", tip, err)
		}
		kind := obj.Type()
		if (kind == plumbing.CommitObject || kind == plumbing.TagObject) && n > maxMeta {
			return nil, failf(ErrLimit, r.where, "%s %s has %d bytes, more than %d", kind, tip, n, maxMeta)
		}
		switch kind {
		case plumbing.CommitObject:
			c, err := object.DecodeCommit(r.store, obj)
			if err != nil {
				return nil, r.broken("commit", tip, err)
			}
			return c, nil
		case plumbing.TagObject:
			t, err := object.DecodeTag(r.store, obj)
			if err != nil {
				return nil, r.broken("tag", tip, err)
			}
			tip = t.Target
		default:
			return nil, failf(ErrRefNotFound, r.where, "%s names a %s, not a commit; choose another ref", r.cfg.Ref, kind)
		}
	}
	return nil, failf(ErrRefNotFound, r.where, "%s is a tag of a tag, more than %d deep; choose another ref", r.cfg.Ref, maxTagChain)
}

// tree reads one tree object. A tree that is larger than this could not keep to
// the limits on files and paths.
func (r *treeReader) tree(h plumbing.Hash, full string) ([]object.TreeEntry, error) {
	if err := r.ctx.Err(); err != nil {
		return nil, failf(ErrUnreachable, r.where, "stopped at folder %s", words.Quote(full))
	}
	n, err := r.size(h)
	if err != nil {
		return nil, r.broken("folder "+words.Quote(full)+",", h, err)
	}
	const overhead = 64 // mode, hash and separators
	if most := int64(2*r.cfg.Limits.Files) * int64(r.cfg.Limits.PathLength+overhead); n > most {
		return nil, failf(ErrLimit, r.where, "the list of folder %s has %d bytes, more than %d, which limits.files and limits.pathLength allow; set path to a smaller folder or raise one of them", words.Quote(full), n, most)
	}
	t, err := object.GetTree(r.store, h)
	if err != nil {
		return nil, r.broken("folder "+words.Quote(full)+",", h, err)
	}
	return t.Entries, nil
}

// find walks from the root tree to the tree of the path. A link on the way is refused, not
// followed: it could lead anywhere.
func (r *treeReader) find(root plumbing.Hash) (plumbing.Hash, error) {
	if r.cfg.Path == "." {
		return root, nil
	}
	at, sofar := root, "."
next:
	for part := range strings.SplitSeq(r.cfg.Path, "/") {
		entries, err := r.tree(at, sofar)
		if err != nil {
			return at, err
		}
		sofar = path.Join(sofar, part)
		for _, e := range entries {
			if e.Name != part {
				continue
			}
			switch e.Mode {
			case filemode.Dir:
				at = e.Hash
				continue next
			case filemode.Symlink, filemode.Submodule:
				return at, r.refused(sofar, e.Mode)
			}
			return at, failf(ErrPathNotFound, r.where, "%s is not a folder; set path to the folder that holds the files", words.Quote(sofar))
		}
		return at, failf(ErrPathNotFound, r.where, "there is no folder %s; check path", words.Quote(sofar))
	}
	return at, nil
}

func (r *treeReader) walk(h plumbing.Hash, dir string, depth int) error {
	if err := r.enter(dir, depth); err != nil {
		return err
	}
	entries, err := r.tree(h, dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if skip(e.Name) {
			continue
		}
		full, err := r.entry(dir, e.Name)
		if err != nil {
			return err
		}
		if e.Mode == filemode.Dir {
			err = r.walk(e.Hash, full, depth+1)
		} else {
			err = r.leaf(full, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// one reads a single file of the path.
func (r *treeReader) one(folder plumbing.Hash) error {
	e, found, err := r.child(folder, r.only)
	if err != nil {
		return err
	}
	full := path.Join(r.cfg.Path, r.only)
	if !found || e.Mode == filemode.Dir {
		return failf(ErrPathNotFound, r.where, "there is no file %s; check path", words.Quote(full))
	}
	return r.leaf(full, e)
}

// child looks up one entry of the path's folder.
func (r *treeReader) child(folder plumbing.Hash, name string) (object.TreeEntry, bool, error) {
	entries, err := r.tree(folder, r.cfg.Path)
	if err != nil {
		return object.TreeEntry{}, false, err
	}
	i := slices.IndexFunc(entries, func(e object.TreeEntry) bool { return e.Name == name })
	if i < 0 {
		return object.TreeEntry{}, false, nil
	}
	return entries[i], true, nil
}

// leaf reads what is no folder. The library has brought odd modes to the five that
// Git knows, so compare for equality: filemode.IsFile says yes to links.
func (r *treeReader) leaf(full string, e object.TreeEntry) error {
	switch e.Mode {
	case filemode.Regular, filemode.Executable:
		return r.file(full, e.Hash)
	}
	return r.refused(full, e.Mode)
}

// file reads one that is wanted, and only counts the others. Its size stands against the
// limits before its content is read, and a blob that was read before counts again: what
// is bounded is what the snapshot holds.
func (r *treeReader) file(full string, h plumbing.Hash) error {
	wanted, err := r.count(full)
	if err != nil || !wanted {
		return err
	}
	if data, held := r.pool.get(h); held {
		if err := r.reserve(full, int64(len(data))); err != nil {
			return err
		}
		r.add(full, data)
		return nil
	}
	n, err := r.size(h)
	if r.filtered && errors.Is(err, plumbing.ErrObjectNotFound) {
		return failf(ErrLimit, r.where, "%s has more bytes than limits.fileSize, which is %s; split it or raise the limit", words.Quote(full), bytesText(r.cfg.Limits.FileSize))
	}
	if err != nil {
		return r.broken(words.Quote(full)+",", h, err)
	}
	if err := r.reserve(full, n); err != nil {
		return err
	}
	data, err := r.blob(h, n)
	if err != nil {
		return r.broken(words.Quote(full)+",", h, err)
	}
	if err := r.pool.put(h, data, r.where); err != nil {
		return err
	}
	r.add(full, data)
	return nil
}

// blob reads exactly n bytes. The copy matters: the store's bytes are its own.
func (r *treeReader) blob(h plumbing.Hash, n int64) ([]byte, error) {
	obj, err := r.store.EncodedObject(plumbing.BlobObject, h)
	if err != nil {
		return nil, err
	}
	return readObject(obj, n)
}

func readObject(obj plumbing.EncodedObject, n int64) ([]byte, error) {
	rd, err := obj.Reader()
	if err != nil {
		return nil, err
	}
	defer rd.Close()
	data, err := io.ReadAll(io.LimitReader(rd, n+1))
	if err == nil && int64(len(data)) != n {
		err = fmt.Errorf("%d bytes where its header says %d", len(data), n)
	}
	return data, err
}

func (r *treeReader) refused(full string, mode filemode.FileMode) error {
	kind := fmt.Sprintf("an entry of mode %o", uint32(mode))
	switch mode {
	case filemode.Symlink:
		kind = "a symbolic link"
	case filemode.Submodule:
		kind = "a submodule"
	}
	return failf(ErrRefused, r.where, "%s is %s, which is not read; put the file itself there, or take it away", words.Quote(full), kind)
}
