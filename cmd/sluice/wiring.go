package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/gitsource/signature"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/ec2"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
	"github.com/seed-6ca89210/sluice/reconcile/strictyaml"
)

// onCall is told of every EC2 call.
type onCall func(ctx context.Context, target string, a ec2.Attempt)

// wire makes a loop's configuration from settings. ec2Mode is how far the EC2
// clients may go, whatever the loop asks of them.
func (a *app) wire(ctx context.Context, cfg config.Config, ec2Mode string, count onCall) (reconcile.Config, error) {
	out := reconcile.Config{
		Mode: reconcile.Mode(cfg.Mode), Interval: cfg.Specs.Interval, HintInterval: cfg.Webhooks.MinInterval, EC2HintInterval: cfg.Hints.MinInterval, AdoptCommand: adoptCommand(cfg), Log: a.logger(), Now: a.now, Pace: a.pace,
		Budget: judge.Budget{Removals: cfg.Budget.Removals, Percent: cfg.Budget.Percent}, Targets: map[string]reconcile.Target{},
		LoadPolicies: isolated(cfg), Calendar: cfg.Calendar,
	}
	var err error
	if out.Specs, out.Policies, err = a.sources(cfg); err != nil {
		return out, err
	}
	if past, ok := out.Specs.(reconcile.Past); ok && cfg.Specs.URL != "" && cfg.Specs.Ref.Commit == "" { // who pins a commit has decided
		out.Past = past
	}
	out.Signed = reconcile.Signed(cfg.Specs.Verify.Mode)
	for name, target := range cfg.Targets {
		client, err := a.client(ctx, name, target, ec2Mode, count)
		if err != nil {
			return out, err // it names the target
		}
		wired := reconcile.Target{EC2: client, GatewayLimit: target.AddressesPerNatGateway}
		if cfg.Drift.Attribution != "" {
			if wired.Trail, err = a.trail(ctx, name, target); err != nil {
				return out, err
			}
		}
		out.Targets[name] = wired
	}
	return out, nil
}

// client makes the client of one target.
func (a *app) client(ctx context.Context, name string, target config.Target, ec2Mode string, count onCall) (*ec2.Client, error) {
	return ec2.New(ctx, ec2.Config{
		Target: name, Region: target.Region, Profile: target.Profile, RoleARN: target.RoleARN, Endpoint: target.Endpoint, Mode: ec2Mode, Simulated: a.simulated, Transport: a.transport,
		OnCall: func(ctx context.Context, a ec2.Attempt) {
			if count != nil {
				count(ctx, name, a)
			}
		},
	})
}

// hangUp closes the connections that were kept for calls to the targets, when the last one
// is over.
func hangUp(targets map[string]reconcile.Target) {
	for _, t := range targets {
		if c, ok := t.EC2.(*ec2.Client); ok {
			c.Close()
		}
	}
}

// sources opens where specs and policies come from.
func (a *app) sources(cfg config.Config) (specs reconcile.Source, policies []reconcile.Source, err error) {
	loginHost := gitHost(cfg)
	if specs, err = a.open("specs", cfg.Specs, loginHost); err != nil {
		return nil, nil, err
	}
	for _, repo := range cfg.Policies {
		if err := config.Apart(cfg.Specs, repo); err != nil {
			return nil, nil, err
		}
		src, err := a.openPolicy(repo, loginHost)
		if err != nil {
			return nil, nil, err
		}
		policies = append(policies, pacedSource{src, repo.Interval})
	}
	return specs, policies, nil
}

// pacedSource is looked at in an interval of its own.
type pacedSource struct {
	reconcile.Source
	every time.Duration
}

// Every is for [reconcile.Paced].
func (s pacedSource) Every() time.Duration { return s.every }

// open opens a folder or a repository.
func (a *app) open(setting string, repo config.Repo, loginHost string) (*gitsource.Source, error) {
	cfg := gitsource.Config{URL: repo.URL, Dir: repo.Dir, Ref: repo.Ref, Path: repo.Path, Limits: repo.Limits, Runner: runGit}
	if err := a.giveAccess(&cfg, repo, loginHost); err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	if warning := passwordInURL(repo.URL); warning != nil {
		a.logger().Warn(warning.Error(), "setting", setting)
	}
	keys, err := readKeys(repo.Verify)
	if err != nil {
		return nil, fmt.Errorf("%s.verify: %w", setting, err)
	}
	cfg.Keys = keys
	src, err := gitsource.Open(cfg)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	return src, nil
}

// readKeys reads the files of keys once: a changed file counts after a restart.
func readKeys(v config.Verify) (signature.Keys, error) {
	keys := signature.Keys{PGP: signature.File{Path: v.PGPKeys}, SSH: signature.File{Path: v.SSHAllowedSigners}}
	for _, f := range []*signature.File{&keys.PGP, &keys.SSH} {
		if f.Path == "" {
			continue
		}
		var err error
		if f.Data, err = regularFile(f.Path, maxSettings); err != nil {
			return signature.Keys{}, err
		}
	}
	return keys, nil
}

// gitHost is the host that the login of the environment is for: the specs', or,
// where these are a folder, the first policy repository's.
func gitHost(cfg config.Config) string {
	for _, repo := range append([]config.Repo{cfg.Specs}, cfg.Policies...) {
		if repo.URL != "" {
			return gitsource.Host(repo.URL)
		}
	}
	return ""
}

// progress prints a loop's events. The loop is made after it, with it.
func (a *app) progress(w io.Writer, loop **reconcile.Loop) *render.Progress {
	return render.New(w, a.getenv).Progress(a.now, func(target, id string, addr netip.Addr) (time.Time, bool) {
		return (*loop).DrainUntil(target, id, addr)
	})
}

// reading passes on only what is being read, for commands whose result says the
// rest.
func reading(progress *render.Progress) func(reconcile.Event) {
	return func(e reconcile.Event) {
		if e.Kind == reconcile.EventReading {
			progress.Event(e)
		}
	}
}

// problemsError is all problems, one a line.
func problemsError(problems []strictyaml.Problem) error {
	var lines []string
	for _, p := range problems {
		lines = append(lines, p.Error())
	}
	return errors.New(strings.Join(lines, "\n"))
}
