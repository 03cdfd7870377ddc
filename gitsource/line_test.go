package gitsource

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/seed-6ca89210/sluice/gitsource/signature"
	"github.com/seed-6ca89210/sluice/gitsource/signature/signing"
)

// chain makes n commits in a row on a branch, after parents, and returns the last.
func (r *testRepo) chain(branch string, n int, parents ...string) string {
	r.t.Helper()
	tree := r.tree(map[string]node{"a.yaml": file("a")})
	id := ""
	for range n {
		id = r.commitTree(branch, tree, parents...)
		parents = []string{id}
	}
	return id
}

// lineOf reads what the head of main brings that from has not.
func lineOf(t testing.TB, cfg Config, from string) *Line {
	t.Helper()
	cfg.Ref = Ref{Branch: "main"}
	s := open(t, cfg)
	to, err := s.Snapshot(t.Context(), nil)
	check(t, err)
	l, err := s.Line(t.Context(), from, to)
	check(t, err)
	if l.From != from || l.To != to.Commit.ID {
		t.Errorf("from %s to %s", l.From, l.To)
	}
	return l
}

// messages lists the changes of a line, sorted.
func messages(l *Line) string {
	var list []string
	for _, c := range l.Commits {
		list = append(list, strings.TrimPrefix(strings.TrimSpace(c.Message), "change "))
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

func TestWhatACommitIsToAnOlderOne(t *testing.T) {
	tests := []struct {
		name    string
		make    func(r *testRepo) (from string)
		want    Relation
		commits string
	}{
		{"the same", func(r *testRepo) string { return r.chain("main", 2) }, Same, ""},
		{"the next", func(r *testRepo) string {
			from := r.chain("main", 3)
			r.chain("main", 1, from)
			return from
		}, Descendant, "4"},
		{"some later, with a branch that was begun before and merged since", func(r *testRepo) string {
			old := r.chain("main", 1)
			from := r.chain("main", 1, old)
			side := r.chain("side", 2, old)
			r.chain("main", 1, r.chain("main", 1, from), side)
			return from
		}, Descendant, "3 4 5 6"},
		{"the older one was merged in", func(r *testRepo) string {
			old := r.chain("main", 1)
			from := r.chain("side", 1, old)
			r.chain("main", 1, r.chain("main", 1, old), from)
			return from
		}, Descendant, "3 4"},
		{"rewound", func(r *testRepo) string {
			old := r.chain("main", 2)
			from := r.chain("main", 2, old)
			r.point("refs/heads/main", old)
			r.point("refs/heads/kept", from)
			return from
		}, Ancestor, ""},
		{"rewritten", func(r *testRepo) string {
			old := r.chain("main", 2)
			from := r.chain("kept", 2, old)
			r.chain("main", 2, old)
			return from
		}, Diverged, "5 6"},
		{"another history", func(r *testRepo) string {
			from := r.chain("kept", 2)
			r.chain("main", 2)
			return from
		}, Unrelated, "3 4"},
		{"the older one is gone", func(r *testRepo) string {
			r.chain("main", 2)
			return strings.Repeat("ab", 20)
		}, NotBehind, "1 2"},
		{"further back than is looked first", func(r *testRepo) string {
			from := r.chain("main", 1)
			r.chain("main", nearLine+10, from)
			return from
		}, Descendant, "-"},
	}
	ways(t, func(t *testing.T, r *testRepo, cfg Config) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				r.n = 0
				for _, branch := range []string{"main", "side", "kept"} {
					check(t, r.store.RemoveReference(plumbing.ReferenceName(branchPrefix+branch)))
				}
				l := lineOf(t, cfg, tt.make(r))
				if l.Relation != tt.want || l.Gap != "" {
					t.Errorf("%s, gap %q; want %s", l.Relation, l.Gap, tt.want)
				}
				if tt.commits == "-" {
					if len(l.Commits) != nearLine+10 {
						t.Errorf("%d commits", len(l.Commits))
					}
				} else if got := messages(l); got != tt.commits {
					t.Errorf("commits %s, want %s", got, tt.commits)
				}
			})
		}
	})
}

// Where a rewritten branch left nothing behind that names the older commit, a server
// need not hand it out.
func TestAServerThatDoesNotHandOutTheOlderCommit(t *testing.T) {
	ways(t, func(t *testing.T, r *testRepo, cfg Config) {
		old := r.chain("main", 2)
		from := r.chain("main", 1, old)
		r.chain("main", 1, old)
		l := lineOf(t, cfg, from)
		if want := []Relation{Diverged, NotBehind}; !slices.Contains(want, l.Relation) || messages(l) == "" {
			t.Errorf("%s, commits %s", l.Relation, messages(l))
		}
	})
}

func TestTheLineOfAnAnnotatedTag(t *testing.T) {
	ways(t, func(t *testing.T, r *testRepo, cfg Config) {
		from := r.chain("main", 1)
		to := r.chain("main", 2, from)
		r.chain("main", 1, to)
		r.tag("v1.0.0", to, plumbing.CommitObject)
		cfg.Ref = Ref{Semver: "*"}
		s := open(t, cfg)
		snap, err := s.Snapshot(t.Context(), nil)
		check(t, err)
		l, err := s.Line(t.Context(), from, snap)
		check(t, err)
		for _, c := range l.Commits {
			if strings.Contains(c.Message, "\n") {
				t.Errorf("message %q", c.Message)
			}
		}
		if l.Relation != Descendant || messages(l) != "2 3" {
			t.Errorf("%s, commits %s", l.Relation, messages(l))
		}
		if got := s.Stats(); got != (Stats{LsRemotes: 1, Fetches: 1, Lines: 1}) {
			t.Errorf("%+v", got)
		}
	})
}

// The limit is on generations for the relation, and on commits for the list.
func TestALineHasItsLimits(t *testing.T) {
	r := newRepo(t)
	before := r.chain("main", 1)
	from := r.chain("main", 1, before)
	r.chain("main", maxLine, from)
	for _, tt := range []struct {
		name, url string
		past      Relation // of one commit more than the limit
	}{
		{"a bare repository on disk", r.url(), Unknown},
		{"git http-backend", serve(t, gitHandler(t, r)), Unknown},
		{"a server that sends everything whatever is asked", serve(t, goHandler(t, r)), Descendant},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if l := lineOf(t, Config{URL: tt.url}, from); l.Relation != Descendant || len(l.Commits) != maxLine || l.Gap != "" {
				t.Errorf("%d commits: %s, gap %q", len(l.Commits), l.Relation, l.Gap)
			}
			if l := lineOf(t, Config{URL: tt.url}, before); l.Relation != tt.past || len(l.Commits) != maxLine || l.Gap == "" {
				t.Errorf("past the limit: %s, %d commits, gap %q", l.Relation, len(l.Commits), l.Gap)
			}
		})
	}
}

func TestAHistoryThatIsCutOffIsUnknown(t *testing.T) {
	r := newRepo(t)
	tree := r.tree(map[string]node{"a.yaml": file("a")})
	cut := r.commitTree("main", tree, strings.Repeat("cd", 20)) // as in a shallow clone
	r.chain("main", 2, cut)
	l := lineOf(t, Config{URL: r.url()}, strings.Repeat("ab", 20))
	if l.Relation != Unknown || !strings.Contains(l.Gap, "commit cdcd") || !strings.Contains(l.Gap, "cut off there") {
		t.Errorf("%s, gap %q", l.Relation, l.Gap)
	}
	// That the cut commit's parent is the one that is asked for is in its own words.
	if l := lineOf(t, Config{URL: r.url()}, strings.Repeat("cd", 20)); l.Relation != Descendant || l.Gap != "" {
		t.Errorf("%s, gap %q", l.Relation, l.Gap)
	}
}

func TestTheSignersOfALine(t *testing.T) {
	ada, eve := signing.SSHKey(t), signing.SSHKey(t)
	ways(t, func(t *testing.T, r *testRepo, cfg Config) {
		from := r.chain("main", 1)
		tree := r.tree(map[string]node{"a.yaml": file("b")})
		signed := func(by int, parents ...string) string {
			d := signing.Draft{Headers: fmt.Sprintf("tree %s\n", tree), Message: "change\n"}
			for _, p := range parents {
				d.Headers += "parent " + p + "\n"
			}
			d.Headers += fmt.Sprintf("author Ada <ada@example.com> %d +0200\ncommitter Bob <bob@example.com> %d +0200\n", when.Unix(), when.Unix())
			raw := d.Payload()
			switch by {
			case 1:
				raw = d.With(signing.SSHSign(t, ada, "git", d.Payload()))
			case 2:
				raw = d.With(signing.SSHSign(t, eve, "git", d.Payload()))
			}
			return r.raw(plumbing.CommitObject, raw).String()
		}
		side := signed(2, signed(0, from))
		r.point("refs/heads/main", signed(1, signed(1, from), side))
		cfg.Keys = signing.SSHKeys(signing.Allow("ada@example.com", "", ada.PublicKey()))
		var got []string
		for _, c := range lineOf(t, cfg, from).Commits {
			got = append(got, c.Signer+strings.Split(c.SignatureProblem, " (")[0])
		}
		slices.Sort(got)
		if want := "ada@example.com|ada@example.com|it is not signed|it is signed by a key that is not listed"; strings.Join(got, "|") != want {
			t.Errorf("got %s", strings.Join(got, "|"))
		}
	})
}

func TestAFolderHasNoLine(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Config{Dir: dir})
	_, err := s.Line(t.Context(), strings.Repeat("ab", 20), &Snapshot{})
	wantError(t, err, nil, filepath.Base(dir), "a plain folder has no history")
	r := newRepo(t)
	_, err = open(t, Config{URL: r.url()}).Line(t.Context(), "main", &Snapshot{Commit: Commit{ID: strings.Repeat("ab", 20)}})
	wantError(t, err, nil, "is not a commit id")
}

// A forged commit may name itself nowhere near the truth; the walk must end.
func TestAWideAncestryIsBounded(t *testing.T) {
	a := ancestry{}
	id := func(n int) plumbing.Hash { return plumbing.NewHash(fmt.Sprintf("%040x", n)) }
	to := &object.Commit{Hash: id(1)}
	for n := range 3 * maxLine {
		a[id(n+2)] = &object.Commit{Hash: id(n + 2)}
		to.ParentHashes = append(to.ParentHashes, id(n+2), id(n+2))
	}
	a[id(1)] = to
	l, list := a.between(id(5), id(1))
	if l.Relation != Descendant || len(list) != maxLine || !strings.Contains(l.Gap, "there are 3000 commits, more than 1000") {
		t.Errorf("%s, %d commits, gap %q", l.Relation, len(list), l.Gap)
	}
}

// A merge button's commit is signed by the host: it counts where the host's key is
// listed, and only there.
func TestAMergeButtonCommitCountsWithTheHostsKey(t *testing.T) {
	r := newRepo(t)
	host, ada := signing.PGPKey(t, 0), signing.SSHKey(t)
	from := r.chain("main", 1)
	tree := r.tree(map[string]node{"a.yaml": file("b")})
	by := func(committer string, parents ...string) signing.Draft {
		d := signing.Draft{Headers: fmt.Sprintf("tree %s\n", tree), Message: "Merge pull request #1 from ada/swap\n"}
		for _, p := range parents {
			d.Headers += "parent " + p + "\n"
		}
		d.Headers += fmt.Sprintf("author Ada <ada@example.com> %d +0000\ncommitter %s %d +0000\n", when.Unix(), committer, when.Unix())
		return d
	}
	d := by("Ada <ada@example.com>", from)
	side := r.raw(plumbing.CommitObject, d.With(signing.SSHSign(t, ada, "git", d.Payload()))).String()
	d = by("GitHub <noreply@github.com>", from, side)
	r.point("refs/heads/main", r.raw(plumbing.CommitObject, d.With(signing.PGPSign(t, host, when, d.Payload()))).String())

	people := signing.SSHKeys(signing.Allow("ada@example.com", "", ada.PublicKey()))
	both := people
	both.PGP = signing.PGPPublic(t, host).PGP
	for _, tt := range []struct {
		name string
		keys signature.Keys
		want string // the merge's signer or problem, then the side commit's
	}{
		{"listed", both, "ada@example.com|ada@example.com"}, // the test key's user id
		{"not listed", people, "it is signed by a key that is not listed|ada@example.com"},
		{"the host's key alone", signature.Keys{PGP: both.PGP}, "ada@example.com|it is signed by a key that is not listed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := lineOf(t, Config{URL: r.url(), Keys: tt.keys}, from)
			var got []string
			for _, c := range l.Commits {
				problem, _, _ := strings.Cut(c.SignatureProblem, " (")
				got = append(got, c.Signer+problem)
			}
			if strings.Join(got, "|") != tt.want {
				t.Errorf("got %s, want %s", strings.Join(got, "|"), tt.want)
			}
		})
	}
}

// counting counts the requests and the bytes of the answers.
func counting(h http.Handler, requests, sent *atomic.Int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		requests.Add(1)
		h.ServeHTTP(countingWriter{w, sent}, q)
	})
}

type countingWriter struct {
	http.ResponseWriter
	sent *atomic.Int64
}

func (w countingWriter) Write(p []byte) (int, error) {
	w.sent.Add(int64(len(p)))
	return w.ResponseWriter.Write(p)
}

// Of a server with filters only commits are asked for, whatever lies in them.
func TestALineAsksForCommitsOnly(t *testing.T) {
	r := newRepo(t)
	var requests, sent atomic.Int64
	url := serve(t, counting(gitHandler(t, r), &requests, &sent))
	from := r.chain("main", 1)
	last := from
	for range 20 {
		noise := make([]byte, 100<<10)
		_, _ = rand.Read(noise)
		last = r.commit("main", map[string]node{"a.yaml": file("a"), "b.bin": file(string(noise))}, last)
	}
	s := open(t, Config{URL: url, Ref: Ref{Branch: "main"}})
	to, err := s.Snapshot(t.Context(), nil)
	check(t, err)
	if again, err := s.Snapshot(t.Context(), to); err != nil || again != to {
		t.Fatal(err)
	}
	requests.Store(0)
	sent.Store(0)
	l, err := s.Line(t.Context(), from, to)
	check(t, err)
	if l.Relation != Descendant || len(l.Commits) != 20 {
		t.Errorf("%s, %d commits", l.Relation, len(l.Commits))
	}
	if requests.Load() != 2 || sent.Load() > 64<<10 {
		t.Errorf("%d requests, %d bytes", requests.Load(), sent.Load())
	}
	if st := s.Stats(); st.LsRemotes != 2 {
		t.Errorf("%+v", st)
	}
}

func TestALineKeepsToTheByteCap(t *testing.T) {
	r := newRepo(t)
	url := serve(t, goHandler(t, r)) // it has no filter, and sends everything
	from := r.chain("main", 1)
	noise := make([]byte, 1<<20)
	_, _ = rand.Read(noise)
	last := r.commit("main", map[string]node{"b.bin": file(string(noise))}, from)
	r.commit("main", map[string]node{"a.yaml": file("a")}, last)
	s := open(t, Config{URL: url, Ref: Ref{Branch: "main"}, Limits: Limits{Transfer: 100 << 10}})
	to := &Snapshot{Commit: Commit{ID: strings.Repeat("ab", 20)}}
	id, err := s.Head(t.Context())
	check(t, err)
	to.Commit.ID = id
	_, err = s.Line(t.Context(), from, to)
	wantError(t, err, ErrLimit, "the server sent more than 100KiB")
}

func TestALineFromNowhereSaysSo(t *testing.T) {
	s := open(t, Config{URL: "http://127.0.0.1:9/specs.git"})
	_, err := s.Line(t.Context(), strings.Repeat("ab", 20), &Snapshot{Commit: Commit{ID: strings.Repeat("cd", 20)}})
	wantError(t, err, ErrUnreachable, "was refused")
}

func TestALineLogsIn(t *testing.T) {
	r := newRepo(t)
	inner := goHandler(t, r)
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if user, pass, _ := q.BasicAuth(); user != "ada" || pass != "open-sesame" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(w, q)
	}))
	from := r.chain("main", 1)
	r.chain("main", 1, from)
	if l := lineOf(t, Config{URL: url, Username: "ada", Password: "open-sesame"}, from); l.Relation != Descendant {
		t.Errorf("%s", l.Relation)
	}
	s := open(t, Config{URL: url, Username: "ada", Password: "wrong-word"})
	_, err := s.Line(t.Context(), from, &Snapshot{Commit: Commit{ID: strings.Repeat("cd", 20)}})
	wantError(t, err, ErrUnreachable, "401")
	if strings.Contains(err.Error(), "wrong-word") {
		t.Error(err)
	}
}

func TestALineIsTheSameFromAnotherProcess(t *testing.T) {
	r := newRepo(t)
	from := r.chain("main", 1)
	r.chain("main", 3, from)
	for name, url := range map[string]string{"a file": r.url(), "a server": serve(t, goHandler(t, r))} {
		t.Run(name, func(t *testing.T) {
			here := lineOf(t, Config{URL: url}, from)
			there := lineOf(t, Config{URL: url, Runner: runner}, from)
			if here.Relation != Descendant || len(here.Commits) != 3 || !reflect.DeepEqual(here, there) {
				t.Errorf("here\n%+v\nin another process\n%+v", here, there)
			}
		})
	}
	other := func(ctx context.Context, job Job) ([]byte, error) {
		return encodeReply(replyHead{Line: &Line{From: strings.Repeat("ab", 20), To: strings.Repeat("cd", 20), Relation: Descendant}}, nil, maxHeadRoom), nil
	}
	s := open(t, Config{URL: r.url(), Runner: other})
	if l, err := s.Line(t.Context(), from, &Snapshot{Commit: Commit{ID: strings.Repeat("ef", 20)}}); err == nil {
		t.Errorf("an answer about other commits is taken: %+v", l)
	}
}

// Who made a change is needed whole, whatever else a message says.
func TestALineKeepsTheCoAuthorsOfItsCommits(t *testing.T) {
	r := newRepo(t)
	from := r.chain("main", 1)
	c := &object.Commit{
		TreeHash: r.tree(map[string]node{"a.yaml": file("a")}), ParentHashes: []plumbing.Hash{plumbing.NewHash(from)},
		Message: "Less\n\n" + strings.Repeat("Because. ", 100) + "\n\nCo-authored-by: Carl <carl@example.com>\r\nReviewed-by: Eve <eve@example.com>\n  co-authored-by: Dora <dora@example.com>\n",
	}
	r.chain("main", 1, r.put(c).String())
	_, got, _ := strings.Cut(lineOf(t, Config{URL: r.url()}, from).Commits[1].Message, "\n")
	if want := "Co-authored-by: Carl <carl@example.com>\nco-authored-by: Dora <dora@example.com>"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestALineSaysWhereItDoesNotNameEverybody(t *testing.T) {
	var many strings.Builder
	for n := range maxCoAuthors {
		fmt.Fprintf(&many, "co-authored-by: %d\n", n)
	}
	for name, tt := range map[string]struct {
		message string
		want    int
		unnamed bool
	}{
		"as many as there is room for": {many.String(), maxCoAuthors, false},
		"one twice":                    {many.String() + "co-authored-by: 7\n", maxCoAuthors, false},
		"one more":                     {many.String() + "co-authored-by: Mallory\n", maxCoAuthors, true},
		"one with a name without end":  {"co-authored-by: " + strings.Repeat("x", maxCoAuthor) + " <mallory@example.com>\n", 0, true},
	} {
		list, whole := coAuthors(tt.message, maxCoAuthors)
		if len(list) != tt.want || whole == tt.unnamed {
			t.Errorf("%s: %d are named, all %t", name, len(list), whole)
		}
	}
}
