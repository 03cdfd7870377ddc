package realgit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Repo is a bare repository behind a Server, and a work tree from which the git
// command pushes to it.
type Repo struct {
	Name string // with .git
	Work string // the work tree

	s *Server
}

// NewRepo makes an empty repository whose branch is main.
func (s *Server) NewRepo(t testing.TB, name string) *Repo {
	t.Helper()
	r := &Repo{Name: name + ".git", Work: s.path("work-" + name), s: s}
	bare := filepath.Join(s.path("repos"), r.Name)
	r.Git(t, "init", "--quiet", "--bare", "--initial-branch=main", bare)
	// As on the hosts that people use: one commit may be asked for, without its files.
	r.Git(t, "-C", bare, "config", "uploadpack.allowFilter", "true")
	r.Git(t, "-C", bare, "config", "uploadpack.allowReachableSHA1InWant", "true")
	r.Git(t, "init", "--quiet", "--initial-branch=main", r.Work)
	r.Git(t, "-C", r.Work, "remote", "add", "origin", bare)
	return r
}

// Commit writes a file, commits it, pushes the branch and returns the commit.
func (r *Repo) Commit(t testing.TB, file, data string, push ...string) string {
	t.Helper()
	check(t, os.WriteFile(filepath.Join(r.Work, file), []byte(data), 0o600))
	r.Git(t, "-C", r.Work, "add", "--all")
	r.Git(t, "-C", r.Work, "commit", "--quiet", "--message", "Change "+file)
	r.Git(t, append([]string{"-C", r.Work, "push", "--quiet", "origin", "main"}, push...)...)
	return strings.TrimSpace(r.Git(t, "-C", r.Work, "rev-parse", "HEAD"))
}

// Fill makes one commit of n files, faster than a work tree could.
func (r *Repo) Fill(t testing.TB, n int, file func(i int) (name, data string)) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("commit refs/heads/main\ncommitter Ada <ada@example.com> 1767323045 +0000\ndata 4\nMany\n")
	for i := range n {
		name, data := file(i)
		fmt.Fprintf(&b, "M 100644 inline %s\ndata %d\n%s\n", name, len(data), data)
	}
	bare := filepath.Join(r.s.path("repos"), r.Name)
	r.git(t, b.String(), "-C", bare, "fast-import", "--quiet")
	return strings.TrimSpace(r.Git(t, "-C", bare, "rev-parse", "main"))
}

// Git runs the git command, and returns what it prints.
func (r *Repo) Git(t testing.TB, args ...string) string {
	t.Helper()
	return r.git(t, "", args...)
}

func (r *Repo) git(t testing.TB, stdin string, args ...string) string {
	t.Helper()
	cmd := exec.Command(r.s.programs.git, args...)
	cmd.Env = append(r.s.environment(), "GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com",
		"GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com")
	cmd.Stdin = strings.NewReader(stdin)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %s: %v: %s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}
