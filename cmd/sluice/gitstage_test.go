package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/hiddeco/sshsig"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"
)

// gitRepo makes a repository of a folder, without a commit when it is empty. It
// needs no git binary.
func gitRepo(ts *testscript.TestScript, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: gitrepo DIR")
	}
	dir := ts.MkAbs(args[0])
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	ts.Check(err)
	_, err = git.PlainInitWithOptions(dir, &git.PlainInitOptions{
		InitOptions: git.InitOptions{DefaultBranch: plumbing.NewBranchReferenceName("main")},
	})
	ts.Check(err)
	if len(files) > 0 {
		gitCommit(ts, []string{args[0], "Addresses as they are today"})
	}
}

// gitCommit commits everything, and names the commit in $COMMIT. It signs with a
// new key where a file is named to list it in.
func gitCommit(ts *testscript.TestScript, args []string) {
	if len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: gitcommit DIR MESSAGE [SIGNERS]")
	}
	repo, err := git.PlainOpen(ts.MkAbs(args[0]))
	ts.Check(err)
	tree, err := repo.Worktree()
	ts.Check(err)
	ts.Check(tree.AddWithOptions(&git.AddOptions{All: true}))
	who := &object.Signature{Name: "Ada Lind", Email: "ada@example.com", When: time.Now()}
	options := &git.CommitOptions{Author: who, AllowEmptyCommits: true}
	if len(args) == 3 {
		options.Signer = newSigner(ts, args[2])
	}
	commit, err := tree.Commit(breaks.Replace(args[1]), options)
	ts.Check(err)
	ts.Setenv("COMMIT", commit.String())
}

// commitSigner signs commits as git does with gpg.format=ssh.
type commitSigner struct{ ssh.Signer }

func (s commitSigner) Sign(message io.Reader) ([]byte, error) {
	sig, err := sshsig.Sign(message, s.Signer, sshsig.HashSHA512, "git")
	if err != nil {
		return nil, err
	}
	return sshsig.Armor(sig), nil
}

// newSigner makes a key and lists it, alone, in a file of allowed signers.
func newSigner(ts *testscript.TestScript, file string) git.Signer {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	ts.Check(err)
	signer, err := ssh.NewSignerFromKey(private)
	ts.Check(err)
	line := "ada@example.com namespaces=\"git\" " + string(ssh.MarshalAuthorizedKey(signer.PublicKey()))
	ts.Check(os.WriteFile(ts.MkAbs(file), []byte(line), 0o644))
	return commitSigner{signer}
}

// gitTag names the newest commit.
func gitTag(ts *testscript.TestScript, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: gittag DIR NAME")
	}
	repo, err := git.PlainOpen(ts.MkAbs(args[0]))
	ts.Check(err)
	head, err := repo.Head()
	ts.Check(err)
	_, err = repo.CreateTag(args[1], head.Hash(), nil)
	ts.Check(err)
}

// gitReset moves the branch to a commit, and names it in $COMMIT.
func gitReset(ts *testscript.TestScript, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: gitreset DIR COMMIT")
	}
	repo, err := git.PlainOpen(ts.MkAbs(args[0]))
	ts.Check(err)
	tree, err := repo.Worktree()
	ts.Check(err)
	ts.Check(tree.Reset(&git.ResetOptions{Commit: plumbing.NewHash(args[1]), Mode: git.HardReset}))
	ts.Setenv("COMMIT", args[1])
}
