package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/examples"
	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/web"
	"github.com/seed-6ca89210/sluice/reconcile/web/feed"
	"github.com/seed-6ca89210/sluice/reconcile/web/metrics"
)

// demoSpeed lets three minutes of draining pass in three seconds, for the
// simulator and for the daemon.
const demoSpeed = 60

// fastClock is a clock that runs n times as fast from now on.
func fastClock(n time.Duration) func() time.Time {
	start := time.Now()
	return func() time.Time { return start.Add(n * time.Since(start)) }
}

func (a *app) demoCommand() *cobra.Command {
	var keep bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show all of it in one process on the simulator; no AWS account needed",
		Long: `Start the EC2 simulator, make a Git repository of the quickstart example, run the
daemon on it, and commit two changes: one that swaps an address, and one that
policy refuses. Nothing outside a temporary folder is touched.`,
		Example: `  sluice demo
  sluice demo --keep        then look around, with the commands that it prints`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.demo(cmd.Context(), keep)
		},
	}
	cmd.Flags().BoolVar(&keep, "keep", false, "leave everything running at the end, until Ctrl-C")
	return cmd
}

// demo is the stage: a folder, a simulator, a repository, and the daemon on them.
type demo struct {
	*app
	style   *render.Style
	dir     string
	repo    *demoRepo
	sim     net.Listener
	site    *site
	turned  chan *reconcile.Turn // every turn that ended
	failed  chan error           // the daemon's end
	history string
}

func (a *app) demo(ctx context.Context, keep bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	dir, err := os.MkdirTemp("", "sluice-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	stage := *a
	stage.simulated, stage.now = true, fastClock(demoSpeed)
	stage.pace = reconcile.Pace{Min: 250 * time.Millisecond, Max: 250 * time.Millisecond}
	d := &demo{
		app: &stage, style: render.New(a.stdout, a.getenv), dir: dir, history: filepath.Join(dir, "history.db"),
		turned: make(chan *reconcile.Turn, 64), failed: make(chan error, 1),
	}
	if err := d.start(ctx); err != nil {
		return err
	}
	err = d.play(ctx)
	if err == nil && keep {
		d.say("Left running until Ctrl-C:")
		fmt.Fprintf(d.stdout, "  repository  %s\n  simulator   http://%s   (AWS_ENDPOINT_URL for the AWS CLI)\n  daemon      %s   (the status page; /metrics, /api/v1)\n  record      sluice history --history %s\n",
			filepath.Join(dir, "repo"), d.sim.Addr(), d.site.url, d.history)
		<-ctx.Done()
	}
	cancel()
	if end := <-d.failed; err == nil {
		err = end
	}
	return err
}

// play is what a newcomer sees.
func (d *demo) play(ctx context.Context) error {
	d.say("The repository says what the simulated EC2 already has. (Clocks run 60 times as fast here.)")
	if _, err := d.until(ctx, converged); err != nil {
		return err
	}
	d.say("A commit adds 10.0.1.22 to egress-a and takes 10.0.1.20 away.")
	err := d.repo.commit("egress-a: 10.0.1.22 in, 10.0.1.20 out\n\nThe partner's firewall knows .22 now.", "specs/egress-a.yaml", func(text string) string {
		return strings.Replace(text, "- 10.0.1.20\n", "- 10.0.1.22\n", 1)
	})
	if err != nil {
		return err
	}
	if _, err := d.until(ctx, converged); err != nil {
		return err
	}
	d.say("A commit takes another one away, which a policy of the example refuses.")
	err = d.repo.commit("egress-a: one address is enough", "specs/egress-a.yaml", func(text string) string {
		return strings.Replace(text, "      - 10.0.1.21\n", "", 1)
	})
	if err != nil {
		return err
	}
	if _, err := d.until(ctx, func(s plan.Summary) bool { return s.Denied > 0 }); err != nil {
		return err
	}
	d.say("Nothing was called. What became of 10.0.1.20, and why? (sluice explain 10.0.1.20)")
	return d.explainNow(ctx, netip.MustParseAddr("10.0.1.20"))
}

func converged(s plan.Summary) bool { return s == plan.Summary{InSync: s.InSync} }

// until waits for a turn on the newest commit that ends as wanted.
func (d *demo) until(ctx context.Context, wanted func(plan.Summary) bool) (*reconcile.Turn, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		select {
		case t := <-d.turned:
			if p := t.Plan(); p.Commit == d.repo.head && wanted(p.Summary) {
				return t, nil
			}
		case err := <-d.failed:
			d.failed <- err
			return nil, fmt.Errorf("the demo's daemon ended early: %w", err)
		case <-ctx.Done():
			return nil, fmt.Errorf("the demo did not get on: %w", ctx.Err())
		}
	}
}

func (d *demo) say(text string) { _ = d.style.Title(text) } // a page that cannot be written ends elsewhere

// explainNow reads the daemon's record through its API, as another process would.
func (d *demo) explainNow(ctx context.Context, addr netip.Addr) error {
	k, err := readHistory(ctx, d.history)
	if err != nil {
		return err
	}
	fmt.Fprintln(d.stdout)
	return d.style.Explain(history.Explain(k.records, addr))
}

// start brings up simulator, repository and daemon.
func (d *demo) start(ctx context.Context) error {
	world, err := examples.Quickstart.ReadFile("quickstart/world.yaml")
	if err != nil {
		return err
	}
	w, err := ec2sim.ParseWorld("world.yaml", world)
	if err != nil {
		return err
	}
	if d.sim, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	if d.repo, err = newDemoRepo(filepath.Join(d.dir, "repo")); err != nil {
		return err
	}
	sim := ec2sim.New(w, ec2sim.Options{Speed: demoSpeed})
	simEnded := make(chan error, 1)
	go func() { simEnded <- serveHTTP(ctx, d.sim, sim) }()
	cfg := config.Default()
	cfg.Mode, cfg.History.File, cfg.Listen = "apply", d.history, "127.0.0.1:0"
	cfg.Specs = config.Repo{URL: "file://" + filepath.Join(d.dir, "repo"), Ref: gitsource.Ref{Branch: demoBranch}, Path: "specs", Interval: 400 * time.Millisecond}
	cfg.Policies = []config.Repo{{Dir: filepath.Join(d.dir, "policies")}}
	cfg.Targets = map[string]config.Target{"default": {Region: "us-east-1", Endpoint: "http://" + d.sim.Addr().String()}}
	if err := copyExamples("quickstart/policies", filepath.Join(d.dir, "policies")); err != nil {
		return err
	}
	return d.daemon(ctx, cfg, simEnded)
}

// daemon runs the loop and its API, as serve does, with its events on the stage.
func (d *demo) daemon(ctx context.Context, cfg config.Config, simEnded <-chan error) error {
	told := newTellers(cfg)
	loopCfg, err := d.wire(ctx, cfg, cfg.Mode, told.call)
	if err != nil {
		return err
	}
	loopCfg.Ledger = history.NewLedger()
	if d.site, err = d.openSite(cfg, loopCfg.Log); err != nil {
		return err
	}
	store, err := openHistory(ctx, d.history, d.site.holder("demo"), loopCfg.Ledger)
	if err != nil {
		return err
	}
	loopCfg.Observers, loopCfg.Around = append(loopCfg.Observers, told.metrics.Observe), append(loopCfg.Around, told.metrics.Around)
	loopCfg.History = store
	var loop *reconcile.Loop
	progress := d.progress(d.stdout, &loop)
	loopCfg.Events = d.site.follow(func(e reconcile.Event) {
		progress.Event(e)
		if e.Kind == reconcile.EventTurned {
			select {
			case d.turned <- e.Turn:
			default: // nobody waits any more
			}
		}
	})
	if loop, err = reconcile.New(loopCfg); err != nil {
		return err
	}
	told.metrics.Read(metrics.Source{Status: loop.Status, DrainUntil: loop.DrainUntil, Now: d.now})
	pages := feed.New(feed.Config{Status: loop.Status, Record: store, Now: d.now})
	front, beside := d.site.handlers(web.Config{
		Status: loop.Status, Feed: pages, Metrics: told.metrics.Handler(), Look: loop.Hint, Version: version(), Now: d.now,
	})
	endProgress := background(ctx, progress.Run)
	go func() {
		defer endProgress()
		err := d.site.serve(ctx, pages, front, beside, loop.Serve)
		if e := loop.Close(); err == nil {
			err = e
		}
		if e := store.Close(); err == nil {
			err = e
		}
		if e := <-simEnded; err == nil {
			err = e
		}
		d.failed <- err
	}()
	return nil
}
