package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/policy/bundle"
	"github.com/seed-6ca89210/sluice/reconcile"
)

// openPolicy opens any source of policies.
func (a *app) openPolicy(repo config.Repo, loginHost string) (reconcile.Source, error) {
	if repo.Bundle != nil {
		return a.openBundle(repo)
	}
	return a.open("policies", repo, loginHost)
}

// policyRepo is what --policy and DIR name: a folder, or a bundle by its file's name.
func policyRepo(path string) (config.Repo, error) {
	switch {
	case strings.Contains(path, "://"):
		return config.Repo{}, errors.New("--policy takes a folder or the file of a bundle; a repository or a bundle elsewhere is named in sluice.yaml, with what it is trusted by")
	case strings.HasSuffix(path, ".tar.gz"), strings.HasSuffix(path, ".tgz"):
		return config.Repo{Bundle: &config.Bundle{File: filepath.Clean(path)}}, nil
	}
	return config.Repo{Dir: path}, nil
}

// bundleSource makes snapshots of an OPA bundle for the loop.
type bundleSource struct {
	*bundle.Source
	bundle   *bundle.Bundle
	snapshot *gitsource.Snapshot // of that bundle
}

func (a *app) openBundle(repo config.Repo) (*bundleSource, error) {
	b := repo.Bundle
	cfg := bundle.Config{URL: b.URL, File: b.File, Scope: b.Scope, CAFile: b.CAFile, Token: a.token(b),
		ClientCert: bundle.ClientCert(repo.Access.ClientCert), Proxy: repo.Access.Proxy, Keys: map[string][]byte{}}
	for name, file := range b.PublicKeys {
		data, err := regularFile(file, maxSettings)
		if err != nil {
			return nil, fmt.Errorf("policies: publicKeys.%s: %w", name, err)
		}
		cfg.Keys[name] = data
	}
	src, err := bundle.Open(cfg)
	if err != nil {
		return nil, fmt.Errorf("policies: %s: %w", b.URL+b.File, err)
	}
	return &bundleSource{Source: src}, nil
}

// token reads the token anew each time: it may be replaced while the daemon runs.
func (a *app) token(b *config.Bundle) func() (string, error) {
	switch {
	case b.TokenEnv != "":
		return func() (string, error) { return a.getenv(b.TokenEnv), nil }
	case b.TokenFile != "":
		return func() (string, error) {
			data, err := regularFile(b.TokenFile, maxSecretFile)
			if err != nil {
				return "", fmt.Errorf("tokenFile: %w", err)
			}
			return string(data), nil
		}
	}
	return nil
}

// Snapshot returns last while the bundle is the same.
func (s *bundleSource) Snapshot(ctx context.Context, last *gitsource.Snapshot) (*gitsource.Snapshot, error) {
	known := s.bundle
	if last == nil || last != s.snapshot {
		known = nil
	}
	b, err := s.Read(ctx, known)
	if err != nil {
		return nil, err
	}
	if known != nil && b == known {
		return last, nil
	}
	snapshot := &gitsource.Snapshot{Commit: gitsource.Commit{ID: b.ID}}
	for _, f := range b.Files {
		snapshot.Files = append(snapshot.Files, gitsource.File{Path: f.Path, Data: f.Data})
	}
	s.bundle, s.snapshot = b, snapshot
	return snapshot, nil
}
