package gitsource

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/seed-6ca89210/sluice/gitsource/words"
)

// ancestry is commits by their ids, as far as they were read.
type ancestry map[plumbing.Hash]*object.Commit

// ancestry reads the commits of a store from some on back, generation by generation.
// What is not there is left out: whoever walks sees a parent that is missing.
func (r *treeReader) ancestry(generations int, from ...plumbing.Hash) (ancestry, error) {
	read := ancestry{}
	known := map[plumbing.Hash]bool{} // once each: a forged commit may name a parent many times
	for ; generations > 0 && len(from) > 0; generations-- {
		var parents []plumbing.Hash
		for _, id := range from {
			if known[id] {
				continue
			}
			known[id] = true
			if len(read) >= maxAncestors {
				return read, nil
			}
			if r.ctx.Err() != nil {
				return nil, failf(ErrUnreachable, r.where, "stopped at commit %s", id)
			}
			if _, err := r.store.EncodedObject(plumbing.CommitObject, id); errors.Is(err, plumbing.ErrObjectNotFound) {
				continue
			}
			c, err := r.commit(id)
			if err != nil {
				return nil, err
			}
			read[id] = c
			for _, p := range c.ParentHashes {
				if !known[p] {
					parents = append(parents, p)
				}
			}
		}
		from = parents
	}
	return read, nil
}

// behind is a commit and what lies behind it, as far as its ids are known, and
// whether that is all.
func (a ancestry) behind(id plumbing.Hash) (seen map[plumbing.Hash]bool, whole bool) {
	seen, whole = map[plumbing.Hash]bool{id: true}, true
	for next := []plumbing.Hash{id}; len(next) > 0; next = next[1:] {
		c := a[next[0]]
		if c == nil {
			whole = false
			continue
		}
		for _, p := range c.ParentHashes {
			if !seen[p] {
				seen[p] = true
				next = append(next, p)
			}
		}
	}
	return seen, whole
}

// between walks from the newer commit back to what lies behind the older one.
func (a ancestry) between(from, to plumbing.Hash) (*Line, []*object.Commit) {
	l := &Line{From: from.String(), To: to.String()}
	old, oldWhole := a.behind(from)
	if old[to] {
		l.Relation = Ancestor
		return l, nil
	}
	var list []*object.Commit
	met, shared := false, false
	seen := map[plumbing.Hash]bool{to: true}
	for next := []plumbing.Hash{to}; len(next) > 0; next = next[1:] {
		c := a[next[0]]
		if c == nil {
			l.Gap = fmt.Sprintf("commit %s was not read: it lies too far back (more than %d generations, or %d commits), or the history is cut off there", next[0], maxLine, maxAncestors)
			continue
		}
		list = append(list, c)
		for _, p := range c.ParentHashes {
			met, shared = met || p == from, shared || old[p]
			if !old[p] && !seen[p] {
				seen[p] = true
				next = append(next, p)
			}
		}
	}
	if len(list) > maxLine {
		l.Gap = fmt.Sprintf("there are %d commits, more than %d", len(list), maxLine)
		list = list[:maxLine]
	}
	switch {
	case met:
		l.Relation = Descendant
	case l.Gap != "":
		l.Relation = Unknown
	case shared:
		l.Relation = Diverged
	case oldWhole:
		l.Relation = Unrelated
	default:
		l.Relation = NotBehind
	}
	return l, list
}

// line describes what lies between two commits, signers included.
func (r *treeReader) line(a ancestry, from, to plumbing.Hash) (*Line, error) {
	l, list := a.between(from, to)
	left := maxCoAuthors
	for _, c := range list {
		if r.ctx.Err() != nil {
			return nil, failf(ErrUnreachable, r.where, "stopped at commit %s", c.Hash)
		}
		d := describe(c).brief() // a thousand whole ones could be much
		named, whole := coAuthors(d.Message, left)
		left -= len(named)
		d.Message = strings.Join(append([]string{words.Quote(d.Message)}, named...), "\n")
		if !whole {
			l.Unnamed = fmt.Sprintf("not all co-authors of commit %s are looked at: together there are more than %d, or one takes more than %d bytes", c.Hash, maxCoAuthors, maxCoAuthor)
		}
		if err := r.sign(&d, c); err != nil {
			return nil, err
		}
		l.Commits = append(l.Commits, d)
	}
	return l, nil
}

// coAuthored is a line of a message that names another author.
var coAuthored = regexp.MustCompile(`(?im)^[ \t]*co-authored-by:.*$`)

// coAuthors are the lines of a message that say who made the change, each once and up to
// most of them: none of these people may approve it. whole is false where there are others.
func coAuthors(message string, most int) (list []string, whole bool) {
	seen := map[string]bool{}
	whole = true
	for _, line := range coAuthored.FindAllString(message, -1) {
		line = words.Mask(line)
		switch {
		case seen[line]:
		case len(line) > maxCoAuthor || len(list) == most:
			whole = false
		default:
			seen[line] = true
			list = append(list, line)
		}
	}
	return list, whole
}
