package main

import (
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
			cfg, err := c.settings(a.getenv)
			if err != nil {
				return err
			}
			loopCfg, err := a.wire(cmd.Context(), cfg, "observe", nil)
			if err != nil {
				return err
			}
			loopCfg.LookOnly = true
			if loopCfg.Only, err = planTarget(cfg, target); err != nil {
				return err
			}
			loopCfg.Ledger = a.targetLedger(cmd.Context(), cfg.History, loopCfg.Only)
			progress := a.progress(a.stderr, nil)
			loopCfg.Events = reading(progress)
			loop, err := reconcile.New(loopCfg)
			if err != nil {
				return err
			}
			defer loop.Close()
			endProgress := background(cmd.Context(), progress.Run)
			turn, err := loop.Once(cmd.Context(), nil)
			endProgress()
			if err != nil {
				return err
			}
			switch c.output {
			case "json":
				err = render.PlanJSON(a.stdout, turn.Plan())
			case "markdown":
				err = report.PlanMarkdown(a.stdout, turn.Plan(), commitOf(turn))
			default:
				err = render.New(a.stdout, a.getenv).Plan(turn.Plan(), commitOf(turn), verbose)
			}
			if err != nil {
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

func commitOf(t *reconcile.Turn) render.Commit {
	c := t.Desired.Commit
	return render.Commit{ID: c.ID, Author: c.Author.Name, Message: c.Message}
}
