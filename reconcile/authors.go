package reconcile

import (
	"fmt"
	"maps"
	"net/mail"
	"slices"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
)

// What a record holds of authors, so that it fits whatever a commit claims: a full list
// may lack somebody.
const (
	longestAuthor = 256 // bytes
	mostAuthors   = history.MostAuthors
)

// people are who had a part in something, each once.
type people struct {
	list  []judge.Person
	seen  map[judge.Person]bool
	texts map[string]bool // of list, as a record has them: mostAuthors at most
}

func newPeople() *people {
	return &people{seen: map[judge.Person]bool{}, texts: map[string]bool{}}
}

// full reports whether a record lists no more: one commit can name tens of thousands.
func (a *people) full() bool { return len(a.texts) >= mostAuthors }

func (a *people) add(p judge.Person) {
	if p == (judge.Person{}) || a.seen[p] {
		return
	}
	a.seen[p] = true
	a.list = append(a.list, p)
	for _, text := range authorTexts(p) {
		if !a.full() {
			a.texts[text] = true
		}
	}
}

// authorTexts are one author as the record has them: name and address apart where the two
// are too long together, since each by itself tells whose an approval is.
func authorTexts(p judge.Person) []string {
	texts := []string{p.Name}
	if p.Email != "" {
		texts = []string{(&mail.Address{Name: p.Name, Address: p.Email}).String()}
		if len(texts[0]) > longestAuthor {
			texts = []string{p.Email, p.Name}
		}
	}
	return slices.DeleteFunc(texts, func(t string) bool { return t == "" || len(t) > longestAuthor })
}

// authors are all who had a part in what a commit brings: its own author, committer,
// signer and co-authors, and those of the commits between the last applied one and it,
// until a record has no room for more. None is known of a folder.
func (d *Desired) authors() *people {
	all := newPeople()
	commits := []gitsource.Commit{d.Commit}
	if d.compared != nil && d.compared.line != nil {
		commits = append(commits, d.compared.line.Commits...)
	}
	for _, c := range commits {
		named := judge.CoAuthors(c.Message)
		for _, p := range append([]judge.Person{judge.Person(c.Author), judge.Person(c.Committer), {Email: c.Signer}}, named...) {
			if all.full() {
				return all
			}
			all.add(p)
		}
	}
	return all
}

// unlisted reports whether others may have had a part in it.
func (d *Desired) unlisted() bool {
	return d.compared != nil && d.compared.line != nil && d.compared.line.Unseen() != ""
}

// allAuthors are those, and those on record: of the commit, since once a part of it was
// applied nothing lies between any more; and of earlier ones that were never carried
// out whole, since what is left of them is part of this one.
func (l *Loop) allAuthors(d *Desired) []judge.Person {
	all := d.authors()
	for _, text := range slices.Concat(l.cfg.Ledger.Authors(d.Commit.ID), l.cfg.Ledger.OpenAuthors()) {
		p := judge.Person{Name: text}
		if a, err := mail.ParseAddress(text); err == nil {
			p = judge.Person{Name: a.Name, Email: a.Address}
		}
		all.add(p)
	}
	return all.list
}

// withKnown adds authors to those that are on record already, as many as a record takes.
func withKnown(authors map[string]bool, known []string) []string {
	all := slices.Clone(known)
	for _, a := range slices.Sorted(maps.Keys(authors)) {
		if len(all) < mostAuthors && !slices.Contains(known, a) {
			all = append(all, a)
		}
	}
	slices.Sort(all)
	return all
}

// authorsUnknown is why allAuthors may not be all; empty: they are.
func (l *Loop) authorsUnknown(d *Desired) string {
	if why := l.lineage(d).unseen(); why != "" {
		return why
	}
	if len(l.cfg.Ledger.Authors(d.Commit.ID)) >= mostAuthors {
		return fmt.Sprintf("%d people or more had a part in it, and the record lists no more", mostAuthors)
	}
	if l.cfg.Ledger.Unlisted(d.Commit.ID) {
		return "not all who had a part in it could be looked at when it was first seen"
	}
	if l.cfg.Ledger.OpenUnlisted() {
		return "something may be left of an earlier change, of whose authors the record does not list all; revert what is left of it, and bring that anew once all else is applied"
	}
	return ""
}
