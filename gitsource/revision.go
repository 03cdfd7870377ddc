package gitsource

import (
	"encoding/hex"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"

	"github.com/seed-6ca89210/sluice/gitsource/words"
)

// step is one of the steps back that may follow a name: ~, ~3, ^, ^2.
var step = regexp.MustCompile(`[~^][0-9]*`)

// fetchMore is what to do where a clone does not hold enough.
const fetchMore = "fetch it first; in CI, check out the whole history (GitHub: fetch-depth: 0, GitLab: GIT_DEPTH: 0)"

// resolve finds the commit that a revision names. Of Git's ways to write one it
// knows names, ids and steps back. The library's own reading passes over what it
// does not know, so that HEAD@{1} would be HEAD: here that is an error.
func (p *past) resolve(revision string) (plumbing.Hash, error) {
	name, steps := revision, ""
	if i := strings.IndexAny(revision, "~^"); i >= 0 {
		name, steps = revision[:i], revision[i:]
	}
	if step.ReplaceAllString(steps, "") != "" {
		return plumbing.ZeroHash, failf(ErrRefNotFound, p.where,
			"%q is not a revision that can be read here; give a branch, a tag or a commit, with ~2 or ^2 behind it where you like", words.Quote(revision))
	}
	id, err := p.named(name)
	if err != nil {
		return id, err
	}
	for _, s := range step.FindAllString(steps, -1) {
		if id, err = p.back(id, s, revision); err != nil {
			return id, err
		}
	}
	return id, nil
}

// named finds the commit of a name or an id, as git-rev-parse does: a whole id
// first, then references, then the beginning of an id.
func (p *past) named(name string) (plumbing.Hash, error) {
	if checkCommit(name) == nil {
		return p.peeled(plumbing.NewHash(name), name)
	}
	if name == "@" || name == "HEAD" {
		ref, err := storer.ResolveReference(p.store, plumbing.HEAD)
		if err != nil {
			return plumbing.ZeroHash, failf(ErrRefNotFound, p.where, "HEAD names no commit yet; commit something first")
		}
		return p.peeled(ref.Hash(), name)
	}
	short := strings.TrimPrefix(name, "refs/")
	if err := checkRefName(short); err != nil || name == "" {
		return plumbing.ZeroHash, failf(ErrRefNotFound, p.where, "%q is not a revision: give a branch, a tag or a commit", words.Quote(name))
	}
	for _, rule := range plumbing.RefRevParseRules {
		if rule == "%s" && short == name { // a file of .git such as config is no reference
			continue
		}
		ref, err := storer.ResolveReference(p.store, plumbing.ReferenceName(strings.Replace(rule, "%s", name, 1)))
		if err == nil {
			return p.peeled(ref.Hash(), name)
		}
	}
	return p.begins(name)
}

// shortest is the least that Git takes for the beginning of an id.
const shortest = 4

// begins finds the one commit whose id begins so.
func (p *past) begins(name string) (plumbing.Hash, error) {
	var found []plumbing.Hash
	if whole, err := hex.DecodeString(name[:len(name)&^1]); err == nil && len(name) >= shortest {
		hashes, err := p.store.HashesWithPrefix(whole)
		if err != nil {
			return plumbing.ZeroHash, failf(ErrUnreachable, p.where, "the objects cannot be listed: %s", plain(err))
		}
		for _, h := range hashes {
			if _, err := p.store.EncodedObject(plumbing.CommitObject, h); err == nil && strings.HasPrefix(h.String(), name) {
				found = append(found, h)
			}
		}
	}
	switch len(found) {
	case 0:
		return plumbing.ZeroHash, p.missing(name)
	case 1:
		return found[0], nil
	}
	return plumbing.ZeroHash, failf(ErrRefNotFound, p.where, "%s is the beginning of %d commits; give more of the id", name, len(found))
}

func (p *past) missing(revision string) error {
	return failf(ErrRefNotFound, p.where, "revision %s is not in this clone: check the name, or %s", words.Quote(revision), fetchMore)
}

// peeled follows tags to a commit.
func (p *past) peeled(id plumbing.Hash, name string) (plumbing.Hash, error) {
	if _, err := p.store.EncodedObject(plumbing.AnyObject, id); errors.Is(err, plumbing.ErrObjectNotFound) {
		return id, p.missing(name)
	}
	c, err := p.reader().commit(id)
	if err != nil {
		return id, err
	}
	return c.Hash, nil
}

// back takes one step: ~N goes to the Nth first parent in a row, ^N to the Nth
// parent of a merge.
func (p *past) back(id plumbing.Hash, how, revision string) (plumbing.Hash, error) {
	n := 1
	if how[1:] != "" {
		var err error
		if n, err = strconv.Atoi(how[1:]); err != nil {
			return id, p.missing(revision)
		}
	}
	times, parent := n, 0
	if how[0] == '^' {
		times, parent = min(n, 1), n-1
	}
	for range times {
		c, err := p.commit(id)
		if err != nil {
			return id, err
		}
		if parent >= len(c.ParentHashes) {
			return id, p.missing(revision)
		}
		id = c.ParentHashes[parent]
	}
	_, err := p.commit(id) // a shallow clone names parents that it does not have
	return id, err
}

// commit reads a commit of the history.
func (p *past) commit(id plumbing.Hash) (*object.Commit, error) {
	if p.ctx.Err() != nil {
		return nil, failf(ErrUnreachable, p.where, "stopped at commit %s", id)
	}
	if _, err := p.store.EncodedObject(plumbing.CommitObject, id); errors.Is(err, plumbing.ErrObjectNotFound) {
		return nil, failf(ErrRefNotFound, p.where, "commit %s is not in this clone, whose history is cut off: %s", id, fetchMore)
	}
	return p.reader().commit(id)
}

// line lists the commits from HEAD back along first parents, up to the first one
// that is, or is contained in, the commit from. The newest is first.
func (p *past) line(from, head plumbing.Hash) ([]*object.Commit, error) {
	var line []*object.Commit
	at := map[plumbing.Hash]int{}
	id, whole := head, false
	for id != from && !whole && len(line) < maxSince {
		c, err := p.commit(id)
		if err != nil {
			return nil, err
		}
		at[id] = len(line)
		line = append(line, c)
		if whole = len(c.ParentHashes) == 0; !whole {
			id = c.ParentHashes[0]
		}
	}
	if id == from {
		return line, nil
	}
	shared, err := p.shared(from, at)
	switch {
	case err != nil:
		return nil, err
	case shared < len(line):
		return line[:shared], nil
	case whole:
		return nil, failf(ErrRefNotFound, p.where, "commit %s has no commit in common with HEAD; name one that HEAD comes from", from)
	}
	return nil, failf(ErrLimit, p.where, "there are more than %d commits since %s; name a later revision", maxSince, from)
}

// shared finds the newest commit of a line that from contains: the place in the
// line, or its length. What is behind a commit of the line is older than it, so
// that the search ends there.
func (p *past) shared(from plumbing.Hash, line map[plumbing.Hash]int) (int, error) {
	newest := len(line)
	seen := map[plumbing.Hash]bool{from: true}
	for queue := []plumbing.Hash{from}; len(queue) > 0; queue = queue[1:] {
		if i, ok := line[queue[0]]; ok {
			newest = min(newest, i)
			continue
		}
		if len(seen) > maxSides {
			return 0, failf(ErrLimit, p.where, "commit %s and HEAD parted more than %d commits ago; name a later revision", from, maxSides)
		}
		c, err := p.commit(queue[0])
		if err != nil {
			return 0, err
		}
		for _, parent := range c.ParentHashes {
			if !seen[parent] {
				seen[parent] = true
				queue = append(queue, parent)
			}
		}
	}
	return newest, nil
}
