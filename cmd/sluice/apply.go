package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/apply"
	"github.com/seed-6ca89210/sluice/reconcile/fleet"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// applyCall is one run of the apply command.
type applyCall struct {
	common
	wait   bool
	target string // with a record in a table
	saved  *plan.Plan
}

func (a *app) applyCommand() *cobra.Command {
	var c applyCall
	cmd := &cobra.Command{
		Use:   "apply [PLAN]",
		Short: "Carry out one pass; asks EC2 with DryRun unless --mode apply is given",
		Long: `Carry out one pass: the next step of every resource, as far as policy allows.
A change takes several steps (assign, settle, unassign, drain); --wait goes on
until all is converged. With PLAN, the file of an earlier "plan -o json", nothing
is done unless commit, policy and inventory are still the same.

In the default mode, dry-run, EC2 is asked with DryRun whether it would authorise
each call to a NAT gateway, and nothing is changed.

With commitStatus in the configuration, the Git host is told what became of the
commit; it has a few seconds at the end, and never changes the exit status.`,
		Example: `  sluice apply --dir specs/                           what AWS would authorise
  sluice apply --dir specs/ --mode apply --wait       carry it out, and wait for the drains
  sluice apply plan.json --dir specs/ --mode apply    exactly this plan, or nothing`,
		Args: upToOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := c.settings(cmd.Context(), a.getenv)
			if err != nil {
				return err
			}
			if len(args) == 1 {
				if c.saved, err = readPlan(cmd.Context(), args[0]); err != nil {
					return err
				}
			}
			return a.apply(cmd.Context(), cfg, c)
		},
	}
	c.where(cmd)
	c.historyFlag(cmd)
	c.outputFlag(cmd, "text", "json")
	cmd.Flags().StringVar(&c.mode, "mode", "", "observe, dry-run or apply (default dry-run)")
	cmd.Flags().StringVar(&c.target, "target", "", "with history.dynamodb: the target to work for, whose lease is taken meanwhile")
	cmd.Flags().BoolVar(&c.wait, "wait", false, "go on until everything is converged")
	return cmd
}

func (a *app) apply(ctx context.Context, cfg config.Config, c applyCall) error {
	told := newTellers(cfg)
	loopCfg, err := a.wire(ctx, cfg, cfg.Mode, told.call)
	if err != nil {
		return err
	}
	if loopCfg.Only, err = planTarget(cfg, c.target); err != nil {
		return err
	}
	loopCfg.Ledger = history.NewLedger()
	switch {
	case loopCfg.Mode == reconcile.Apply && loopCfg.Only != "":
		return a.underLease(ctx, cfg, []string{loopCfg.Only}, func(ctx context.Context, seats map[string]fleet.Seat) error {
			seat, target := seats[loopCfg.Only], loopCfg.Targets[loopCfg.Only]
			target.EC2 = seat.Fence(target.EC2)
			loopCfg.Targets[loopCfg.Only], loopCfg.History, loopCfg.Ledger = target, seat.Store, seat.Ledger
			return a.carryOut(ctx, cfg, c, loopCfg, told)
		})
	case loopCfg.Mode == reconcile.Apply:
		store, err := openHistory(ctx, cfg.History.File, history.Holder{Command: "sluice apply"}, loopCfg.Ledger)
		if err != nil {
			return err
		}
		defer store.Close()
		loopCfg.History = store
	default:
		loopCfg.Ledger = a.targetLedger(ctx, cfg.History, loopCfg.Only)
	}
	return a.carryOut(ctx, cfg, c, loopCfg, told)
}

// carryOut is the pass itself, with the record at hand.
func (a *app) carryOut(ctx context.Context, cfg config.Config, c applyCall, loopCfg reconcile.Config, told *tellers) error {
	var steps []apply.Step // of all turns; the last outcome of each counts
	var loop *reconcile.Loop
	progress := a.progress(c.progressTo(a, loopCfg.Mode), &loop)
	loopCfg.Events = func(e reconcile.Event) {
		if e.Kind == reconcile.EventStep && e.Step.Outcome != "" {
			steps = append(steps, *e.Step)
		}
		if loopCfg.Mode == reconcile.Apply || e.Kind == reconcile.EventReading { // else the result says it all
			progress.Event(e)
		}
	}
	flush, err := a.speak(ctx, cfg, &loopCfg, told)
	if err != nil {
		return err
	}
	defer flush()
	if loop, err = reconcile.New(loopCfg); err != nil {
		return err
	}
	defer loop.Close()
	endProgress := background(ctx, progress.Run)
	turn := loop.Once
	if c.wait {
		turn = loop.Converge
	}
	t, err := turn(ctx, c.saved)
	endProgress()
	if t == nil {
		return err
	}
	var stale *reconcile.StaleError
	if errors.As(err, &stale) && len(steps) == 0 {
		return err // nothing was done, and the plan is not the one that was asked for
	}
	if printErr := a.printApply(c, t, steps); printErr != nil {
		return errors.Join(err, printErr)
	}
	if errors.Is(err, reconcile.ErrInterrupted) { // what is left is pending, as the plan says
		fmt.Fprintf(a.stderr, "sluice: %s\n", err)
	} else if err != nil {
		return err
	}
	return status(gravest(planStatus(t.Plan()), stepStatus(t.Steps), probeStatus(t.Probes)))
}

// progressTo is where the plan and the calls are told as they happen: when a person
// reads, they are the result itself.
func (c *applyCall) progressTo(a *app, mode reconcile.Mode) io.Writer {
	if mode == reconcile.Apply && c.output == "text" {
		return a.stdout
	}
	return a.stderr
}

// printApply writes the result, as far as progress has not told it, to standard
// output.
func (a *app) printApply(c applyCall, t *reconcile.Turn, steps []apply.Step) error {
	if c.output == "json" {
		return render.ApplyJSON(a.stdout, t.Plan(), steps, t.Probes)
	}
	if t.Plan().Mode == string(reconcile.Apply) {
		_, err := io.WriteString(a.stdout, whatNext(t.Plan().Summary, steps, c.wait))
		return err
	}
	s := render.New(a.stdout, a.getenv)
	if err := s.Plan(t.Plan(), commitOf(t), false); err != nil {
		return err
	}
	return s.Probes(t.Probes)
}

// whatNext is the last sentence of a pass that acted. One that waited and did not see the
// end was interrupted, or an error follows.
func whatNext(s plan.Summary, steps []apply.Step, waited bool) string {
	switch {
	case s.Pending+s.Converging > 0 && waited:
		return "\nNot converged yet: run the same command again to go on.\n"
	case s.Pending+s.Converging > 0:
		return "\nNot converged yet: run the same command again, or with --wait to see it through.\n"
	case len(steps) == 0 && s == plan.Summary{InSync: s.InSync}:
		return "Nothing to do.\n"
	}
	return ""
}

// readPlan reads a saved plan. What it would do is never taken from the file: it
// is planned anew, and must come out the same.
func readPlan(ctx context.Context, path string) (*plan.Plan, error) {
	data, err := inputOf(ctx, path, maxPlan)
	if err != nil {
		return nil, fmt.Errorf("saved plan: %w", err)
	}
	var p plan.Plan
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, fmt.Errorf("saved plan: %s is not the JSON of `sluice plan -o json`: %w", path, err)
	}
	if p.Version != plan.Version || p.PlanHash == "" {
		return nil, fmt.Errorf("saved plan: %s has version %d, and this sluice reads version %d", path, p.Version, plan.Version)
	}
	hash := p.PlanHash
	if p.Seal(); p.PlanHash != hash {
		return nil, fmt.Errorf("saved plan: %s was changed after it was made: its hash does not fit its content", path)
	}
	return &p, nil
}
