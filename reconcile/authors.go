package reconcile

import (
	"net/mail"
	"slices"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
)

// authors are all who had a part in what a commit brings: its own author, committer,
// signer and co-authors, and those of the commits between the last applied one and it.
// None is known of a folder.
func (d *Desired) authors() []judge.Person {
	var list []judge.Person
	add := func(p judge.Person) {
		if (p.Name != "" || p.Email != "") && !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	commits := []gitsource.Commit{d.Commit}
	if d.compared != nil && d.compared.line != nil {
		commits = append(commits, d.compared.line.Commits...)
	}
	for _, c := range commits {
		add(judge.Person(c.Author))
		add(judge.Person(c.Committer))
		add(judge.Person{Email: c.Signer})
		for _, p := range judge.CoAuthors(c.Message) {
			add(p)
		}
	}
	return list
}

// allAuthors are those, and those on record: of the commit, since once a part of it was
// applied nothing lies between any more; and of earlier ones that were never carried
// out whole, since what is left of them is part of this one.
func (l *Loop) allAuthors(d *Desired) []judge.Person {
	list := d.authors()
	for _, text := range slices.Concat(l.cfg.Ledger.Authors(d.Commit.ID), l.cfg.Ledger.OpenAuthors()) {
		p := judge.Person{Name: text}
		if a, err := mail.ParseAddress(text); err == nil {
			p = judge.Person{Name: a.Name, Email: a.Address}
		}
		if !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list
}

// What a record holds of authors: names are what somebody wrote into a commit.
const (
	longestAuthor = 256
	mostAuthors   = 500
)

// authorTexts are a commit's authors as the record has them.
func (d *Desired) authorTexts() []string {
	var list []string
	for _, p := range d.authors() {
		text := p.Name
		if p.Email != "" {
			text = (&mail.Address{Name: p.Name, Address: p.Email}).String()
			if len(text) > longestAuthor {
				text = p.Email
			}
		}
		if len(text) <= longestAuthor && len(list) < mostAuthors {
			list = append(list, text)
		}
	}
	slices.Sort(list)
	return list
}
