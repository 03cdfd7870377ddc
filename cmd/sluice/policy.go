package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/cmd/sluice/render/report"
	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile"
)

func (a *app) policyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Check, test and list rules",
		Example: `  sluice policy check policies/
  sluice policy test policies/
  sluice policy list policies/
  sluice policy backtest proposed/ --policy policies/ --dir specs/ --since HEAD~20`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.policyCheckCommand(), a.policyTestCommand(), a.policyListCommand(), a.policyBacktestCommand())
	return cmd
}

// policyFlags let the folders also be given as for the other commands.
func (c *common) policyFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.config, "config", "", "the policies of this sluice.yaml")
	cmd.Flags().StringArrayVar(&c.policies, "policy", nil, "the same as DIR: a folder, or an OPA bundle (.tar.gz); may repeat")
}

func (a *app) policyCheckCommand() *cobra.Command {
	var c common
	cmd := &cobra.Command{
		Use:   "check DIR...",
		Short: "Compile and lint rules, their parameters, waivers and approvals",
		Long: `Compile rules with the shipped library, check their types against the published
schemas of their inputs, and read parameters, waivers and approvals. Every problem
is named with file and line.`,
		Example: "  sluice policy check policies/",
		Args:    anyArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			sources, opts, err := a.somePolicies(cmd.Context(), &c, args)
			if err != nil {
				return err
			}
			d, err := reconcile.LookAtPolicies(cmd.Context(), sources, reconcile.LoadHere(opts))
			if err != nil {
				return err
			}
			own := 0
			for _, r := range d.Engine.Rules() {
				if !r.Shipped {
					own++
				}
			}
			_, err = fmt.Fprintf(a.stdout, "rules: %d of yours, %d shipped; waivers: %d; approvals: %d; no problem\n",
				own, len(d.Engine.Rules())-own, len(d.Rulings.Waivers), len(d.Rulings.Approvals))
			return err
		},
	}
	c.policyFlags(cmd)
	return cmd
}

func (a *app) policyTestCommand() *cobra.Command {
	var c common
	var threshold float64
	cmd := &cobra.Command{
		Use:   "test DIR...",
		Short: "Run the unit tests of rules (*_test.rego), with coverage",
		Example: `  sluice policy test policies/
  sluice policy test policies/ --threshold 100
  sluice policy test policies/ -o junit > policy-tests.xml`,
		Args: anyArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			from, _, err := a.somePolicies(cmd.Context(), &c, args)
			if err != nil {
				return err
			}
			sources, err := readPolicies(cmd.Context(), from)
			if err != nil {
				return err
			}
			if threshold < 0 || threshold > 100 {
				return fmt.Errorf("--threshold is a percentage, from 0 to 100, and not %g", threshold)
			}
			result, err := policy.Test(cmd.Context(), sources)
			if err != nil {
				return err
			}
			switch c.output {
			case "json":
				err = writeJSON(a.stdout, result)
			case "junit":
				err = report.PolicyTests(a.stdout, result)
			default:
				err = printTests(a.stdout, result)
			}
			if err != nil {
				return err
			}
			return testVerdict(result, threshold)
		},
	}
	c.policyFlags(cmd)
	c.outputFlag(cmd, "text", "json", "junit")
	cmd.Flags().Float64Var(&threshold, "threshold", 0, "fail when a rule of yours is covered by less than this many percent of its lines")
	return cmd
}

// testVerdict fails for failed tests, and for rules that are tested too little.
func testVerdict(r policy.TestReport, threshold float64) error {
	if n := r.Failed(); n > 0 {
		return fmt.Errorf("%d of %d tests failed", n, len(r.Tests))
	}
	for _, f := range r.Coverage {
		if !f.Shipped && f.Percent < threshold {
			return fmt.Errorf("%s is covered by %.0f %%, less than %.0f %%; lines without a test: %s",
				f.File, f.Percent, threshold, strings.Trim(fmt.Sprint(f.NotCovered), "[]"))
		}
	}
	return nil
}

func printTests(w io.Writer, r policy.TestReport) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range r.Tests {
		word := "pass"
		if !c.Passed {
			word = "FAIL"
		}
		fmt.Fprintf(t, "%s\t%s\t%s:%d\t%s\n", word, render.Clean(c.Name), render.Clean(c.File), c.Line, render.Clean(c.Message))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(t)
	for _, f := range r.Coverage {
		if !f.Shipped {
			fmt.Fprintf(t, "%s\t%.0f %% of its lines\n", render.Clean(f.File), f.Percent)
		}
	}
	return t.Flush()
}

// policySources are the policies that a command line is about: those of the
// configuration, or the folders that it names.
func (a *app) policySources(ctx context.Context, c *common, args []string) ([]reconcile.Source, policy.Options, error) {
	cfg := config.Default()
	dirs := append(args, c.policies...)
	switch {
	case c.config != "" && len(dirs) > 0:
		return nil, policy.Options{}, errors.New("--config says where the policies are; leave out the folders")
	case c.config != "":
		var err error
		if cfg, err = loadConfig(ctx, c.config); err != nil {
			return nil, policy.Options{}, err
		}
	}
	for _, dir := range dirs {
		repo, err := policyRepo(dir)
		if err != nil {
			return nil, policy.Options{}, err
		}
		cfg.Policies = append(cfg.Policies, repo)
	}
	cfg.Levels = c.levels(cfg.Levels)
	var sources []reconcile.Source
	for _, repo := range cfg.Policies {
		src, err := a.openPolicy(repo, gitHost(cfg))
		if err != nil {
			return nil, policy.Options{}, err
		}
		sources = append(sources, src)
	}
	return sources, ruleOptions(cfg), nil
}

// somePolicies are policySources that cannot be none.
func (a *app) somePolicies(ctx context.Context, c *common, args []string) ([]reconcile.Source, policy.Options, error) {
	sources, opts, err := a.policySources(ctx, c, args)
	if err == nil && len(sources) == 0 {
		err = errors.New("name the folder of the rules, as in `sluice policy check policies/`")
	}
	return sources, opts, err
}

// readPolicies reads sources as the rule engine wants them.
func readPolicies(ctx context.Context, from []reconcile.Source) ([]policy.Source, error) {
	var sources []policy.Source
	for _, f := range from {
		s, err := f.Snapshot(ctx, nil)
		if err != nil {
			return nil, err
		}
		src := policy.Source{Name: f.String()}
		for _, file := range s.Files {
			src.Files = append(src.Files, policy.File{Path: file.Path, Data: file.Data})
		}
		sources = append(sources, src)
	}
	return sources, nil
}

func anyArgs(*cobra.Command, []string) error { return nil }

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
