package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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
	"github.com/seed-6ca89210/sluice/reconcile/web/feed"
	"github.com/seed-6ca89210/sluice/reconcile/web/metrics"
)

// daemon is what outlasts a configuration: the site and the record. All else is made
// of a configuration, by build, and replaced with it.
type daemon struct {
	*app
	read   func() (config.Config, error) // the configuration, anew
	hangup <-chan os.Signal              // asks for that
	site   *site
	ground ground
	pages  *feed.Feed
	log    *slog.Logger
	events func(reconcile.Event)

	current atomic.Pointer[parts]
	problem atomic.Pointer[string] // why the last configuration was refused
	unsent  atomic.Pointer[string] // why old records were not all exported and deleted
	folders exportFolders          // for exports of old records
}

// parts is what is made of one configuration.
type parts struct {
	cfg     config.Config
	read    time.Time
	specs   string // where they are, without any password
	loop    turner
	handler http.Handler
	beside  http.Handler          // for commands on this machine
	archive history.Archive       // for old records; nil: they stay
	queue   func(context.Context) // listens to EC2's events; nil: nobody does
	flush   func()                // sends what is still to be told
	hangUp  func()                // closes connections to EC2 that nobody needs any more
}

// close ends what runs beside the loop, which must have ended.
func (p *parts) close() error {
	p.flush()
	err := p.loop.Close()
	p.hangUp()
	return err
}

// serve is the daemon, from its first configuration to the end of ctx.
func (a *app) serve(ctx context.Context, hangup <-chan os.Signal, read func() (config.Config, error)) error {
	cfg, err := read()
	if err != nil {
		return err
	}
	d := &daemon{app: a, read: read, hangup: hangup, log: a.logger()}
	if d.site, err = a.openSite(cfg, d.log); err != nil {
		return err
	}
	defer d.site.close()
	if d.ground, err = d.openGround(ctx, cfg); err != nil {
		return err
	}
	defer func() { _ = d.ground.close() }()
	d.pages = newFeed(d)
	d.events = eventLogger(d.log)
	if isTerminal(a.stderr) {
		progress := render.New(a.stderr, a.getenv).Progress(a.now, d.drainUntil)
		d.events = progress.Event
		d.log = slog.New(slog.NewTextHandler(progress.Beside(a.stderr), nil))
		defer background(ctx, progress.Run)()
	}
	d.events = d.site.follow(d.events)
	first, err := d.build(ctx, cfg, d.ground.first)
	if err != nil {
		return err
	}
	d.current.Store(first)
	defer func() { _ = d.current.Load().close() }()
	d.log.Info("serving", "mode", cfg.Mode, "specs", first.specs, "listen", d.site.url, "history", d.ground.String())
	if exportsTogether(cfg.History) {
		d.log.Info("old records are exported to a folder", "export", cfg.History.Export, "note", shareFolder)
	}
	err = d.site.serve(ctx, d.pages, d, http.HandlerFunc(d.beside), func(ctx context.Context) error { return d.ground.serve(ctx, d.run) })
	for _, r := range d.current.Load().loop.Draining() {
		d.log.Info("still converging; the next run goes on", "resource", r.ID, "spec", r.Spec.Name, "reason", r.Reason)
	}
	return err
}

// build makes everything that depends on a configuration: there is no other way
// to come by it. It reads the files that cfg names, and asks nothing of a network.
func (d *daemon) build(ctx context.Context, cfg config.Config, newLoop func(reconcile.Config) (turner, error)) (*parts, error) {
	told := newTellers(cfg)
	loopCfg, err := d.wire(ctx, cfg, cfg.Mode, told.call)
	if err != nil {
		return nil, err
	}
	loopCfg.Log, loopCfg.Events = d.log, d.events
	p := &parts{cfg: cfg, read: d.now(), specs: loopCfg.Specs.String(), hangUp: func() { hangUp(loopCfg.Targets) }}
	if cfg.History.Keep > 0 {
		if p.archive, err = openArchive(ctx, cfg.History.Export, &d.folders); err != nil {
			return nil, fmt.Errorf("history.export: %w", err)
		}
	}
	if p.flush, err = d.speak(ctx, cfg, &loopCfg, told); err != nil {
		return nil, err
	}
	if p.loop, err = newLoop(loopCfg); err != nil {
		p.flush()
		return nil, err
	}
	hooks, err := d.webhooks(cfg.Webhooks, d.log, p.loop.Hint, told.metrics.Webhook)
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	if cfg.Hints.SQS != nil {
		queue, err := d.eventQueue(ctx, *cfg.Hints.SQS, d.log, p.loop.HintEC2, told.metrics.Event)
		if err != nil {
			return nil, errors.Join(err, p.close())
		}
		p.queue = queue.Run
	}
	told.metrics.Read(metrics.Source{Status: d.status, DrainUntil: d.drainUntil, Now: d.now})
	p.handler, p.beside = d.site.handlers(web.Config{
		Status: d.status, Feed: d.pages, Metrics: told.metrics.Handler(), Look: p.loop.Hint,
		Version: version(), Now: d.now, Webhooks: hooks,
	})
	return p, nil
}

// ServeHTTP answers by the configuration that is in force.
func (d *daemon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.current.Load().handler.ServeHTTP(w, r)
}

// beside answers commands on this machine.
func (d *daemon) beside(w http.ResponseWriter, r *http.Request) {
	d.current.Load().beside.ServeHTTP(w, r)
}

// show puts a problem, or that there is none any more, where the status has it, and
// has open pages look.
func (d *daemon) show(at *atomic.Pointer[string], problem string) {
	var words *string
	if problem != "" {
		words = &problem
	}
	at.Store(words)
	d.site.hub.Poke()
}

// status is the loop's, and which configuration it has.
func (d *daemon) status() reconcile.Status {
	p := d.current.Load()
	s := p.loop.Status()
	s.Config.Loaded = p.read
	if problem := d.problem.Load(); problem != nil {
		s.Config.Error = *problem
	}
	if unsent := d.unsent.Load(); unsent != nil {
		s.ExportError = *unsent
	}
	return s
}

func (d *daemon) drainUntil(target, id string, addr netip.Addr) (time.Time, bool) {
	return d.current.Load().loop.DrainUntil(target, id, addr)
}
