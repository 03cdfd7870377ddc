package gitsource

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-6ca89210/sluice/gitsource/signature"
	"github.com/seed-6ca89210/sluice/gitsource/signature/signing"
)

// gitRepo is a repository made by the git binary, with nothing of this machine's
// configuration in it.
type gitRepo struct {
	t   *testing.T
	dir string
	env []string
}

// newGitRepo skips the test where one of the programs is missing.
func newGitRepo(t *testing.T, programs ...string) *gitRepo {
	t.Helper()
	for _, name := range append(programs, "git") {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s is not installed", name)
		}
	}
	// Not t.TempDir: the path of gpg-agent's socket may have 108 bytes at most.
	home, err := os.MkdirTemp("", "sign")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(home) })
	g := &gitRepo{t: t, dir: filepath.Join(home, "repo"), env: append(os.Environ(),
		"HOME="+home, "XDG_CONFIG_HOME="+home, "GNUPGHOME="+home, "GIT_CONFIG_NOSYSTEM=1", "SSH_AUTH_SOCK=",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com")}
	check(t, os.Mkdir(g.dir, 0o700))
	g.run("git", "init", "-q", "-b", "main")
	check(t, os.WriteFile(filepath.Join(g.dir, "a.yaml"), []byte("a: 1\n"), 0o600))
	g.run("git", "add", "a.yaml")
	return g
}

func (g *gitRepo) run(name string, args ...string) string {
	g.t.Helper()
	cmd := exec.CommandContext(g.t.Context(), name, args...)
	cmd.Dir, cmd.Env = g.dir, g.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		g.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (g *gitRepo) head(keys signature.Keys) Commit {
	g.t.Helper()
	s, err := open(g.t, Config{URL: "file://" + filepath.ToSlash(g.dir), Ref: Ref{Branch: "main"}, Keys: keys}).Fetch(g.t.Context(), "")
	check(g.t, err)
	return s.Commit
}

func TestCommitsThatGitSignsWithSSHKeysAreVerified(t *testing.T) {
	for _, kind := range []string{"ed25519", "ecdsa", "rsa"} {
		t.Run(kind, func(t *testing.T) {
			g := newGitRepo(t, "ssh-keygen")
			key := filepath.Join(g.dir, "..", "key")
			g.run("ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "a comment", "-f", key)
			g.run("git", "-c", "gpg.format=ssh", "-c", "user.signingKey="+key+".pub", "commit", "-q", "-S", "-m", "add one\n\nwith a body")
			public, err := os.ReadFile(key + ".pub")
			check(t, err)
			keys := signing.SSHKeys("ada@example.com namespaces=\"git\" " + string(public))

			c := g.head(keys)
			if c.Signer != "ada@example.com" || c.SignatureProblem != "" {
				t.Errorf("%+v", c)
			}
			if listed := g.run("ssh-keygen", "-l", "-f", key+".pub"); !strings.Contains(listed, c.SignerKey) || c.SignerKey == "" {
				t.Errorf("the key is %s, ssh-keygen says %s", c.SignerKey, listed)
			}
			g.run("git", "commit", "-q", "--amend", "--no-gpg-sign", "-m", "add two")
			wantUnsigned(t, g.head(keys), "it is not signed")
		})
	}
}

func TestCommitsThatGitSignsWithGPGAreVerified(t *testing.T) {
	g := newGitRepo(t, "gpg", "gpgconf")
	t.Cleanup(func() { // the agent that gpg leaves behind, found by its socket in this home
		cmd := exec.Command("gpgconf", "--kill", "all")
		cmd.Env = g.env
		_ = cmd.Run()
	})
	g.run("gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", "Ada <ada@example.com>", "ed25519", "sign", "never")
	g.run("git", "-c", "user.signingKey=ada@example.com", "commit", "-q", "-S", "-m", "add one")
	keys := signature.Keys{PGP: signature.File{Path: "keys.asc", Data: []byte(g.run("gpg", "--armor", "--export", "ada@example.com"))}}

	c := g.head(keys)
	if c.Signer != "ada@example.com" || c.SignatureProblem != "" {
		t.Errorf("%+v", c)
	}
	if listed := g.run("gpg", "--list-keys", "--with-colons"); !strings.Contains(listed, "fpr:::::::::"+c.SignerKey+":") {
		t.Errorf("the key is %s, gpg says %s", c.SignerKey, listed)
	}
}

func wantUnsigned(t testing.TB, c Commit, want string) {
	t.Helper()
	if c.Signer != "" || c.SignerKey != "" || !strings.Contains(c.SignatureProblem, want) {
		t.Errorf("signer %q %q, problem %q, want one that says %q", c.Signer, c.SignerKey, c.SignatureProblem, want)
	}
}

func TestAFolderHasNoSigner(t *testing.T) {
	dir := t.TempDir()
	check(t, os.WriteFile(filepath.Join(dir, "a.yaml"), []byte("a: 1\n"), 0o600))
	s, err := open(t, Config{Dir: dir}).Fetch(t.Context(), "")
	check(t, err)
	wantUnsigned(t, s.Commit, "a plain folder has no commit")
	_, err = Open(Config{Dir: dir, Keys: signing.SSHKeys(signing.Allow("ada@example.com", "", signing.SSHKey(t).PublicKey()))})
	wantError(t, err, nil, "keys: a plain folder")
}

func TestKeysThatCannotBeUsedAreRefusedAtOpen(t *testing.T) {
	_, err := Open(Config{URL: "file:///x", Keys: signing.SSHKeys("ada\n")})
	wantError(t, err, nil, "keys.ssh: signers:1")
}
