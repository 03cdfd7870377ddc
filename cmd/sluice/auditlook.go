package main

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// liveLook is what a look at Git and EC2 found, as one, however many turns it took.
type liveLook struct {
	desired     *reconcile.Desired // all of it
	plan        plan.Plan          // of several turns without a hash: nobody can approve it
	inventories []inventory.Inventory
}

func (l liveLook) commit() render.Commit { return commitOf(&reconcile.Turn{Desired: l.desired}) }

// liveLook plans for all targets: in one turn, or, where each has a record of its own, in
// one for each, as the replica that has the target does.
func (p *auditPlace) liveLook(ctx context.Context) (*liveLook, error) {
	if p.ledgers == nil {
		t, err := onceBy(ctx, p.loop)
		if err != nil {
			return nil, err
		}
		return &liveLook{t.Desired, t.Plan(), t.Inventories}, nil
	}
	turns, err := p.turnsApart(ctx)
	if err != nil {
		return nil, err
	}
	all := &liveLook{turns[0].Desired.Whole(), turns[0].Plan(), nil}
	all.plan.Resources = nil
	for _, t := range turns {
		all.inventories = append(all.inventories, t.Inventories...)
		all.plan.Resources = append(all.plan.Resources, t.Plan().Resources...)
		all.plan.Hold = cmp.Or(all.plan.Hold, t.Plan().Hold)
	}
	if len(turns) > 1 {
		all.plan.Resources = plan.Join(all.plan.Resources)
		all.plan.Summary = plan.Summarize(all.plan.Resources)
		all.plan.PlanHash, all.plan.InventoryHash = "", ""
	}
	return all, nil
}

// turnsAtOnce is for how many targets EC2 is read at a time.
const turnsAtOnce = 8

// turnsApart is a turn for each target, in the order of their names. All of them are of
// one look at Git.
func (p *auditPlace) turnsApart(ctx context.Context) ([]*reconcile.Turn, error) {
	targets := slices.Sorted(maps.Keys(p.ledgers))
	p.loop.Lookout = reconcile.NewLookout(asOneLook(p.loop))
	turns, errs := make([]*reconcile.Turn, len(targets)), make([]error, len(targets))
	free := make(chan struct{}, turnsAtOnce)
	if p.why { // what explains keeps what it is asked
		free = make(chan struct{}, 1)
	}
	var turning sync.WaitGroup
	for i, target := range targets {
		turning.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			cfg := p.loop
			cfg.Only, cfg.Ledger = target, p.ledgers[target]
			turns[i], errs[i] = onceBy(ctx, cfg)
		})
	}
	turning.Wait()
	return turns, cmp.Or(errs...) // what all of them were told, such as that Git cannot be read
}

func onceBy(ctx context.Context, cfg reconcile.Config) (*reconcile.Turn, error) {
	loop, err := reconcile.New(cfg)
	if err != nil {
		return nil, err
	}
	return loop.Once(ctx, nil)
}
