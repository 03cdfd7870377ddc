package reconcile

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-6ca89210/sluice/gitsource"
)

var (
	idA = strings.Repeat("a", 40)
	idB = strings.Repeat("b", 40)
	idC = strings.Repeat("c", 40)
)

func signedBy(id, signer string) gitsource.Commit {
	c := gitsource.Commit{ID: id, Author: gitsource.Person{Name: "Ada", Email: "ada@example.com"}, Signer: signer}
	if signer == "" {
		c.SignatureProblem = "it is not signed"
	}
	return c
}

func TestWhichCommitsAreActedOn(t *testing.T) {
	line := func(r gitsource.Relation, gap string, commits ...gitsource.Commit) *gitsource.Line {
		return &gitsource.Line{From: idA, To: idB, Relation: r, Gap: gap, Commits: commits}
	}
	ada, nobody := signedBy(idB, "ada@example.com"), signedBy(idB, "")
	after := func(l *gitsource.Line) lineage {
		return lineage{commit: nobody, base: idA, compared: true, line: l}
	}
	with := func(l lineage, change func(*lineage)) lineage { change(&l); return l }
	next := after(line(gitsource.Descendant, "", nobody))
	tests := []struct {
		name string
		l    lineage
		want string // a part of the reason; empty: it is acted on
	}{
		{"the first run has nothing to compare with", lineage{commit: nobody, compared: true}, ""},
		{"the same commit", lineage{commit: nobody, base: idB, compared: true}, ""},
		{"fast-forward", next, ""},
		{"fast-forward, though side branches go back too far", after(line(gitsource.Descendant, "a gap", nobody)), ""},
		{"rewind", after(line(gitsource.Ancestor, "")), "commit bbbbbbbbbbbb does not descend from aaaaaaaaaaaa, which was last applied: the branch was rewound to a commit behind it; put the change on top of that one, or acknowledge it: sluice ack " + idB},
		{"rewrite", after(line(gitsource.Diverged, "", nobody)), "the branch was rewritten: both come from an earlier commit"},
		{"unrelated", after(line(gitsource.Unrelated, "", nobody)), "the two have no commit in common"},
		{"the older commit is gone from the server", after(line(gitsource.NotBehind, "", nobody)), "rewound or rewritten, and the repository does not hand out the other"},
		{"cannot tell", after(line(gitsource.Unknown, "it lies too far back", nobody)), "it cannot be shown that commit bbbbbbbbbbbb descends from aaaaaaaaaaaa, which was last applied: it lies too far back; acknowledge it: sluice ack " + idB},
		{"a relation that nobody knows", after(line("odd", "", nobody)), "does not descend"},
		{"the comparison failed", with(after(nil), func(l *lineage) { l.err = errors.New("no answer") }), "could not be compared with aaaaaaaaaaaa, which was last applied: no answer; it is tried again"},
		{"no comparison yet", after(nil), "is not compared yet"},
		{"a comparison with another commit than the last applied", with(next, func(l *lineage) { l.base = idC }), "is not compared yet with cccccccccccc"},
		{"a comparison of another commit", with(next, func(l *lineage) { l.commit.ID = idC }), "is not compared yet"},
		{"the last applied lies on the line of an earlier comparison", with(after(line(gitsource.Descendant, "", nobody, signedBy(idC, ""))), func(l *lineage) { l.base = idC }), ""},
		{"pinned, or no history", with(next, func(l *lineage) { l.compared, l.line = false, nil }), ""},
		{"a folder before", with(next, func(l *lineage) { l.base, l.line = "dir:"+idA, nil }), ""},
		{"a rewind to what was acknowledged long ago", with(after(line(gitsource.Ancestor, "")), func(l *lineage) { l.taken = idB }), "was rewound"},

		{"not signed, and nobody asks", next, ""},
		{"head: not signed", with(next, func(l *lineage) { l.signed = SignedHead }), "commit " + idB + " (Ada <ada@example.com>) has no signature that counts: it is not signed; sign it with a key of specs.verify, or acknowledge it: sluice ack " + idB},
		{"head: signed, whatever lies between", with(after(line(gitsource.Descendant, "", ada, signedBy(idC, ""))), func(l *lineage) { l.commit, l.signed = ada, SignedHead }), ""},
		{"head: the first run", lineage{commit: nobody, compared: true, signed: SignedHead}, "has no signature"},
		{"head: pinned", lineage{commit: nobody, signed: SignedHead}, "has no signature"},
		{"head: the last applied one, not signed, since keys were asked for later", lineage{commit: nobody, base: idB, compared: true, signed: SignedHead}, "has no signature"},
		{"head: acknowledged", lineage{commit: nobody, base: idB, taken: idB, compared: true, signed: SignedHead}, ""},
		{"since: all signed", with(after(line(gitsource.Descendant, "", ada, signedBy(idC, "bob@example.com"))), func(l *lineage) { l.commit, l.signed = ada, SignedSince }), ""},
		{"since: one between is not", with(after(line(gitsource.Descendant, "", ada, signedBy(idC, ""))), func(l *lineage) { l.commit, l.signed = ada, SignedSince }), "commit " + idC + " (Ada <ada@example.com>), which lies between aaaaaaaaaaaa and bbbbbbbbbbbb, has no signature that counts"},
		{"since: not all are known", with(after(line(gitsource.Descendant, "there are 3000 commits", ada)), func(l *lineage) { l.commit, l.signed = ada, SignedSince }), "it cannot be shown that every commit between aaaaaaaaaaaa, which was last applied, and bbbbbbbbbbbb is signed: there are 3000 commits"},
		{"since: the first run asks for the head", lineage{commit: nobody, compared: true, signed: SignedSince}, "has no signature"},
		{"since: a signed head on a first run", lineage{commit: ada, compared: true, signed: SignedSince}, ""},
		{"since: rewound and signed", with(after(line(gitsource.Ancestor, "")), func(l *lineage) { l.commit, l.signed = ada, SignedSince }), "rewound"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.l.verdict()
			if (got.reason == "") != (tt.want == "") || !strings.Contains(got.reason, tt.want) {
				t.Errorf("got %q, want %q", got.reason, tt.want)
			}
			if passing := strings.Contains(got.reason, "at the next look at Git"); got.passing != passing {
				t.Errorf("passing %v: %s", got.passing, got.reason)
			}
		})
	}
}
