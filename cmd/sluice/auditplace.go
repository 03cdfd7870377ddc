package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// auditPlace is where an audit reads from.
type auditPlace struct {
	cfg   config.Config
	paths []string         // folders and files; none: the specs come from a repository
	loop  reconcile.Config // with targets only when EC2 is asked
	// ledgers are what the record says, where each target has its own; else nil.
	ledgers map[string]*history.Ledger
	why     bool // explains
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
	cfg, err := opts.settings(ctx, a.getenv)
	if err != nil {
		return auditPlace{}, err
	}
	p := auditPlace{cfg: cfg, why: opts.explain}
	switch {
	case len(opts.paths) > 0:
		p.paths = opts.paths
		p.cfg.Specs = config.Repo{Dir: p.paths[0], Interval: cfg.Specs.Interval}
	case cfg.Specs.Dir != "":
		p.paths = []string{cfg.Specs.Dir}
	}
	err = a.openPlace(ctx, &p, opts.live)
	p.loop.LoadPolicies = isolated(p.cfg)
	if opts.explain {
		p.loop.LoadPolicies = explained(p.cfg, &explaining{actions: map[string][]policy.Explanation{}})
	}
	return p, err
}

func (a *app) openPlace(ctx context.Context, p *auditPlace, live bool) error {
	var err error
	if !live {
		p.loop.Specs, p.loop.Policies, err = a.sources(p.cfg)
	} else if p.loop, err = a.wire(ctx, p.cfg, "observe", nil); err == nil {
		p.loop.LookOnly = true
		if p.cfg.History.DynamoDB == nil {
			p.loop.Ledger = a.ledger(ctx, p.cfg.History.File)
		} else {
			p.ledgers = a.ledgers(ctx, *p.cfg.History.DynamoDB, slices.Sorted(maps.Keys(p.cfg.Targets))...)
		}
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
