package main

import (
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// auditBase is what there was at a revision.
type auditBase struct {
	revision string
	commit   string
	docs     []spec.Document
	asked    map[string]bool // files that the paths name; others only tell what was moved

	files []spec.File
	seen  map[string]bool
}

// auditBase reads the paths, or the repository, as they were at a revision.
func (a *app) auditBase(ctx context.Context, p auditPlace, revision string) (auditBase, error) {
	base := auditBase{revision: revision, asked: map[string]bool{}, seen: map[string]bool{}}
	var err error
	if len(p.paths) > 0 {
		err = base.readPaths(ctx, p.paths)
	} else {
		repo := p.cfg.Specs
		repo.Ref = parseRef(revision)
		var src *gitsource.Source
		if src, err = a.open("--diff", repo, gitHost(p.cfg)); err == nil {
			s, readErr := src.Snapshot(ctx, nil)
			err = base.add(s, readErr, "", true)
		}
	}
	base.docs = spec.Parse(base.files).Documents
	return base, err
}

// readPaths reads folders and files. The folder of a file is read with it, so that
// a file that was moved there is known again; what of it cannot be read is left out.
func (b *auditBase) readPaths(ctx context.Context, paths []string) error {
	for _, at := range paths {
		folder, file := filepath.ToSlash(at), false
		if info, err := os.Stat(at); err == nil && !info.IsDir() {
			folder, file = path.Dir(folder), true
		}
		s, err := gitsource.At(ctx, at, b.revision)
		if err := b.add(s, err, folder, true); err != nil {
			return err
		}
		if file {
			if s, err = gitsource.At(ctx, filepath.FromSlash(folder), b.revision); err == nil {
				_ = b.add(s, nil, folder, false) // it only passes errors on
			}
		}
	}
	return nil
}

// add takes a snapshot's files, named as the user knows their folder. What was not
// there then was empty.
func (b *auditBase) add(s *gitsource.Snapshot, err error, folder string, asked bool) error {
	if errors.Is(err, gitsource.ErrPathNotFound) || errors.Is(err, gitsource.ErrEmpty) {
		return nil
	}
	if err != nil {
		return err
	}
	b.commit = s.Commit.ID
	for _, f := range s.Files {
		name := path.Join(folder, f.Path)
		b.asked[name] = b.asked[name] || asked
		if !b.seen[name] {
			b.seen[name] = true
			b.files = append(b.files, spec.File{Path: name, Data: f.Data})
		}
	}
	return nil
}
