package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/policy"
)

// common holds the flags that say where things are.
type common struct {
	config   string
	dir      string
	repo     string
	ref      string
	path     string
	policies []string
	advisory []string
	history  string
	exports  []string
	mode     string
	output   string
}

// where adds the flags that name specs and policies.
func (c *common) where(cmd *cobra.Command) {
	c.whereSpecs(cmd)
	cmd.Flags().StringArrayVar(&c.policies, "policy", nil, "a folder of Rego policies, or an OPA bundle (.tar.gz); may repeat (the shipped library is always in force)")
	c.advisoryFlag(cmd)
}

// whereSpecs adds the flags that name specs.
func (c *common) whereSpecs(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.config, "config", "", "read everything from this sluice.yaml")
	f.StringVar(&c.dir, "dir", "", "specs from a folder")
	f.StringVar(&c.repo, "repo", "", "specs from a Git repository: https://, ssh:// or file://")
	f.StringVar(&c.ref, "ref", "", "with --repo: branch, tag, commit, or semver:RANGE for the newest tag in a range (default: the repository's own branch)")
	f.StringVar(&c.path, "path", "", "with --repo: the folder of the specs in it")
}

func (c *common) advisoryFlag(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&c.advisory, "advisory", nil, "a rule of yours, such as spec.keep_two, that shall only warn; may repeat")
}

func (c *common) historyFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.history, "history", "", "the record's file (default $XDG_STATE_HOME/sluice/history.db)")
}

func (c *common) outputFlag(cmd *cobra.Command, formats ...string) {
	cmd.Flags().StringVarP(&c.output, "output", "o", formats[0], "output format: "+strings.Join(formats, ", "))
	next := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if !slices.Contains(formats, c.output) {
			return fmt.Errorf("--output %q is not one of %s", c.output, strings.Join(formats, ", "))
		}
		if next != nil {
			return next(cmd, args)
		}
		return nil
	}
}

// settings returns the configuration: a file's, or what the flags amount to.
func (c *common) settings(ctx context.Context, getenv func(string) string) (config.Config, error) {
	cfg := config.Default()
	if c.config != "" {
		if c.dir != "" || c.repo != "" || c.ref != "" || c.path != "" || len(c.policies) > 0 {
			return cfg, fmt.Errorf("--config says where specs and policies are; leave out --dir, --repo, --ref, --path and --policy")
		}
		loaded, err := loadConfig(ctx, c.config)
		if err != nil {
			return cfg, err
		}
		cfg, cfg.File = loaded, c.config
	} else if err := c.fromFlags(&cfg); err != nil {
		return cfg, err
	}
	cfg.Levels = c.levels(cfg.Levels)
	if c.mode != "" {
		cfg.Mode = c.mode
	}
	if !slices.Contains([]string{"observe", "dry-run", "apply"}, cfg.Mode) {
		return cfg, fmt.Errorf("--mode %q is not one of observe, dry-run, apply", cfg.Mode)
	}
	if c.history != "" && cfg.History.DynamoDB != nil { // it would act without a lease, while a replica acts
		return cfg, fmt.Errorf("--history names a file, and the record is in history.dynamodb of %s, by which replicas do not act at once; leave out --history", c.config)
	}
	if c.history != "" {
		cfg.History = config.History{File: c.history, Keep: cfg.History.Keep, Export: cfg.History.Export}
	}
	if cfg.History.File == "" && cfg.History.DynamoDB == nil {
		cfg.History.File = defaultHistory(getenv)
	}
	return cfg, nil
}

func loadConfig(ctx context.Context, file string) (config.Config, error) {
	data, err := inputOf(ctx, file, maxSettings)
	if err != nil {
		return config.Config{}, fmt.Errorf("--config: %w", err)
	}
	cfg, problems := config.Load(file, data)
	if len(problems) > 0 {
		return config.Config{}, problemsError(problems)
	}
	return cfg, nil
}

// levels adds the rules of --advisory to those of the configuration.
func (c *common) levels(configured map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, configured)
	for _, id := range c.advisory {
		all[id] = string(policy.Advisory)
	}
	return all
}

// ruleOptions are how policies are compiled.
func ruleOptions(cfg config.Config) policy.Options {
	opts := policy.Options{Levels: map[string]policy.Level{}, EvalTimeout: cfg.PolicyLimits.Evaluation}
	for id, level := range cfg.Levels {
		opts.Levels[id] = policy.Level(level)
	}
	return opts
}

func (c *common) fromFlags(cfg *config.Config) error {
	switch {
	case c.dir != "" && c.repo != "":
		return fmt.Errorf("--dir and --repo both say where the specs are; keep one")
	case c.dir == "" && c.repo == "":
		return fmt.Errorf("nothing says where the specs are; use --config FILE, --dir DIR or --repo URL")
	case c.dir != "" && (c.ref != "" || c.path != ""):
		return fmt.Errorf("--ref and --path go with --repo, not with --dir")
	}
	cfg.Specs.Dir, cfg.Specs.URL, cfg.Specs.Path = c.dir, c.repo, c.path
	cfg.Specs.Ref = parseRef(c.ref)
	for _, path := range c.policies {
		repo, err := policyRepo(path)
		if err != nil {
			return err
		}
		cfg.Policies = append(cfg.Policies, repo)
	}
	return nil
}

// parseRef reads --ref: a commit's 40 hex digits, refs/heads/…, refs/tags/…,
// semver: and a range, or a name that is a branch or a tag. No name holds a colon.
func parseRef(ref string) gitsource.Ref {
	if within, ok := strings.CutPrefix(ref, "semver:"); ok {
		return gitsource.Ref{Semver: within}
	}
	if tag, ok := strings.CutPrefix(ref, "refs/tags/"); ok {
		return gitsource.Ref{Tag: tag}
	}
	if branch, ok := strings.CutPrefix(ref, "refs/heads/"); ok {
		return gitsource.Ref{Branch: branch}
	}
	if len(ref) == 40 && strings.Trim(ref, "0123456789abcdef") == "" {
		return gitsource.Ref{Commit: ref}
	}
	return gitsource.Ref{Name: ref}
}

func defaultHistory(getenv func(string) string) string {
	state := getenv("XDG_STATE_HOME")
	if state == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "sluice-history.db"
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "sluice", "history.db")
}
