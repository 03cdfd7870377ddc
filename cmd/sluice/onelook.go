package main

import (
	"context"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile"
)

// askedOnce is a source that is asked once, and says that ever after: what several turns
// find is of one commit, also where somebody pushes meanwhile and the turns take longer
// than a source's interval. A look that failed is the answer too. A [reconcile.Lookout]
// asks its sources one at a time, so there is no lock.
type askedOnce struct {
	reconcile.Source
	asked bool
	said  *gitsource.Snapshot
	err   error
}

// Snapshot implements [reconcile.Source].
func (s *askedOnce) Snapshot(ctx context.Context, last *gitsource.Snapshot) (*gitsource.Snapshot, error) {
	if !s.asked {
		s.said, s.err = s.Source.Snapshot(ctx, last)
		s.asked = true
	}
	return s.said, s.err
}

// asOneLook returns cfg with sources that are each asked once.
func asOneLook(cfg reconcile.Config) reconcile.Config {
	cfg.Specs = &askedOnce{Source: cfg.Specs}
	policies := make([]reconcile.Source, len(cfg.Policies))
	for i, src := range cfg.Policies {
		policies[i] = &askedOnce{Source: src}
	}
	cfg.Policies = policies
	return cfg
}
