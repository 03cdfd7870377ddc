package main

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/web/feed"
)

// turner is what turns under one configuration: a loop for all targets, or a crew that
// has one for each target that this replica holds.
type turner interface {
	Prepare(ctx context.Context) error
	Serve(ctx context.Context) error
	Status() reconcile.Status
	Draining() []plan.Resource
	DrainUntil(target, id string, addr netip.Addr) (time.Time, bool)
	Hint()
	HintEC2()
	Close() error
}

// ground is where the record is, which outlasts configurations.
type ground interface {
	// first makes what turns under the first configuration.
	first(cfg reconcile.Config) (turner, error)
	// next makes what is to follow upon old under another one.
	next(old turner, cfg reconcile.Config) (turner, error)
	// takeOver is called when old has ended, before next begins.
	takeOver(ctx context.Context, next, old turner)
	// serve runs turning beside what the record needs.
	serve(ctx context.Context, turning func(context.Context) error) error
	// logs calls visit with each log that this process may cut, and the name of its
	// target; a log of all targets has none.
	logs(ctx context.Context, visit func(ctx context.Context, target string, log history.Cutter))
	// feed fills in what pages read of it.
	feed(*feed.Config)
	close() error
	String() string
}

// openGround opens the record of a configuration for a daemon.
func (d *daemon) openGround(ctx context.Context, cfg config.Config) (ground, error) {
	if cfg.History.DynamoDB != nil {
		return d.openTableGround(ctx, cfg)
	}
	g := &fileGround{ledger: history.NewLedger(), path: cfg.History.File}
	var err error
	g.file, err = openHistory(ctx, g.path, d.site.holder("serve"), g.ledger)
	return g, err
}

// fileGround is a record in a file, which one process holds for all targets.
type fileGround struct {
	file   *history.File
	ledger *history.Ledger
	path   string
}

func (g *fileGround) first(cfg reconcile.Config) (turner, error) {
	cfg.History, cfg.Ledger = g.file, g.ledger
	return asTurner(reconcile.New(cfg))
}

func (*fileGround) next(old turner, cfg reconcile.Config) (turner, error) {
	return asTurner(old.(*reconcile.Loop).Successor(cfg))
}

// asTurner keeps a nil loop from being a turner that is none.
func asTurner(loop *reconcile.Loop, err error) (turner, error) {
	if err != nil {
		return nil, err
	}
	return loop, nil
}

func (*fileGround) takeOver(ctx context.Context, next, old turner) {
	next.(*reconcile.Loop).TakeOver(ctx, old.(*reconcile.Loop))
}

func (*fileGround) serve(ctx context.Context, turning func(context.Context) error) error {
	return turning(ctx)
}

func (g *fileGround) logs(ctx context.Context, visit func(context.Context, string, history.Cutter)) {
	visit(ctx, "", g.file)
}

func (g *fileGround) feed(cfg *feed.Config) { cfg.Record = g.file }
func (g *fileGround) close() error          { return g.file.Close() }
func (g *fileGround) String() string        { return g.path }

// whereRecord is where a configuration's record is, for people.
func whereRecord(h config.History) string {
	if h.DynamoDB != nil {
		return fmt.Sprintf("DynamoDB table %s", h.DynamoDB.Table)
	}
	return h.File
}
