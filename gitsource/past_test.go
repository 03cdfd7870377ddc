package gitsource

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	git "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// newWorkTree is a repository with a work tree, in which only what a test writes
// lies: the past is in the objects.
func newWorkTree(t testing.TB, folders ...string) *testRepo {
	t.Helper()
	dir := t.TempDir()
	repo, err := git.PlainInitWithOptions(dir, &git.PlainInitOptions{
		InitOptions: git.InitOptions{DefaultBranch: "refs/heads/main"},
	})
	check(t, err)
	for _, folder := range folders {
		check(t, os.MkdirAll(filepath.Join(dir, folder), 0o700))
	}
	return &testRepo{t: t, dir: dir, store: repo.Storer}
}

func specs(data string) map[string]node { return map[string]node{"specs/a.yaml": file(data)} }

func TestAFolderIsReadAsItWasAtARevision(t *testing.T) {
	r := newWorkTree(t, "specs/deep")
	first := r.commit("main", map[string]node{"specs/a.yaml": file("1"), "specs/deep/b.yaml": file("b"), "other/c.yaml": file("c")})
	second := r.commit("main", specs("2"), first)
	side := r.commit("side", specs("side"), first)
	merge := r.commit("main", specs("3"), second, side)
	r.commit("feed", specs("feed"), first) // a name that could be the beginning of an id
	r.tag("v1", first, plumbing.CommitObject)
	r.point("refs/remotes/origin/main", second)
	dir := filepath.Join(r.dir, "specs")
	for revision, want := range map[string]string{
		"HEAD": "3", "@": "3", "main": "3", "refs/heads/main": "3", merge: "3", merge[:8]: "3", merge[:7]: "3",
		"HEAD^": "2", "HEAD~": "2", "HEAD~1": "2", "HEAD^1": "2", "origin/main": "2", "HEAD^0": "3", "HEAD~0": "3",
		"HEAD^2": "side", "side": "side", "HEAD~2": "1", "HEAD^^": "1", "HEAD^2~1": "1", "v1": "1", "heads/side": "side", "feed": "feed",
	} {
		t.Run(revision, func(t *testing.T) {
			s, err := At(context.Background(), dir, revision)
			check(t, err)
			if got := string(s.Files[0].Data); s.Files[0].Path != "a.yaml" || got != want {
				t.Errorf("%s holds %q, want %q", s.Files[0].Path, got, want)
			}
		})
	}
	s, err := At(context.Background(), dir, "v1")
	check(t, err)
	if got := paths(s); got != "a.yaml deep/b.yaml" || s.Commit.ID != first || s.Commit.Author.Name != "Ada" {
		t.Errorf("the first commit holds %s: %+v", got, s.Commit)
	}
	if s, err = At(context.Background(), r.dir, "v1"); err != nil || paths(s) != "other/c.yaml specs/a.yaml specs/deep/b.yaml" {
		t.Errorf("the whole work tree: %v, %v", s, err)
	}
}

func TestASingleFileIsReadAsItWasAtARevision(t *testing.T) {
	r := newWorkTree(t, "specs")
	name := filepath.Join(r.dir, "specs", "a.yaml")
	check(t, os.WriteFile(name, []byte("now"), 0o600))
	r.commit("main", map[string]node{"specs/a.yaml": file("1"), "specs/b.yaml": file("b")})
	s, err := At(context.Background(), name, "HEAD")
	check(t, err)
	if paths(s) != "a.yaml" || string(s.Files[0].Data) != "1" {
		t.Errorf("got %v", s.Files)
	}
	check(t, os.WriteFile(filepath.Join(r.dir, "new.yaml"), nil, 0o600))
	_, err = At(context.Background(), filepath.Join(r.dir, "new.yaml"), "HEAD")
	wantError(t, err, ErrPathNotFound, "new.yaml")
}

func TestOnlyRegularFilesOfThePastAreRead(t *testing.T) {
	r := newWorkTree(t, "specs")
	check(t, os.WriteFile(filepath.Join(r.dir, "specs", "a.yaml"), nil, 0o600))
	r.commit("main", map[string]node{"specs/a.yaml": {mode: filemode.Symlink, data: "/etc/passwd"}})
	for _, name := range []string{"specs", "specs/a.yaml"} {
		_, err := At(context.Background(), filepath.Join(r.dir, name), "HEAD")
		wantError(t, err, ErrRefused, "a symbolic link")
	}
}

func TestARevisionThatIsNoneSaysWhatToDo(t *testing.T) {
	r := newWorkTree(t, "specs", "new")
	r.commit("main", specs("1"))
	dir := filepath.Join(r.dir, "specs")
	for revision, want := range map[string]string{
		"origin/main": "fetch-depth: 0", "HEAD~1": "fetch-depth: 0", "HEAD^2": "check the name", strings.Repeat("12", 20): "fetch-depth: 0", "abcdef": "fetch-depth: 0",
		"": "give a branch", "HEAD@{1}": "give a branch", "HEAD^{tree}": "not a revision that can be read here", ":/fix": "give a branch", "main:specs": "give a branch",
		"^main": "give a branch", "../../etc": "give a branch", "-x": "give a branch", "main..side": "give a branch", "config": "check the name", "HEAD~99999999999999999999": "check the name",
	} {
		_, err := At(context.Background(), dir, revision)
		wantError(t, err, ErrRefNotFound, want, dir)
	}
	_, err := At(context.Background(), filepath.Join(r.dir, "new"), "HEAD")
	wantError(t, err, ErrPathNotFound, "there is no folder new")
	_, err = At(context.Background(), filepath.Join(r.dir, "none"), "HEAD")
	wantError(t, err, ErrUnreachable, "no such file")
	_, err = At(context.Background(), t.TempDir(), "HEAD")
	wantError(t, err, ErrUnreachable, "no Git repository")
	empty := newWorkTree(t)
	_, err = At(context.Background(), empty.dir, "HEAD")
	wantError(t, err, ErrRefNotFound, "no commit yet")
}

func TestTheCommitsSinceARevisionThatTouchAFolder(t *testing.T) {
	r := newWorkTree(t, "specs")
	add := func(data, other string, parents ...string) string {
		files := specs(data)
		files["other/x.yaml"] = file(other)
		return r.commit("main", files, parents...)
	}
	one := add("1", "-")
	two := add("2", "-", one)
	beside := add("2", "touched elsewhere", two)
	gone := r.commit("main", map[string]node{"other/x.yaml": file("-")}, beside)
	plain := r.commit("main", map[string]node{"specs/README": file("no spec left")}, gone)
	side := r.commit("side", specs("side"), two)
	three := add("3", "-", plain, side)
	four := add("4", "-", three)
	r.point("refs/heads/main", four)
	r.commit("both", specs("both"), three, one)
	for _, c := range []struct{ since, want string }{
		{"HEAD", ""}, {"HEAD~1", "4"}, {three, "4"}, {two, "3 4"}, {one, "2 3 4"}, {"side", "3 4"}, {"both", "4"},
	} {
		list, err := Since(context.Background(), filepath.Join(r.dir, "specs"), c.since)
		check(t, err)
		var got []string
		for _, s := range list {
			got = append(got, string(s.Files[0].Data))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("since %s: %v, want %s", c.since, got, c.want)
		}
	}
	ahead := r.commit("ahead", specs("5"), four)
	if list, err := Since(context.Background(), r.dir, ahead); err != nil || len(list) != 0 {
		t.Errorf("since a commit that HEAD is behind: %d, %v", len(list), err)
	}
	alone := r.commit("alone", specs("x"))
	_, err := Since(context.Background(), r.dir, alone)
	wantError(t, err, ErrRefNotFound, "no commit in common")
	r.commit("main", map[string]node{"specs/a.yaml": {mode: filemode.Symlink, data: "b"}}, four)
	_, err = Since(context.Background(), filepath.Join(r.dir, "specs"), four)
	wantError(t, err, ErrRefused, "a symbolic link", "at commit")
}

func TestAHistoryThatIsCutOffIsNoShortHistory(t *testing.T) {
	r := newWorkTree(t, "specs")
	missing := strings.Repeat("34", 20)
	first := r.commit("main", specs("1"), missing)
	r.commit("main", specs("2"), first)
	other := r.commit("side", specs("s"))
	for _, revision := range []string{"HEAD~2", other} {
		_, err := Since(context.Background(), filepath.Join(r.dir, "specs"), revision)
		wantError(t, err, ErrRefNotFound, missing, "cut off", "fetch-depth: 0")
	}
	list, err := Since(context.Background(), filepath.Join(r.dir, "specs"), "HEAD~1")
	if check(t, err); len(list) != 1 {
		t.Errorf("%d snapshots", len(list))
	}
}

func TestThePastHasLimits(t *testing.T) {
	r := newWorkTree(t, "specs")
	id := r.commit("main", specs("0"))
	first := id
	for i := range maxSince + 1 {
		id = r.commitTree("main", r.tree(specs(fmt.Sprint(i%2+1))), id)
	}
	dir := filepath.Join(r.dir, "specs")
	_, err := Since(context.Background(), dir, first)
	wantError(t, err, ErrLimit, "more than 1000 commits")
	list, err := Since(context.Background(), dir, "HEAD~1000")
	if check(t, err); len(list) != maxSince {
		t.Fatalf("%d snapshots", len(list))
	}
	if a, b := list[0].Files[0].Data, list[2].Files[0].Data; &a[0] != &b[0] {
		t.Error("what two commits share is in memory twice")
	}
	since := func(cfg Config) error {
		_, err := lookBack(context.Background(), dir, cfg, func(p *past) ([]*Snapshot, error) { return p.since("HEAD~3") })
		return err
	}
	wantError(t, since(Config{Limits: Limits{Unpacked: 1}}), ErrLimit, "more than 1 bytes together")
	check(t, since(Config{Limits: Limits{Unpacked: 2}}))
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = Since(ended, dir, "HEAD~3")
	wantError(t, err, ErrUnreachable, "stopped")
}

func TestTheFilesOfThePastHaveTheLimitsOfASnapshot(t *testing.T) {
	r := newWorkTree(t, "specs")
	r.commit("main", map[string]node{"specs/a.yaml": file(strings.Repeat("x", 256<<10+1))})
	_, err := At(context.Background(), filepath.Join(r.dir, "specs"), "HEAD")
	wantError(t, err, ErrLimit, "a.yaml", "limits.fileSize")
}
