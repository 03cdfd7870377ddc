package reconcile

import (
	"fmt"
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

// What a record holds of authors, so that it fits whatever a commit claims: a full list
// may lack somebody.
const (
	longestAuthor = 256 // bytes
	mostAuthors   = 500
)

// authorTexts are a commit's authors as the record has them: name and address apart where
// the two are too long together, since each by itself tells whose an approval is.
func (d *Desired) authorTexts() []string {
	var list []string
	for _, p := range d.authors() {
		texts := []string{p.Name}
		if p.Email != "" {
			texts = []string{(&mail.Address{Name: p.Name, Address: p.Email}).String()}
			if len(texts[0]) > longestAuthor {
				texts = []string{p.Email, p.Name}
			}
		}
		for _, text := range texts {
			if text != "" && len(text) <= longestAuthor && len(list) < mostAuthors {
				list = append(list, text)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// withKnown adds the authors that are on record already, as many as a record takes.
func withKnown(authors, known []string) []string {
	all := slices.Concat(known, authors)
	slices.Sort(all)
	all = slices.Compact(all)
	return all[:min(len(all), mostAuthors)]
}

// authorsUnknown is why allAuthors may not be all; empty: they are.
func (l *Loop) authorsUnknown(d *Desired) string {
	if why := l.lineage(d).unseen(); why != "" {
		return why
	}
	if len(l.cfg.Ledger.Authors(d.Commit.ID)) >= mostAuthors {
		return fmt.Sprintf("%d people or more had a part in it, and the record lists no more", mostAuthors)
	}
	return ""
}
