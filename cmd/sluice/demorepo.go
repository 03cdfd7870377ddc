package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/seed-6ca89210/sluice/examples"
)

const demoBranch = "main"

// demoRepo is a Git repository with the quickstart's specs, made without a git
// binary.
type demoRepo struct {
	dir  string
	repo *git.Repository
	head string // the newest commit
}

func newDemoRepo(dir string) (*demoRepo, error) {
	if err := copyExamples("quickstart/specs", filepath.Join(dir, "specs")); err != nil {
		return nil, err
	}
	repo, err := git.PlainInitWithOptions(dir, &git.PlainInitOptions{
		InitOptions: git.InitOptions{DefaultBranch: plumbing.NewBranchReferenceName(demoBranch)},
	})
	if err != nil {
		return nil, err
	}
	r := &demoRepo{dir: dir, repo: repo}
	return r, r.commit("Addresses as they are today", "", nil)
}

// commit changes one file and commits everything.
func (r *demoRepo) commit(message, file string, edit func(string) string) error {
	if edit != nil {
		path := filepath.Join(r.dir, filepath.FromSlash(file))
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(edit(string(text))), 0o644); err != nil {
			return err
		}
	}
	tree, err := r.repo.Worktree()
	if err != nil {
		return err
	}
	if err := tree.AddGlob("."); err != nil {
		return err
	}
	who := &object.Signature{Name: "Ada Lind", Email: "ada@example.com", When: time.Now()}
	hash, err := tree.Commit(message, &git.CommitOptions{Author: who})
	r.head = hash.String()
	return err
}

// copyExamples writes a folder of the examples to disk.
func copyExamples(from, to string) error {
	return fs.WalkDir(examples.Quickstart, from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, filepath.FromSlash(strings.TrimPrefix(path, from)))
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		data, err := examples.Quickstart.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o644)
	})
}
