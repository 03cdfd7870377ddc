package reconcile

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
)

// crowd is a commit that names n co-authors of its own.
func crowd(id string, n int) gitsource.Commit {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "co-authored-by:%s.%d\n", id, i)
	}
	return gitsource.Commit{ID: id, Message: b.String()}
}

// Each author was compared with all before: ten megabytes of names took minutes a turn.
func TestOfTensOfThousandsOfAuthorsNoMoreAreLookedAtThanARecordHas(t *testing.T) {
	line := &gitsource.Line{}
	for i := range 3 {
		line.Commits = append(line.Commits, crowd(fmt.Sprint(i), 2*mostAuthors))
	}
	d := &Desired{Commit: crowd(strings.Repeat("a", 40), 2*mostAuthors), compared: &comparison{line: line}}
	if all := d.authors(); len(all.list) != mostAuthors || !all.full() {
		t.Errorf("%d people, full %t", len(all.list), all.full())
	}
}

// Names that no record takes do not keep those out that it does.
func TestWhoCannotBeListedTakesNobodysPlace(t *testing.T) {
	c := gitsource.Commit{ID: strings.Repeat("a", 40)}
	for i := range 2 * mostAuthors {
		c.Message += fmt.Sprintf("co-authored-by: %d %s\n", i, strings.Repeat("x", longestAuthor))
	}
	c.Message += "co-authored-by: Mallory <mallory@example.com>\n"
	d := &Desired{Commit: c}
	if got := slices.Sorted(maps.Keys(d.authors().texts)); !slices.Equal(got, []string{`"Mallory" <mallory@example.com>`}) {
		t.Errorf("the record lists %q", got)
	}
}

// The list is full; who is on it already stays, whoever else comes.
func TestAFullListOfAuthorsKeepsWhoIsOnIt(t *testing.T) {
	j := &journal{store: &memoryLog{}, ledger: history.NewLedger(), now: time.Now, ages: newAges(time.Now())}
	c := gitsource.Commit{ID: strings.Repeat("a", 40), Author: gitsource.Person{Name: "Zoe"}}
	for _, with := range []gitsource.Commit{{ID: "1"}, crowd("2", 2*mostAuthors)} {
		if err := j.commit(t.Context(), &Desired{Commit: c, compared: &comparison{line: &gitsource.Line{Commits: []gitsource.Commit{with}}}}); err != nil {
			t.Fatal(err)
		}
	}
	if got := j.ledger.Authors(c.ID); len(got) != mostAuthors || !slices.Contains(got, "Zoe") {
		t.Errorf("%d authors, with Zoe: %t", len(got), slices.Contains(got, "Zoe"))
	}
}

// What was applied of a commit makes it the base, so that its line is gone by the next one.
func TestNobodyApprovesWhatIsLeftOfAChangeWithMoreAuthorsThanARecordLists(t *testing.T) {
	j := &journal{store: &memoryLog{}, ledger: history.NewLedger(), now: time.Now, ages: newAges(time.Now())}
	l := &Loop{cfg: Config{Ledger: j.ledger}, journal: j}
	big := crowd(strings.Repeat("a", 40), 2*mostAuthors)
	next := &Desired{Commit: gitsource.Commit{ID: strings.Repeat("b", 40), Author: gitsource.Person{Name: "Bob"}}}
	line := &gitsource.Line{Commits: []gitsource.Commit{{ID: "1", Author: gitsource.Person{Name: "Mallory"}}}}
	for _, d := range []*Desired{{Commit: big, compared: &comparison{line: line}}, next} {
		if err := j.commit(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if slices.ContainsFunc(l.allAuthors(next), func(p judge.Person) bool { return p.Name == "Mallory" }) {
		t.Fatal("everybody is listed")
	}
	if why := l.authorsUnknown(next); !strings.Contains(why, "revert what is left of it") {
		t.Errorf("an approval of Mallory counts: %q", why)
	}
	if _, err := j.append(t.Context(), history.Record{Kind: history.KindConverged, Commit: next.Commit.ID}); err != nil {
		t.Fatal(err)
	}
	if why := l.authorsUnknown(next); why != "" {
		t.Errorf("nothing is left of it, and yet %s", why)
	}
}

// As above: only the line says that it does not name everybody, and it is gone by then.
func TestNobodyApprovesWhatIsLeftOfAChangeWhoseAuthorsCouldNotAllBeLookedAt(t *testing.T) {
	for name, line := range map[string]*gitsource.Line{
		"commits that were not read":    {Gap: "there are 3000 commits, more than 1000"},
		"co-authors that are not named": {Unnamed: "not all co-authors are looked at"},
	} {
		t.Run(name, func(t *testing.T) {
			log := &memoryLog{}
			j := &journal{store: log, ledger: history.NewLedger(), now: time.Now, ages: newAges(time.Now())}
			l := &Loop{cfg: Config{Ledger: j.ledger}, journal: j}
			see := func(d *Desired) *Desired {
				if err := j.commit(t.Context(), d); err != nil {
					t.Fatal(err)
				}
				return d
			}
			first, next := gitsource.Commit{ID: strings.Repeat("a", 40)}, gitsource.Commit{ID: strings.Repeat("b", 40)}
			see(&Desired{Commit: first})
			see(&Desired{Commit: first, compared: &comparison{line: line}})
			if why := l.authorsUnknown(see(&Desired{Commit: first})); why == "" || len(log.sealed) != 2 {
				t.Errorf("%d records, and once it is the base: %q", len(log.sealed), why)
			}
			if why := l.authorsUnknown(see(&Desired{Commit: next})); !strings.Contains(why, "revert what is left of it") {
				t.Errorf("under the next commit: %q", why)
			}
		})
	}
}
