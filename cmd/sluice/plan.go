package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/cmd/sluice/render/report"
	"github.com/seed-6ca89210/sluice/reconcile"
)

func (a *app) planCommand() *cobra.Command {
	var c common
	var verbose bool
	var target string
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Print what would change and what policy says; calls nothing that changes anything",
		Example: `  sluice plan --dir specs/ --policy policies/
  sluice plan --repo https://git.example.com/net/addresses.git --ref main --path gateways
  sluice plan --config sluice.yaml --target prod       with history.dynamodb
  sluice plan --config sluice.yaml -o json > plan.json && sluice apply plan.json --config sluice.yaml --mode apply --wait`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			turn, err := a.planned(cmd.Context(), c, target)
			if err != nil {
				return err
			}
			if err := a.showPlan(turn, c.output, verbose); err != nil {
				return err
			}
			return status(planStatus(turn.Plan()))
		},
	}
	c.where(cmd)
	c.historyFlag(cmd)
	c.outputFlag(cmd, "text", "json", "markdown")
	cmd.Flags().StringVar(&c.mode, "mode", "", "mode that policy is told: observe, dry-run or apply (default dry-run)")
	cmd.Flags().StringVar(&target, "target", "", "with history.dynamodb: the target to plan for; its plan is the one that approvals name")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "also list resources that are in sync")
	return cmd
}

// planned looks, plans and judges once, for one target of several where that has a log of
// its own. It calls nothing that changes anything.
func (a *app) planned(ctx context.Context, c common, target string) (*reconcile.Turn, error) {
	cfg, err := c.settings(ctx, a.getenv)
	if err != nil {
		return nil, err
	}
	loopCfg, err := a.wire(ctx, cfg, "observe", nil)
	if err != nil {
		return nil, err
	}
	loopCfg.LookOnly = true
	if loopCfg.Only, err = planTarget(cfg, target); err != nil {
		return nil, err
	}
	loopCfg.Ledger = a.targetLedger(ctx, cfg.History, loopCfg.Only)
	progress := a.progress(a.stderr, nil)
	loopCfg.Events = reading(progress)
	loop, err := reconcile.New(loopCfg)
	if err != nil {
		return nil, err
	}
	defer loop.Close()
	endProgress := background(ctx, progress.Run)
	defer endProgress()
	return loop.Once(ctx, nil)
}

// showPlan prints a turn's plan in one of the formats of --output.
func (a *app) showPlan(turn *reconcile.Turn, format string, verbose bool) error {
	switch format {
	case "json":
		return render.PlanJSON(a.stdout, turn.Plan())
	case "markdown":
		return report.PlanMarkdown(a.stdout, turn.Plan(), commitOf(turn))
	default:
		return render.New(a.stdout, a.getenv).Plan(turn.Plan(), commitOf(turn), verbose)
	}
}

func commitOf(t *reconcile.Turn) render.Commit {
	c := t.Desired.Commit
	return render.Commit{ID: c.ID, Author: c.Author.Name, Message: c.Message}
}
