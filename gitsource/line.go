package gitsource

import (
	"cmp"
	"context"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
)

// The bounds of a [Line].
const (
	// maxLine is how far back is looked for the older commit, in generations, and
	// how many commits a Line lists.
	maxLine = 1_000
	// nearLine is how far back is looked first: most changes are a few commits.
	nearLine = 64
	// maxAncestors bounds the commits that are read, side branches included.
	maxAncestors = 20_000
	// maxCoAuthors bounds the Co-authored-by of all its commits, and maxCoAuthor the bytes
	// of each: a name and an address are half of that.
	maxCoAuthors, maxCoAuthor = 2_000, 512
)

// Relation is what a commit is to an older one.
type Relation string

// The relations. Descendant is proven by the ids that commits hold of their parents,
// whatever a server says; the others are what was found.
const (
	Same       Relation = "same"
	Descendant Relation = "descendant"
	Ancestor   Relation = "ancestor"   // the newer one lies behind the older one: rewound
	Diverged   Relation = "diverged"   // both come from a third one: rewritten
	Unrelated  Relation = "unrelated"  // they have no commit in common
	NotBehind  Relation = "not behind" // not a descendant; the older one is not there to say more
	Unknown    Relation = "unknown"    // the limits, or a history that is cut off, end the search
)

// Line is what a commit brings that an older one has not.
type Line struct {
	From, To string   // ids of commits
	Relation Relation // of To to From
	// Commits are To and all its ancestors that are neither From nor behind it, merged
	// side branches too, To first: up to 1,000. None for Same and Ancestor. Of their
	// messages only the beginning is there, on one line, and each Co-authored-by below it,
	// 2,000 in all; names and addresses of more than 256 bytes are cut as a [Person]'s are.
	Commits []Commit
	// Gap is why Commits are not all of them, as a sentence; empty: they are all.
	Gap string
	// Unnamed is why the commits do not name all who made them, as a sentence; empty: they do.
	Unnamed string
}

// Unseen is why others than whom Commits name may have had a part in it; empty: they name all.
func (l *Line) Unseen() string { return cmp.Or(l.Gap, l.Unnamed) }

// lines is a backend that has a history.
type lines interface {
	// line looks back from the object that a snapshot's ref named.
	line(ctx context.Context, from, to, tip plumbing.Hash) (*Line, error)
}

// Line finds what the commit of a snapshot brings that an older commit has not, and
// whether it descends from it. Only commits are asked for, of servers that can leave
// out the rest (partial clones); of others it costs what those commits changed,
// within Limits. Nothing is kept. The signer of each commit is looked for as a
// Snapshot's is.
//
// That a history goes on past 1,000 generations is no error: see [Line].Relation.
func (s *Source) Line(ctx context.Context, from string, to *Snapshot) (*Line, error) {
	back, ok := s.back.(lines)
	if !ok {
		return nil, fmt.Errorf("%s: a plain folder has no history", s.where)
	}
	for _, id := range []string{from, to.Commit.ID} {
		if err := checkCommit(id); err != nil {
			return nil, fmt.Errorf("%s: %w", s.where, err)
		}
	}
	if from == to.Commit.ID {
		return &Line{From: from, To: from, Relation: Same}, nil
	}
	s.walks.Add(1)
	tip := to.tip
	if tip == "" {
		tip = to.Commit.ID
	}
	return within(ctx, s.cfg.Limits.Timeout, s.where, func(ctx context.Context) (*Line, error) {
		return back.line(ctx, plumbing.NewHash(from), plumbing.NewHash(to.Commit.ID), plumbing.NewHash(tip))
	})
}

// settled reports whether looking further back would tell more.
func (l *Line) settled() bool {
	return l.Relation == Ancestor || l.Relation == Descendant && l.Gap == ""
}
