package gitsource

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

func TestASnapshotHoldsTheCommitAndItsFiles(t *testing.T) {
	ways(t, func(t *testing.T, r *testRepo, cfg Config) {
		r.commit("main", map[string]node{"old.yaml": file("x")})
		id := r.commit("main", map[string]node{
			"README.md":          file("no"),
			"gateways/b.yaml":    file("b: 1\n"),
			"gateways/a/c.JSON":  {mode: filemode.Executable, data: "{}"},
			"gateways/.ci.yaml":  file("no"),
			"gateways/.x/d.yaml": file("no"),
			"gateways/note.txt":  file("no"),
			"other/link.yaml":    {mode: filemode.Symlink, data: "/etc/passwd"},
		})
		cfg.Path = "gateways"
		s := open(t, cfg)
		got, err := s.Snapshot(context.Background(), nil)
		check(t, err)
		if p := paths(got); p != "gateways/a/c.JSON gateways/b.yaml" {
			t.Errorf("files %q", p)
		}
		if string(got.Files[1].Data) != "b: 1\n" {
			t.Errorf("content %q", got.Files[1].Data)
		}
		want := Commit{ID: id, Author: Person{"Ada", "ada@example.com"}, Committer: Person{"Bob", "bob@example.com"},
			Time: when.UTC(), Message: "change 2\n", SignatureProblem: "no keys are given to verify a signature with"}
		if got.Commit != want {
			t.Errorf("commit %+v, want %+v", got.Commit, want)
		}
	})
}

func TestAnUnchangedRefCostsOneLsRemoteAndNothingElse(t *testing.T) {
	ways(t, func(t *testing.T, r *testRepo, cfg Config) {
		first := r.commit("main", map[string]node{"a.yaml": file("1")})
		s := open(t, cfg)
		a, err := s.Snapshot(context.Background(), nil)
		check(t, err)
		for range 3 {
			b, err := s.Snapshot(context.Background(), a)
			check(t, err)
			if a != b {
				t.Error("an unchanged ref gave another snapshot")
			}
		}
		if got := s.Stats(); got != (Stats{LsRemotes: 4, Fetches: 1}) {
			t.Errorf("stats %+v", got)
		}
		r.commit("main", map[string]node{"a.yaml": file("2")}, first)
		b, err := s.Snapshot(context.Background(), a)
		check(t, err)
		if string(b.Files[0].Data) != "2" || string(a.Files[0].Data) != "1" {
			t.Error("the new commit was not read, or the old snapshot changed")
		}
		// A force-push back to the older commit: a pull into a shallow clone fails here.
		r.point("refs/heads/main", first)
		c, err := s.Snapshot(context.Background(), b)
		check(t, err)
		if c.Commit.ID != first || string(c.Files[0].Data) != "1" {
			t.Errorf("after a force-push: %+v", c.Commit)
		}
		if got := s.Stats(); got != (Stats{LsRemotes: 6, Fetches: 3}) {
			t.Errorf("stats %+v", got)
		}
	})
}

func TestABranchATagAndAPinnedCommitAreFound(t *testing.T) {
	ways(t, func(t *testing.T, r *testRepo, cfg Config) {
		old := r.commit("main", map[string]node{"a.yaml": file("old")})
		tip := r.commit("main", map[string]node{"a.yaml": file("tip")}, old)
		side := r.commit("team/side.1", map[string]node{"a.yaml": file("side")}, old)
		r.tag("v1", old, plumbing.CommitObject)
		r.tag("v1.again", r.tag("inner", old, plumbing.CommitObject), plumbing.TagObject)
		r.point("refs/tags/light", tip)
		r.point("refs/tags/main", old) // a name that is both is the branch
		for _, tt := range []struct {
			ref  Ref
			want string
		}{
			{Ref{}, tip}, {Ref{Branch: "main"}, tip}, {Ref{Branch: "team/side.1"}, side},
			{Ref{Tag: "v1"}, old}, {Ref{Tag: "v1.again"}, old}, {Ref{Tag: "light"}, tip}, {Ref{Commit: side}, side},
			{Ref{Name: "main"}, tip}, {Ref{Name: "team/side.1"}, side}, {Ref{Name: "v1"}, old}, {Ref{Name: "light"}, tip},
		} {
			cfg.Ref = tt.ref
			s := open(t, cfg)
			a, err := s.Snapshot(context.Background(), nil)
			if err != nil {
				t.Errorf("%s: %v", tt.ref, err)
				continue
			}
			if a.Commit.ID != tt.want {
				t.Errorf("%s gave %s, want %s", tt.ref, a.Commit.ID, tt.want)
			}
			b, err := s.Snapshot(context.Background(), a)
			if err != nil || a != b || s.Stats().Fetches != 1 {
				t.Errorf("%s was fetched again although nothing moved (%v)", tt.ref, err)
			}
		}
	})
}

func TestARenamedDefaultBranchIsFollowed(t *testing.T) {
	ways(t, func(t *testing.T, r *testRepo, cfg Config) {
		r.commit("main", map[string]node{"a.yaml": file("main")})
		s := open(t, cfg)
		a, err := s.Snapshot(context.Background(), nil)
		check(t, err)
		id := r.commit("trunk", map[string]node{"a.yaml": file("trunk")})
		check(t, r.store.SetReference(plumbing.NewSymbolicReference(plumbing.HEAD, "refs/heads/trunk")))
		check(t, r.store.RemoveReference("refs/heads/main"))
		b, err := s.Snapshot(context.Background(), a)
		check(t, err)
		if b.Commit.ID != id {
			t.Errorf("got %s, want the commit of trunk", b.Commit.ID)
		}
	})
}

func TestAMissingRefIsNamedWithFiveThatExist(t *testing.T) {
	ways(t, func(t *testing.T, r *testRepo, cfg Config) {
		id := r.commit("a1", map[string]node{"a.yaml": file("1")})
		for _, b := range []string{"a2", "a3", "a4"} {
			r.point("refs/heads/"+b, id)
		}
		for _, v := range []string{"v1", "v2", "v3"} {
			r.point("refs/tags/"+v, id)
		}
		cfg.Ref = Ref{Branch: "main"}
		s := open(t, cfg)
		_, err := s.Head(context.Background())
		wantError(t, err, ErrRefNotFound, `branch "main" does not exist`, s.String(),
			"it has branch a1, branch a2, branch a3, branch a4, tag v1 and 2 more")
		cfg.Ref = Ref{} // HEAD still names main
		_, err = open(t, cfg).Fetch(context.Background(), "")
		wantError(t, err, ErrRefNotFound, "HEAD names no branch that exists", "set ref.branch")
	})
}

func TestAnEmptyRepositoryIsAnError(t *testing.T) {
	ways(t, func(t *testing.T, _ *testRepo, cfg Config) {
		_, err := open(t, cfg).Snapshot(context.Background(), nil)
		wantError(t, err, ErrEmpty, "no commit yet")
	})
}

func TestARefThatMovesBetweenHeadAndFetchGivesTheNewestCommit(t *testing.T) {
	ways(t, func(t *testing.T, r *testRepo, cfg Config) {
		old := r.commit("main", map[string]node{"a.yaml": file("1")})
		s := open(t, cfg)
		id, err := s.Head(context.Background())
		check(t, err)
		moved := r.commit("main", map[string]node{"a.yaml": file("2")}, old)
		got, err := s.Fetch(context.Background(), id)
		check(t, err)
		if got.Commit.ID != moved || string(got.Files[0].Data) != "2" {
			t.Errorf("got %s %q", got.Commit.ID, got.Files[0].Data)
		}
	})
}

func TestAPinnedCommitThatCannotBeHadSaysWhatToDo(t *testing.T) {
	ways(t, func(t *testing.T, r *testRepo, cfg Config) {
		r.commit("main", map[string]node{"a.yaml": file("1")})
		cfg.Ref = Ref{Commit: strings.Repeat("ab", 20)}
		s := open(t, cfg)
		_, err := s.Snapshot(context.Background(), nil)
		kind := ErrRefNotFound
		if strings.Contains(t.Name(), "library's_server_over_http") {
			kind = ErrUnreachable // it answers 500, which can mean anything
		}
		if strings.Contains(t.Name(), "library's_server_over_ssh") && errors.Is(err, ErrUnreachable) {
			kind = ErrUnreachable // it hangs up, sometimes before its words have arrived
		}
		wantError(t, err, kind, cfg.Ref.Commit, "check ref.commit")
		_, err = s.Fetch(context.Background(), strings.Repeat("cd", 20))
		wantError(t, err, ErrRefNotFound, "pins")
	})
}

func TestAPathWithoutFilesIsAnErrorAndNeverAnEmptySet(t *testing.T) {
	ways(t, func(t *testing.T, r *testRepo, cfg Config) {
		id := r.commit("main", map[string]node{"docs/a.md": file("1"), "gate/a.yaml": file("2")})
		for _, tt := range []struct {
			path string
			kind error
			says string
		}{
			{"gates", ErrPathNotFound, "no folder gates"},
			{"gate/deeper", ErrPathNotFound, "no folder gate/deeper"},
			{"gate/a.yaml", ErrPathNotFound, "gate/a.yaml is not a folder"},
			{"docs", ErrEmpty, "holds no file that ends in .yaml"},
		} {
			cfg.Path = tt.path
			_, err := open(t, cfg).Fetch(context.Background(), "")
			wantError(t, err, tt.kind, tt.says, "at commit "+id, "path")
		}
	})
}

// stuck is a library call that ignores its context.
type stuck struct{ release chan struct{} }

func (s stuck) head(context.Context) (string, error) { <-s.release; return "", nil }
func (s stuck) fetch(context.Context) (*Snapshot, error) {
	panic("index out of range\nwith a second line")
}

func TestACallThatIgnoresItsContextIsLeftAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		back := stuck{make(chan struct{})}
		s := &Source{cfg: Config{Limits: Limits{Timeout: time.Minute}}, where: "https://git.example.com/x.git", back: back}
		began := time.Now()
		_, err := s.Head(context.Background())
		wantError(t, err, ErrUnreachable, "no complete answer within 1m0s", "raise limits.timeout", s.where)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Minute {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err = s.Head(ctx)
		wantError(t, err, ErrUnreachable, "stopped before it had answered")
		close(back.release)
	})
}

func TestAPanicOfTheLibraryIsAnError(t *testing.T) {
	s := &Source{cfg: Config{Limits: Limits{Timeout: time.Minute}}, where: "x", back: stuck{}}
	_, err := s.Fetch(context.Background(), "")
	wantError(t, err, ErrUnreachable, "index out of range with a second line", "git fsck")
}
