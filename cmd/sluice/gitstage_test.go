package main

import (
	"path/filepath"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/rogpeppe/go-internal/testscript"
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

// gitCommit commits everything, and names the commit in $COMMIT.
func gitCommit(ts *testscript.TestScript, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: gitcommit DIR MESSAGE")
	}
	repo, err := git.PlainOpen(ts.MkAbs(args[0]))
	ts.Check(err)
	tree, err := repo.Worktree()
	ts.Check(err)
	ts.Check(tree.AddWithOptions(&git.AddOptions{All: true}))
	who := &object.Signature{Name: "Ada Lind", Email: "ada@example.com", When: time.Now()}
	commit, err := tree.Commit(breaks.Replace(args[1]), &git.CommitOptions{Author: who, AllowEmptyCommits: true})
	ts.Check(err)
	ts.Setenv("COMMIT", commit.String())
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
