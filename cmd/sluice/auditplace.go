package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// auditPlace is where an audit reads from.
type auditPlace struct {
	cfg   config.Config
	paths []string         // folders and files; none: the specs come from a repository
	loop  reconcile.Config // with targets only when EC2 is asked
}

// placeOf finds out what the flags and arguments of an audit mean, and opens it.
func (a *app) placeOf(ctx context.Context, opts auditOptions) (auditPlace, error) {
	if len(opts.paths) > 0 && opts.dir+opts.repo != "" {
		return auditPlace{}, fmt.Errorf("the specs are given twice, as %q and with --dir or --repo; keep one", opts.paths[0])
	}
	if !opts.live && opts.mode+opts.history != "" {
		return auditPlace{}, errors.New("--mode and --history go with --live: without EC2 there is no plan")
	}
	if len(opts.paths) > 0 && opts.config == "" {
		opts.dir = opts.paths[0]
	}
	cfg, err := opts.settings(a.getenv)
	if err != nil {
		return auditPlace{}, err
	}
	p := auditPlace{cfg: cfg}
	switch {
	case len(opts.paths) > 0:
		p.paths = opts.paths
		p.cfg.Specs = config.Repo{Dir: p.paths[0], Interval: cfg.Specs.Interval}
	case cfg.Specs.Dir != "":
		p.paths = []string{cfg.Specs.Dir}
	}
	return p, a.openPlace(ctx, &p, opts.live)
}

func (a *app) openPlace(ctx context.Context, p *auditPlace, live bool) error {
	var err error
	if !live {
		p.loop.Specs, p.loop.Policies, err = a.sources(p.cfg)
	} else if p.loop, err = a.wire(ctx, p.cfg, "observe", nil); err == nil {
		p.loop.LookOnly = true
		p.loop.Ledger = a.ledger(ctx, p.cfg.History.File)
	}
	if err != nil || len(p.paths) == 0 {
		return err
	}
	for i, name := range p.paths {
		for _, policies := range p.cfg.Policies {
			if err := config.Apart(config.Repo{Dir: name}, policies); err != nil {
				return err
			}
		}
		p.paths[i] = fromHere(name)
	}
	p.loop.Specs, err = gitsource.Open(gitsource.Config{Paths: p.paths, Extensions: []string{".yaml", ".yml", ".json"}})
	return err
}

// fromHere is a path as seen from where the command runs, which is how code hosts
// know files when that is the root of the repository.
func fromHere(name string) string {
	if !filepath.IsAbs(name) {
		return name
	}
	here, err := os.Getwd()
	if err != nil {
		return name
	}
	if rel, err := filepath.Rel(here, name); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return name
}

// auditBase is what there was before.
type auditBase struct {
	revision string
	commit   string
	docs     []spec.Document
}

// auditBase reads the paths, or the repository, as they were at a revision. What
// was not there then was empty.
func (a *app) auditBase(ctx context.Context, p auditPlace, revision string) (auditBase, error) {
	base := auditBase{revision: revision}
	var files []spec.File
	seen := map[string]bool{}
	add := func(s *gitsource.Snapshot, err error, name func(string) string) error {
		if errors.Is(err, gitsource.ErrPathNotFound) || errors.Is(err, gitsource.ErrEmpty) {
			return nil
		}
		if err != nil {
			return err
		}
		base.commit = s.Commit.ID
		for _, f := range s.Files {
			if at := name(f.Path); !seen[at] {
				seen[at] = true
				files = append(files, spec.File{Path: at, Data: f.Data})
			}
		}
		return nil
	}
	for _, at := range p.paths {
		s, err := gitsource.At(ctx, at, revision)
		folder := filepath.ToSlash(at)
		if info, statErr := os.Stat(at); statErr == nil && !info.IsDir() {
			folder = path.Dir(folder)
		}
		if err := add(s, err, func(file string) string { return path.Join(folder, file) }); err != nil {
			return base, err
		}
	}
	if len(p.paths) == 0 {
		repo := p.cfg.Specs
		repo.Ref = parseRef(revision)
		src, err := a.open("--diff", repo, gitHost(p.cfg))
		if err != nil {
			return base, err
		}
		s, err := src.Snapshot(ctx, nil)
		if err := add(s, err, func(file string) string { return file }); err != nil {
			return base, err
		}
	}
	base.docs = spec.Parse(files).Documents
	return base, nil
}
