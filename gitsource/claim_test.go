package gitsource

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/storage/memory"

	"github.com/seed-6ca89210/sluice/gitsource/signature"
	"github.com/seed-6ca89210/sluice/gitsource/signature/signing"
)

// claims are the author and committer lines of commits that no honest client makes, and
// what is to be read of them.
var claims = []struct {
	name, author, committer string
	wantName, wantEmail     string // of the author
	wantTime                string
}{
	{"an honest one", "Ada <ada@example.com> 1 +0000", "Bob <bob@example.com> 1772600000 +0200", "Ada", "ada@example.com", "2026-03-04T04:53:20Z"},
	{"the last second that can be written", "Ada <a@b> 1 +0000", "Bob <b> 253402300799 +0000", "Ada", "a@b", "9999-12-31T23:59:59Z"},
	{"the year 10000", "Ada <a@b> 1 +0000", "Bob <b> 253402300800 +0000", "Ada", "a@b", "9999-12-31T23:59:59Z"},
	{"the year 10000 of another zone only", "Ada <a@b> 1 +0000", "Bob <b> 253402300799 +1400", "Ada", "a@b", "9999-12-31T23:59:59Z"},
	{"the largest number of seconds", "Ada <a@b> 1 +0000", fmt.Sprintf("Bob <b> %d +0000", math.MaxInt64), "Ada", "a@b", "9999-12-31T23:59:59Z"},
	{"the smallest", "Ada <a@b> 1 +0000", fmt.Sprintf("Bob <b> %d +0000", math.MinInt64), "Ada", "a@b", "0001-01-01T00:00:00Z"},
	{"a year before 1", "Ada <a@b> 1 +0000", "Bob <b> -62135596801 +0000", "Ada", "a@b", "0001-01-01T00:00:00Z"},
	{"a name of 180 KB", strings.Repeat("&", 180_000) + " <a@b> 1 +0000", "Bob <b> 1 +0000", strings.Repeat("&", maxPerson-3) + "…", "a@b", "1970-01-01T00:00:01Z"},
	{"an address of 180 KB", "Ada <" + strings.Repeat("é", 90_000) + "> 1 +0000", "Bob <b> 1 +0000", "Ada", strings.Repeat("é", (maxPerson-3)/2) + "…", "1970-01-01T00:00:01Z"},
}

func rawCommit(tree, parents, author, committer string) []byte {
	return []byte("tree " + tree + "\n" + parents + "author " + author + "\ncommitter " + committer + "\n\nmore\n")
}

// Both ways to a commit are read: its own, and as one of a line; here and in a process.
func TestWhatACommitSaysOfItselfIsBounded(t *testing.T) {
	for _, run := range []Runner{nil, runner} {
		for _, tt := range claims {
			t.Run(fmt.Sprintf("%s, elsewhere %t", tt.name, run != nil), func(t *testing.T) {
				r := newRepo(t)
				from := r.chain("main", 1)
				tree := r.tree(map[string]node{"a.yaml": file("a")}).String()
				hostile := r.raw(plumbing.CommitObject, rawCommit(tree, "parent "+from+"\n", tt.author, tt.committer)).String()
				r.point(branchPrefix+"main", hostile)
				s := open(t, Config{URL: r.url(), Runner: run})
				got, err := s.Fetch(t.Context(), "")
				check(t, err)
				line, err := s.Line(t.Context(), from, got)
				check(t, err)
				want := Person{tt.wantName, tt.wantEmail}
				for i, c := range []Commit{got.Commit, line.Commits[0]} {
					if i == 1 {
						want = want.bounded(maxBriefPerson)
					}
					if c.Author != want || c.Time.Format(time.RFC3339) != tt.wantTime {
						t.Errorf("got %.60q <%.60q> at %s", c.Author.Name, c.Author.Email, c.Time)
					}
					if _, err := json.Marshal(c); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
}

// A time that is cut down must not become one at which a key was valid.
func TestAKeyThatHasExpiredSignsNothingInTheYear10000(t *testing.T) {
	for _, seconds := range []string{"253402300800", fmt.Sprint(int64(math.MaxInt64)), fmt.Sprint(int64(math.MinInt64))} {
		store := memory.NewStorage()
		key := signing.SSHKey(t)
		d := signing.NewDraft(strings.Repeat("0", 40))
		d.Headers = strings.Replace(d.Headers, fmt.Sprintf("bob@example.com> %d", signing.When.Unix()), "bob@example.com> "+seconds, 1)
		id := putRaw(t, store, plumbing.CommitObject, d.With(signing.SSHSign(t, key, "git", d.Payload())))
		keys := signature.Keys{SSH: signature.File{Path: "signers", Data: []byte(signing.Allow("ada@example.com", `valid-after="20200101Z",valid-before="20270101Z"`, key.PublicKey()))}}
		ring, err := keys.Parse()
		check(t, err)
		r := &treeReader{gather: &gather{cfg: Config{ring: ring}, where: "x"}, ctx: t.Context(), store: store}
		c, err := r.commit(id)
		check(t, err)
		got := describe(c)
		check(t, r.sign(&got, c))
		if got.Signer != "" || !strings.Contains(got.SignatureProblem, "was not valid when it was committed") {
			t.Errorf("%s: signed by %q, %s", seconds, got.Signer, got.SignatureProblem)
		}
	}
}

func putRaw(t testing.TB, store *memory.Storage, kind plumbing.ObjectType, data []byte) plumbing.Hash {
	obj := store.NewEncodedObject()
	obj.SetType(kind)
	w, err := obj.Writer()
	check(t, err)
	_, err = w.Write(data)
	check(t, err)
	id, err := store.SetEncodedObject(obj)
	check(t, err)
	return id
}

// FuzzCommit reads commit objects of any bytes. Whoever records or shows what is read
// must be able to: it is JSON, and little more than the message.
func FuzzCommit(f *testing.F) {
	for _, tt := range claims {
		f.Add(rawCommit(strings.Repeat("0", 40), "", tt.author, tt.committer))
	}
	f.Add([]byte("author \xff\xfe <\x00> 9 +9999\ncommitter x <\xff> 9999999999999999999 -9999\ngpgsig " + strings.Repeat("x", 2000) + "\n\nCo-authored-by: \xff\x00\n"))
	f.Add([]byte("gpgsig" + strings.Repeat("\xff", 2000) + " \n\n"))
	ring, err := signature.Keys{SSH: signature.File{Path: "signers", Data: []byte(signing.Allow("ada@example.com", "", signing.SSHKey(f).PublicKey()))}}.Parse()
	check(f, err)
	f.Fuzz(func(t *testing.T, raw []byte) {
		store := memory.NewStorage()
		id := putRaw(t, store, plumbing.CommitObject, raw)
		r := &treeReader{gather: &gather{cfg: Config{ring: ring}, where: "x"}, ctx: t.Context(), store: store}
		c, err := r.commit(id)
		if err != nil {
			wantSomeKind(t, err)
			return
		}
		whole := describe(c)
		check(t, r.sign(&whole, c))
		line, err := r.line(ancestry{id: c}, plumbing.ZeroHash, id)
		check(t, err)
		for _, got := range []Commit{whole, line.Commits[0]} {
			if got.bounded() != got {
				t.Errorf("a second time %+v", got.bounded())
			}
			message := got.Message
			got.Message = ""
			data, err := json.Marshal(got)
			check(t, err)
			if most := 6*4*maxPerson + 6*1<<10; len(data) > most || len(message) > 3*len(raw)+3 {
				t.Errorf("%d bytes beside a message of %d, of %d in all", len(data), len(message), len(raw))
			}
		}
	})
}

// A thousand commits that say as much as they can must not be what holds every change.
func TestALineOfCommitsThatSayAllTheyCanFitsTheAnswer(t *testing.T) {
	who := Person{strings.Repeat("\x01", 4*maxPerson), strings.Repeat("\x01", 4*maxPerson)}
	from := plumbing.NewHash(strings.Repeat("f", 40))
	a, parent, count := ancestry{}, from, 0
	store := memory.NewStorage()
	for i := range maxLine {
		message := strings.Repeat(`"`, 2*maxCoAuthor)
		for range 10 {
			count++
			name := fmt.Sprintf("\nco-authored-by: %d ", count)
			message += name + strings.Repeat(`"`, maxCoAuthor-len(name)+len("\n"))
		}
		raw := fmt.Sprintf("tree %040d\nparent %s\nauthor %s <%s> 1 +0000\ncommitter %[3]s <%[4]s> %[5]d +0000\n\n%[6]s\n", 0, parent, who.Name, who.Email, i, message)
		id := putRaw(t, store, plumbing.CommitObject, []byte(raw))
		r := &treeReader{gather: &gather{where: "x"}, ctx: t.Context(), store: store}
		c, err := r.commit(id)
		check(t, err)
		a[id], parent = c, id
	}
	ring, err := signature.Keys{}.Parse()
	check(t, err)
	r := &treeReader{gather: &gather{cfg: Config{ring: ring}, where: "x"}, ctx: t.Context(), store: store}
	line, err := r.line(a, from, parent)
	check(t, err)
	named := 0
	for _, c := range line.Commits {
		named += strings.Count(c.Message, "\n")
	}
	if len(line.Commits) != maxLine || named != maxCoAuthors || line.Relation != Descendant || line.Gap != "" || line.Unnamed == "" {
		t.Errorf("%d commits, %d co-authors, %s, gap %q, %q", len(line.Commits), named, line.Relation, line.Gap, line.Unnamed)
	}
	got, err := readReply(encodeReply(replyHead{Line: line}, nil, opLine.most(Limits{})))
	check(t, err)
	check(t, got.err())
	sent, err := got.line(from, parent)
	check(t, err)
	if sent.Unnamed != line.Unnamed || sent.Commits[maxLine-1] != line.Commits[maxLine-1] {
		t.Error("what arrives is something else")
	}
}
