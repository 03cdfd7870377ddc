package main

import (
	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/cmd/sluice/render/report"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/rulebook"
)

func (a *app) policyListCommand() *cobra.Command {
	var c common
	cmd := &cobra.Command{
		Use:   "list [DIR...]",
		Short: "List the rules in force, their parameters and waivers, and approvals",
		Long: `List the rules in force, the shipped ones included: id, level, title, scope, where
each is defined, its parameters, and its waivers. Waivers that end within 14 days
are marked, and expired ones named. Approvals follow.`,
		Example: `  sluice policy list
  sluice policy list --config sluice.yaml
  sluice policy list policies/ -o markdown > RULES.md`,
		Args: anyArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			sources, opts, err := a.policySources(cmd.Context(), &c, args)
			if err != nil {
				return err
			}
			d, err := reconcile.LookAtPolicies(cmd.Context(), sources, reconcile.LoadHere(opts))
			if err != nil {
				return err
			}
			list := rulebook.New(d.Engine.Rules(), d.Rulings, a.now())
			switch c.output {
			case "json":
				return render.RulesJSON(a.stdout, list)
			case "markdown":
				return report.RulesMarkdown(a.stdout, list)
			}
			return render.New(a.stdout, a.getenv).Rules(list)
		},
	}
	c.policyFlags(cmd)
	c.advisoryFlag(cmd)
	c.outputFlag(cmd, "text", "json", "markdown")
	return cmd
}
