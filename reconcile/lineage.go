package reconcile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-6ca89210/sluice/gitsource"
)

// Signed says which commits must be signed by one of the source's keys.
type Signed string

// What must be signed.
const (
	SignedNone  Signed = ""                   // nothing: rules are told who signed
	SignedHead  Signed = "head"               // the commit itself
	SignedSince Signed = "since-last-applied" // and every commit between the last applied one and it
)

// lineage is a commit and what is known of how it came about.
type lineage struct {
	commit gitsource.Commit
	base   string // the commit that it must descend from; "" there is none
	of     string // the repository of base, where it is another one; "" the same
	taken  string // the commit that an operator acknowledged last

	compared bool // false: the source has no history, or the configuration pins the commit
	line     *gitsource.Line
	err      error // why there is no line

	signed Signed
}

// hold is why a commit is not acted on.
type hold struct {
	reason  string // empty: it is acted on
	passing bool   // another look may end it
}

// verdict decides whether a commit may be acted on. It is pure.
//
//	the commit is…                              its history     signature asked for
//	no earlier one is recorded                  taken           its own
//	the last applied one                        taken           its own
//	and acknowledged by an operator             taken           none
//	a descendant of the last applied one        taken           its own; of all between with SignedSince
//	rewound, rewritten, of another history      held
//	not known to descend within the limits      held
//	pinned by the configuration                 not looked at   its own
func (l lineage) verdict() hold {
	if h := l.descent(); h.reason != "" || l.commit.ID == l.taken {
		return h
	}
	return l.signature()
}

// descends reports whether the commit is to be compared with an earlier one.
func (l lineage) descends() bool {
	return l.compared && isCommit(l.base) && isCommit(l.commit.ID) && l.base != l.commit.ID
}

// descent is the part of verdict that goes by the history. What was not compared yet is
// held too: a turn goes by what is known when it begins, and waits for no server.
func (l lineage) descent() hold {
	if !l.descends() {
		return hold{}
	}
	if l.err != nil {
		return hold{fmt.Sprintf("commit %s could not be compared with %s, which was last applied: %v; it is tried again at the next look at Git", short(l.commit.ID), short(l.base), l.err), true}
	}
	if l.line == nil || !l.fits() {
		return hold{fmt.Sprintf("commit %s is not compared yet with %s, which was just applied; it is at the next look at Git", short(l.commit.ID), short(l.base)), true}
	}
	why := ""
	switch l.line.Relation {
	case gitsource.Descendant:
		return hold{}
	case gitsource.Ancestor:
		why = "the branch was rewound to a commit behind it"
	case gitsource.Diverged:
		why = "the branch was rewritten: both come from an earlier commit"
	case gitsource.Unrelated:
		why = "the two have no commit in common"
	case gitsource.Unknown:
		return hold{reason: fmt.Sprintf("it cannot be shown that commit %s descends from %s: %s; %s", short(l.commit.ID), l.last(), l.line.Gap, l.advice())}
	default:
		why = "the branch was rewound or rewritten, and the repository does not hand out the other any more"
	}
	return hold{reason: fmt.Sprintf("commit %s does not descend from %s: %s; put the change on top of that one, or %s", short(l.commit.ID), l.last(), why, l.advice())}
}

// unseen is why the commits between the last applied one and this one are not all
// known, and so neither who made the change; empty: they are.
func (l lineage) unseen() string {
	switch {
	case !l.descends():
		return ""
	case l.err != nil || l.line == nil || !l.fits():
		return "it was not compared yet with " + l.last()
	}
	return l.line.Unseen()
}

// last names the last applied commit.
func (l lineage) last() string {
	if l.of == "" {
		return short(l.base) + ", which was last applied"
	}
	return fmt.Sprintf("%s, which was last applied, from %s", short(l.base), l.of)
}

// fits reports whether the line speaks of the last applied commit: it begins there,
// or it began at an earlier one and the last applied one lies on it.
func (l lineage) fits() bool {
	return l.line.To == l.commit.ID && (l.line.From == l.base || l.line.Relation == gitsource.Descendant &&
		slices.ContainsFunc(l.line.Commits, func(c gitsource.Commit) bool { return c.ID == l.base }))
}

// signature is the part of verdict that goes by signatures; it comes after descent, so
// that there is a line to look along.
func (l lineage) signature() hold {
	unsigned := func(c gitsource.Commit) bool { return c.Signer == "" }
	if l.signed == SignedNone {
		return hold{}
	}
	if unsigned(l.commit) {
		return l.notSigned(l.commit)
	}
	if l.signed != SignedSince || !l.descends() {
		return hold{}
	}
	if i := slices.IndexFunc(l.line.Commits, unsigned); i >= 0 {
		return l.notSigned(l.line.Commits[i])
	}
	if l.line.Gap != "" {
		return hold{reason: fmt.Sprintf("it cannot be shown that every commit between %s, which was last applied, and %s is signed: %s; %s", short(l.base), short(l.commit.ID), l.line.Gap, l.advice())}
	}
	return hold{}
}

func (l lineage) notSigned(c gitsource.Commit) hold {
	what := fmt.Sprintf("commit %s (%s)", c.ID, formatPerson(c.Author))
	if c.ID != l.commit.ID {
		what += fmt.Sprintf(", which lies between %s and %s,", short(l.base), short(l.commit.ID))
	}
	return hold{reason: fmt.Sprintf("%s has no signature that counts: %s; sign it with a key of specs.verify, or %s", what, c.SignatureProblem, l.advice())}
}

// advice is what lets the commit through as it is.
func (l lineage) advice() string {
	return fmt.Sprintf("acknowledge it: sluice ack %s", l.commit.ID)
}

// isCommit tells a commit of a repository from the state of a folder.
func isCommit(id string) bool { return len(id) == 40 && !strings.Contains(id, ":") }
