package main

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/dynamodb"
	"github.com/seed-6ca89210/sluice/reconcile/ec2"
	"github.com/seed-6ca89210/sluice/reconcile/fleet"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/lease"
	"github.com/seed-6ca89210/sluice/reconcile/web/feed"
)

// longestTableCall bounds one call to the table, where a quarter of a lease is longer.
const longestTableCall = 5 * time.Second

// openTable opens the table of a configuration.
func openTable(ctx context.Context, cfg config.DynamoDB) (*dynamodb.DB, error) {
	settings, err := ec2.Settings(ctx, ec2.Config{Target: "history.dynamodb", Region: cfg.Region})
	if err != nil {
		return nil, err
	}
	return dynamodb.Open(ctx, dynamodb.Config{Table: cfg.Table, Settings: settings, Endpoint: cfg.Endpoint, Timeout: min(cfg.Lease/4, longestTableCall)})
}

// tableGround is a record in a table, of which each target's log is this process's as
// long as it holds the target's lease.
type tableGround struct {
	db    *dynamodb.DB
	fleet *fleet.Fleet
	where string
}

func (d *daemon) openTableGround(ctx context.Context, cfg config.Config) (ground, error) {
	db, err := openTable(ctx, *cfg.History.DynamoDB)
	if err != nil {
		return nil, err
	}
	f, err := newFleet(db, cfg, slices.Sorted(maps.Keys(cfg.Targets)), d.site.url, d.log)
	if err != nil {
		return nil, err
	}
	return &tableGround{db, f, whereRecord(cfg.History)}, nil
}

// newFleet makes who holds targets. A third of a lease is what the longest call takes.
func newFleet(db *dynamodb.DB, cfg config.Config, targets []string, url string, log *slog.Logger) (*fleet.Fleet, error) {
	duration := cfg.History.DynamoDB.Lease
	longest := duration / 3
	keeper, err := lease.New(lease.Config{Table: db.Leases(), ID: replicaID(), URL: url, Targets: targets, Duration: duration, LongestCall: longest, Log: log})
	if err != nil {
		return nil, err
	}
	return fleet.New(fleet.Config{
		Keeper: keeper, LongestCall: longest, Log: log,
		Read: func(target string) history.Log { return db.Log(target) },
		Write: func(ctx context.Context, target string, held *lease.Held) (history.Store, error) {
			store, err := db.Writer(ctx, target, held)
			if err != nil {
				return nil, err // and no Store that holds a nil pointer
			}
			return store, nil
		},
	})
}

// replicaID names this process, and no other that ever was: the host, for people, and
// random letters.
func replicaID() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "replica"
	}
	return host + "-" + strings.ToLower(rand.Text()[:8])
}

func (g *tableGround) first(cfg reconcile.Config) (turner, error) { return g.fleet.Crew(cfg), nil }

func (g *tableGround) next(_ turner, cfg reconcile.Config) (turner, error) {
	return g.fleet.Crew(cfg), nil
}

// takeOver has nothing to do: each target's loop goes on where the one before it stood.
func (*tableGround) takeOver(context.Context, turner, turner) {}

// serve holds leases while turning goes on. When both are to end, what turns ends first:
// a lease is given back when nobody works under it any more.
func (g *tableGround) serve(ctx context.Context, turning func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	held := make(chan error, 1)
	go func() {
		held <- g.fleet.Run(ctx)
		cancel()
	}()
	err := turning(ctx)
	cancel()
	return errors.Join(err, <-held)
}

func (g *tableGround) logs(ctx context.Context, visit func(context.Context, string, history.Cutter)) {
	g.fleet.Visit(ctx, visit)
}

// feed gives pages the logs of all targets that are known in the table, whoever works for
// them, for reading only.
func (g *tableGround) feed(cfg *feed.Config) {
	cfg.Logs = func() []feed.Log {
		var logs []feed.Log
		for _, target := range g.fleet.Targets() {
			logs = append(logs, feed.Log{Name: target, Record: g.db.Log(target)})
		}
		return logs
	}
}

func (*tableGround) close() error     { return nil }
func (g *tableGround) String() string { return g.where }
