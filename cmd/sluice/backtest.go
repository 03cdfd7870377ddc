package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/backtest"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
)

func (a *app) policyBacktestCommand() *cobra.Command {
	var c common
	var since string
	cmd := &cobra.Command{
		Use:   "backtest DIR... --since REVISION",
		Short: "Try proposed rules on past commits and recorded plans",
		Long: `Judge what there was twice, by the rules in force (--policy, or those of --config)
and by the proposed ones in DIR, and list each decision that changes: of the specs
at REVISION and after each commit since, in the Git work tree that --dir lies in, and
of the plans that the record kept, of those commits. It reads only.

The exit status is 3 when something would newly be denied or held, or could not be
judged.`,
		Example: `  sluice policy backtest proposed/ --policy policies/ --dir specs/ --since HEAD~20
  sluice policy backtest proposed/ --config sluice.yaml --dir specs/ --since v1.2 -o json`,
		Args: anyArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return errors.New("name the folder of the proposed rules, as in `sluice policy backtest proposed/ --dir specs/ --since HEAD~20`")
			case since == "":
				return errors.New("--since REVISION says from which commit on, such as HEAD~20 or a tag")
			}
			cfg, err := c.settings(cmd.Context(), a.getenv)
			if err != nil {
				return err
			}
			return a.backtest(cmd.Context(), cfg, args, since, c.output)
		},
	}
	c.where(cmd)
	c.historyFlag(cmd)
	c.outputFlag(cmd, "text", "json")
	cmd.Flags().StringVar(&since, "since", "", "a revision: HEAD~20, a tag, a branch or a commit")
	return cmd
}

func (a *app) backtest(ctx context.Context, cfg config.Config, proposed []string, since, output string) error {
	if cfg.Specs.Dir == "" {
		return errors.New("the past is read from a Git work tree on this machine: clone the repository of the specs, and name its folder with --dir")
	}
	_, current, err := a.sources(cfg)
	if err != nil {
		return err
	}
	next, _, err := a.policySources(ctx, &common{}, proposed)
	if err != nil {
		return err
	}
	c := backtest.Case{Now: a.now(), Budget: judge.Budget{Removals: cfg.Budget.Removals, Percent: cfg.Budget.Percent}}
	inForce, err := reconcile.LookAtPolicies(ctx, current, isolated(cfg))
	if err != nil {
		return fmt.Errorf("the rules in force: %w", err)
	}
	defer inForce.Close()
	cfg.Levels = nil // they are of the rules in force
	then, err := reconcile.LookAtPolicies(ctx, next, isolated(cfg))
	if err != nil {
		return fmt.Errorf("the proposed rules: %w", err)
	}
	defer then.Close()
	c.Current, c.Proposed = rulesOf(inForce), rulesOf(then)
	if c.Commits, err = commitsSince(ctx, cfg.Specs.Dir, since); err != nil {
		return err
	}
	if c.Decisions, err = recordedDecisions(ctx, cfg.History); err != nil {
		return err
	}
	report, err := backtest.Run(ctx, c)
	if err != nil {
		return err
	}
	if output == "json" {
		err = render.BacktestJSON(a.stdout, report)
	} else {
		err = render.New(a.stdout, a.getenv).Backtest(report)
	}
	if err != nil {
		return err
	}
	for _, f := range report.Flips {
		if f.Is == policy.Deny || f.Is == policy.Hold || f.Is == "error" {
			return status(exitDenied)
		}
	}
	return nil
}

func rulesOf(d *reconcile.Desired) backtest.Rules {
	return backtest.Rules{Engine: d.Engine, Levels: d.Levels, Rulings: d.Rulings}
}

// commitsSince reads the specs at a revision and after each commit since.
func commitsSince(ctx context.Context, dir, since string) ([]backtest.Commit, error) {
	first, err := gitsource.At(ctx, dir, since)
	if err != nil {
		return nil, err
	}
	later, err := gitsource.Since(ctx, dir, since)
	if err != nil {
		return nil, err
	}
	var list []backtest.Commit
	for _, s := range append([]*gitsource.Snapshot{first}, later...) {
		d := reconcile.ReadSpecs(s)
		list = append(list, backtest.Commit{Commit: d.CommitInput(), At: s.Commit.Time, Documents: d.Specs.Documents})
	}
	return list, nil
}

// recordedDecisions are the decisions whose basis was kept. Without a record there
// are none.
func recordedDecisions(ctx context.Context, place config.History) ([]backtest.Decision, error) {
	logs, err := readRecord(ctx, place)
	if errors.Is(err, history.ErrNoHistory) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []backtest.Decision
	for _, r := range merged(logs) {
		var b reconcile.Basis
		if r.Kind != history.KindDecision || len(r.Basis) == 0 {
			continue
		}
		if err := json.Unmarshal(r.Basis, &b); err != nil {
			return nil, fmt.Errorf("record %d: what its decision rests on cannot be read: %w", r.Seq, err)
		}
		list = append(list, backtest.Decision{At: r.Time, Plan: b.Plan, Inventories: b.Inventories})
	}
	return list, nil
}
