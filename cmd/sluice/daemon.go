package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/web"
)

// daemon is what outlasts a configuration: the listener, the record, what is
// counted. All else is made of a configuration, by build, and replaced with it.
type daemon struct {
	*app
	read    func() (config.Config, error) // the configuration, anew
	hangup  <-chan os.Signal              // asks for that
	api     string
	store   *history.File
	metrics *web.Metrics
	log     *slog.Logger
	events  func(reconcile.Event)

	current atomic.Pointer[parts]
	problem atomic.Pointer[string] // why the last configuration was refused
}

// parts is what is made of one configuration.
type parts struct {
	cfg     config.Config
	read    time.Time
	specs   string // where they are, without any password
	loop    *reconcile.Loop
	handler http.Handler
	archive history.Archive       // for old records; nil: they stay
	queue   func(context.Context) // listens to EC2's events; nil: nobody does
	flush   func()                // sends what is still to be told
}

// close ends what runs beside the loop, which must have ended.
func (p *parts) close() error {
	p.flush()
	return p.loop.Close()
}

// serve is the daemon, from its first configuration to the end of ctx.
func (a *app) serve(ctx context.Context, hangup <-chan os.Signal, read func() (config.Config, error)) error {
	cfg, err := read()
	if err != nil {
		return err
	}
	d := &daemon{app: a, read: read, hangup: hangup, metrics: web.NewMetrics(), log: a.logger()}
	d.events = eventLogger(d.log)
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer listener.Close()
	d.api = "http://" + listener.Addr().String()
	ledger := history.NewLedger()
	if d.store, err = openHistory(ctx, cfg.History.File, "serve", d.api, ledger); err != nil {
		return err
	}
	defer d.store.Close()
	if isTerminal(a.stderr) {
		progress := render.New(a.stderr, a.getenv).Progress(a.now, d.drainUntil)
		d.events = progress.Event
		d.log = slog.New(slog.NewTextHandler(progress.Beside(a.stderr), nil))
		defer background(ctx, progress.Run)()
	}
	first, err := d.build(ctx, cfg, func(c reconcile.Config) (*reconcile.Loop, error) {
		c.History, c.Ledger = d.store, ledger
		return reconcile.New(c)
	})
	if err != nil {
		return err
	}
	d.current.Store(first)
	defer func() { _ = d.current.Load().close() }()
	d.log.Info("serving", "mode", cfg.Mode, "specs", first.specs, "listen", d.api, "history", cfg.History.File)
	err = runBoth(ctx, listener, d, d.run)
	for _, r := range d.current.Load().loop.Draining() {
		d.log.Info("still converging; the next run goes on", "resource", r.ID, "spec", r.Spec.Name, "reason", r.Reason)
	}
	return err
}

// build makes everything that depends on a configuration: there is no other way
// to come by it. It reads the files that cfg names, and asks nothing of a network.
func (d *daemon) build(ctx context.Context, cfg config.Config, newLoop func(reconcile.Config) (*reconcile.Loop, error)) (*parts, error) {
	loopCfg, err := d.wire(ctx, cfg, cfg.Mode, d.metrics.Call)
	if err != nil {
		return nil, err
	}
	loopCfg.Log, loopCfg.Events = d.log, d.events
	p := &parts{cfg: cfg, read: d.now(), specs: loopCfg.Specs.String()}
	if cfg.History.Keep > 0 {
		if p.archive, err = openArchive(ctx, cfg.History.Export); err != nil {
			return nil, fmt.Errorf("history.export: %w", err)
		}
	}
	if p.flush, err = d.speak(ctx, cfg, &loopCfg); err != nil {
		return nil, err
	}
	if p.loop, err = newLoop(loopCfg); err != nil {
		p.flush()
		return nil, err
	}
	hooks, err := d.webhooks(cfg.Webhooks, d.log, p.loop.Hint, d.metrics.Webhook)
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	if cfg.Hints.SQS != nil {
		queue, err := d.eventQueue(ctx, *cfg.Hints.SQS, d.log, p.loop.HintEC2, d.metrics.Event)
		if err != nil {
			return nil, errors.Join(err, p.close())
		}
		p.queue = queue.Run
	}
	p.handler = web.Handler(web.Config{Status: d.status, Log: d.store, Metrics: d.metrics, Now: d.now, Webhooks: hooks})
	return p, nil
}

// ServeHTTP answers by the configuration that is in force.
func (d *daemon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.current.Load().handler.ServeHTTP(w, r)
}

// status is the loop's, and which configuration it has.
func (d *daemon) status() reconcile.Status {
	p := d.current.Load()
	s := p.loop.Status()
	s.Config.Loaded = p.read
	if problem := d.problem.Load(); problem != nil {
		s.Config.Error = *problem
	}
	return s
}

func (d *daemon) drainUntil(target, id string, addr netip.Addr) (time.Time, bool) {
	return d.current.Load().loop.DrainUntil(target, id, addr)
}
