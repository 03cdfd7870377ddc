package gitsource

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

// A repository on disk keeps refs in files of their names, and one ref may name
// another: that name must lead to no other file.
func TestARefThatNamesAFileOutsideIsNotFollowed(t *testing.T) {
	r := newRepo(t)
	id := r.commit("main", map[string]node{"a.yaml": file("1")})
	outside := filepath.Join(filepath.Dir(r.dir), "outside")
	check(t, os.WriteFile(outside, []byte(id+"\n"), 0o600))
	check(t, os.WriteFile(filepath.Join(r.dir, "inside"), []byte(id+"\n"), 0o600))
	for _, name := range []string{"refs/heads/../../../outside", "refs/heads/../../inside", "../outside", outside, "inside", "-inside", "refs/heads/\x1b", "refs/heads/none"} {
		for where, cfg := range map[string]Config{"HEAD": {URL: r.url()}, "a branch": {URL: r.url(), Ref: Ref{Branch: "side"}}} {
			link := "HEAD"
			if where != "HEAD" {
				link = "refs/heads/side"
			}
			check(t, os.WriteFile(filepath.Join(r.dir, link), []byte("ref: "+name+"\n"), 0o600))
			for process, run := range map[string]Runner{"here": nil, "in another process": runner} {
				cfg.Runner = run
				got, err := open(t, cfg).Head(t.Context())
				if err == nil {
					t.Errorf("%s, which names %q, gave %s (%s)", where, name, got, process)
				} else if strings.ContainsAny(err.Error(), "\x1b\n") {
					t.Errorf("the error is %q", err)
				}
			}
		}
	}
}

func TestTheHeadOfAServerNamesNoFileAndNoOption(t *testing.T) {
	var asked atomic.Int64
	good := strings.Repeat("a", 40)
	for _, head := range []string{"refs/heads/main", "refs/heads/../../x", "../../x", "-x", "refs/heads/-x", "/etc/passwd", "refs/heads/\x1b[31m"} {
		s := open(t, Config{URL: advertising(t, &asked, good+" HEAD\x00symref=HEAD:"+head, good+" "+head)})
		got, err := s.Head(t.Context())
		if head == "refs/heads/main" {
			check(t, err)
		}
		if err == nil && got != good { // the id beside HEAD counts, its name does not
			t.Errorf("HEAD that names %q gave %s", head, got)
		}
		if err != nil && strings.ContainsAny(err.Error(), "\x1b\n") {
			t.Errorf("the error is %q", err)
		}
	}
}

// A tag is no promise: one that was moved is a new commit, which must descend from
// the last applied one like any other.
func TestATagThatWasMovedIsANewCommit(t *testing.T) {
	ways(t, func(t *testing.T, r *testRepo, cfg Config) {
		first := r.commit("main", map[string]node{"a.yaml": file("1")})
		r.tag("v1.0.0", first, plumbing.CommitObject)
		other := r.commit("other", map[string]node{"a.yaml": file("2")})
		for name, ref := range map[string]Ref{"by its name": {Tag: "v1.0.0"}, "by a range": {Semver: "^1"}} {
			cfg.Ref = ref
			r.tag("v1.0.0", first, plumbing.CommitObject)
			s := open(t, cfg)
			before, err := s.Snapshot(t.Context(), nil)
			check(t, err)
			r.tag("v1.0.0", other, plumbing.CommitObject)
			after, err := s.Snapshot(t.Context(), before)
			check(t, err)
			if before.Commit.ID != first || after.Commit.ID != other {
				t.Errorf("%s: %s and then %s", name, before.Commit.ID, after.Commit.ID)
			}
			line, err := s.Line(t.Context(), first, after)
			check(t, err)
			if line.Relation == Descendant {
				t.Errorf("%s: the moved tag's commit is taken for a descendant", name)
			}
		}
	})
}
