package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile"
)

// where names a source before it could be opened, without a login that stands in it.
func where(repo config.Repo) string {
	switch {
	case repo.Bundle != nil && repo.Bundle.URL != "":
		return gitsource.Host(repo.Bundle.URL)
	case repo.Bundle != nil:
		return repo.Bundle.File
	case repo.Dir != "":
		return repo.Dir
	}
	return cmp.Or(gitsource.Shown(repo.URL), "the url")
}

// configuration looks at what the configuration only names: it has been read by now.
func (d *doctor) configuration(subject string) func(context.Context) []render.Check {
	return func(context.Context) []render.Check {
		var bad []render.Check
		for _, provider := range slices.Sorted(maps.Keys(d.cfg.Webhooks.Secrets)) {
			if _, err := d.app.secretText(d.cfg.Webhooks.Secrets[provider], "secret")(); err != nil {
				bad = append(bad, failed("configuration", subject, fmt.Sprintf("webhooks.%s: %v", provider, err), "set the variable or write the file; without it deliveries are refused")...)
			}
		}
		if _, _, err := d.app.siteAccess(d.cfg, slog.New(slog.DiscardHandler)); err != nil {
			bad = append(bad, failed("configuration", subject, err.Error(), "mend what web names; without it the daemon does not start")...)
		}
		if len(bad) > 0 {
			return bad
		}
		return passed("configuration", subject, fmt.Sprintf("mode %s, %d %s", d.cfg.Mode, len(d.cfg.Targets), plural(len(d.cfg.Targets), "target")))
	}
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

const adviseGit = "check url, ref, path and auth of this source, and whether this machine reaches the server"

// specs looks at access to Git and at the specs themselves. What it reads the checks
// of the targets go by.
func (d *doctor) specs(ctx context.Context) []render.Check {
	defer close(d.specsRead)
	src, err := d.app.open("specs", d.cfg.Specs, gitHost(d.cfg))
	if err != nil {
		return failed("git", where(d.cfg.Specs), err.Error(), "put this setting right")
	}
	name := src.String()
	s, err := src.Snapshot(ctx, nil)
	if err != nil {
		return failed("git", name, err.Error(), adviseGit)
	}
	desired := reconcile.ReadSpecs(s)
	found := passed("git", name, "read at "+short(s.Commit.ID))
	if desired.Err != nil {
		return append(found, failed("specs", name, desired.Err.Error(), "`sluice import` writes specs for what is live")...)
	}
	d.docs = desired.Specs.Documents
	var wrong []string
	for _, doc := range d.docs {
		switch _, known := d.cfg.Targets[doc.Target]; {
		case len(doc.Problems) > 0:
			wrong = append(wrong, doc.Problems[0].Error())
		case !known:
			wrong = append(wrong, fmt.Sprintf("%s:%d: target %q is not configured", doc.File, doc.Line, doc.Target))
		}
	}
	if len(wrong) > 0 {
		return append(found, failed("specs", name, fmt.Sprintf("%d of %d cannot be carried out: %s", len(wrong), len(d.docs), strings.Join(wrong, "; ")),
			"put them right; the others are not held up by them")...)
	}
	return append(found, passed("specs", name, fmt.Sprintf("%d %s, all well-formed", len(d.docs), plural(len(d.docs), "spec")))...)
}

func short(commit string) string {
	commit = strings.TrimPrefix(commit, "dir:")
	return commit[:min(len(commit), 12)]
}

// policySource is a source of policies that is read once, by its own check, and then
// used by the one that compiles.
type policySource struct {
	name     string
	read     chan struct{} // closed when the rest stands
	snapshot *gitsource.Snapshot
	err      error
}

func (p *policySource) String() string { return p.name }

func (p *policySource) Snapshot(ctx context.Context, _ *gitsource.Snapshot) (*gitsource.Snapshot, error) {
	select {
	case <-p.read:
		return p.snapshot, p.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// policyGroups looks at each source of policies, and compiles them all together, the
// shipped library included.
func (d *doctor) policyGroups() []group {
	var groups []group
	var sources []reconcile.Source
	for _, repo := range d.cfg.Policies {
		p := &policySource{name: where(repo), read: make(chan struct{})}
		sources = append(sources, p)
		groups = append(groups, group{"git", p.name, func(ctx context.Context) []render.Check { return d.policySource(ctx, repo, p) }})
	}
	return append(groups, group{"policy", "rules", func(ctx context.Context) []render.Check {
		desired, err := reconcile.LookAtPolicies(ctx, sources, isolated(d.cfg))
		if err != nil {
			if slices.ContainsFunc(sources, func(s reconcile.Source) bool { return s.(*policySource).err != nil }) {
				return failed("policy", "rules", "not compiled, since a source could not be read", "see that source's line")
			}
			return failed("policy", "rules", err.Error(), "`sluice policy check` says more; no call is made while policies are broken")
		}
		said := fmt.Sprintf("%d rules in force, digest %s", len(desired.Engine.Rules()), strings.TrimPrefix(desired.Engine.Digest(), "sha256:")[:12])
		if err := desired.Close(); err != nil {
			return warned("policy", "rules", said+"; "+err.Error(), "look again")
		}
		return passed("policy", "rules", said)
	}})
}

func (d *doctor) policySource(ctx context.Context, repo config.Repo, p *policySource) []render.Check {
	defer close(p.read)
	p.err = config.Apart(d.cfg.Specs, repo)
	var src reconcile.Source
	if p.err == nil {
		src, p.err = d.app.openPolicy(repo, gitHost(d.cfg))
	}
	if p.err != nil {
		return failed("git", p.name, p.err.Error(), "put this setting right")
	}
	if p.snapshot, p.err = src.Snapshot(ctx, nil); p.err != nil {
		advice := adviseGit
		if repo.Bundle != nil {
			advice = "check the bundle's address, its keys and its token"
		}
		return failed("git", p.name, p.err.Error(), advice)
	}
	if p.snapshot == nil {
		p.err = errors.New("nothing was read")
		return failed("git", p.name, p.err.Error(), adviseGit)
	}
	return passed("git", p.name, "read at "+short(p.snapshot.Commit.ID))
}
