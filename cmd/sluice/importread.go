package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/adopt"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// place is the configuration, and whether there are specs to look at. Without any
// source a folder to write into is one, when it is there: what was imported before
// is not imported again.
func (c *importCall) place(ctx context.Context, getenv func(string) string) (cfg config.Config, sourced bool, err error) {
	named := *c
	sourced = c.config+c.dir+c.repo != ""
	if !sourced && c.ref+c.path == "" {
		if info, err := os.Stat(c.out); err == nil && info.IsDir() {
			sourced = true
		}
		if named.dir = c.out; !sourced {
			named.dir = "." // of which nothing is read
		}
	}
	cfg, err = named.settings(ctx, getenv)
	return cfg, sourced, err
}

func (c *importCall) wanted(r adopt.Resource) bool {
	switch {
	case len(c.ids) > 0:
		return slices.Contains(c.ids, r.ID)
	case len(c.tags) > 0:
		return r.HasTags(c.tags)
	}
	return true
}

// existing is the specs that there are.
type existing struct {
	prefix string // of their folder, as seen from the root of the repository, or from here
	files  []spec.File
	docs   []spec.Document
}

// existing reads the specs; none at all is where an adoption begins. The files are
// named from their folder.
func (a *app) existing(ctx context.Context, cfg config.Config) (existing, error) {
	src, err := a.open("specs", cfg.Specs, gitHost(cfg))
	if err != nil {
		return existing{}, err
	}
	out := existing{prefix: filepath.ToSlash(filepath.Clean(cfg.Specs.Path))}
	if cfg.Specs.Dir != "" {
		out.prefix = fromRoot(cfg.Specs.Dir)
	}
	s, err := src.Snapshot(ctx, nil)
	if errors.Is(err, gitsource.ErrEmpty) || errors.Is(err, gitsource.ErrPathNotFound) {
		fmt.Fprintf(a.stderr, "sluice: there is no spec yet: %s\n", printable(err.Error()))
		return out, nil
	}
	if err != nil {
		return out, fmt.Errorf("specs: %w", err)
	}
	for _, f := range s.Files {
		name := f.Path
		if cfg.Specs.URL != "" && out.prefix != "." {
			name = strings.TrimPrefix(name, out.prefix+"/")
		}
		out.files = append(out.files, spec.File{Path: name, Data: f.Data})
	}
	out.docs = spec.Parse(out.files).Documents
	for _, d := range out.docs { // what it names must not get a second spec
		if len(d.Problems) > 0 && (d.Kind == "" || d.ID == "" && len(d.SelectorTags) == 0) {
			return out, fmt.Errorf("a spec that cannot be read may name anything, so nothing is imported until it is put right:\n%w", problemsError(d.Problems))
		}
	}
	return out, nil
}

// fromRoot is a folder as seen from the root of the repository that it lies in, or,
// where there is none, from here.
func fromRoot(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return filepath.ToSlash(dir)
	}
	for root := abs; ; root = filepath.Dir(root) {
		if _, err := os.Lstat(filepath.Join(root, ".git")); err == nil {
			if rel, err := filepath.Rel(root, abs); err == nil {
				return filepath.ToSlash(rel)
			}
		}
		if root == filepath.Dir(root) {
			return filepath.ToSlash(fromHere(abs))
		}
	}
}

// liveWorld is what EC2 reports.
type liveWorld struct {
	inventories []inventory.Inventory
	limits      map[string]int
	unread      []string // a line each
}

// live reads what is to be imported, and what the specs name: two of them may want
// one address. A target that cannot be read does not stop the others.
func (a *app) live(ctx context.Context, targets map[string]config.Target, c importCall, docs []spec.Document) (liveWorld, error) {
	w := liveWorld{limits: map[string]int{}}
	clients := map[string]reconcile.EC2{}
	for name, target := range targets {
		client, err := a.client(ctx, name, target, "observe", nil)
		if err != nil {
			return w, err
		}
		clients[name], w.limits[name] = client, target.AddressesPerNatGateway
	}
	names := slices.Sorted(maps.Keys(targets))
	w.inventories = make([]inventory.Inventory, len(names))
	var reading sync.WaitGroup
	for i, name := range names {
		reading.Go(func() { w.inventories[i] = clients[name].Observe(ctx, c.query(name, docs)) })
	}
	reading.Wait()
	for _, inv := range w.inventories {
		for _, u := range inv.Unread {
			w.unread = append(w.unread, fmt.Sprintf("target %q: %s could not be read: %s", inv.Target, u.Part, u.Reason))
		}
	}
	return w, ctx.Err()
}

// query asks for what is to be imported, beside what the specs name.
func (c *importCall) query(target string, docs []spec.Document) inventory.Query {
	q := reconcile.Query(target, docs)
	switch {
	case c.drifted:
	case len(c.ids) > 0:
		for _, id := range c.ids {
			if strings.HasPrefix(id, "nat-") {
				q.NatGateways = true
			} else {
				q.NetworkInterfaceIDs = append(q.NetworkInterfaceIDs, id)
			}
		}
	case len(c.tags) > 0:
		q.NatGateways = true
		q.NetworkInterfaceTags = append(q.NetworkInterfaceTags, c.tags)
	default:
		q.NatGateways, q.NetworkInterfaces = true, true
	}
	return q
}

// missing says what was asked for by name or tag and is not there. Nothing is
// concluded from what could not be read.
func (c *importCall) missing(inventories []inventory.Inventory, unread []string) []string {
	if len(unread) > 0 {
		return nil
	}
	all := adopt.Resources(inventories)
	var lines []string
	for _, id := range c.ids {
		if !slices.ContainsFunc(all, func(r adopt.Resource) bool { return r.ID == id }) {
			lines = append(lines, fmt.Sprintf("%s does not exist in any target that was read; check the id, the account and the Region", id))
		}
	}
	if len(c.tags) > 0 && !slices.ContainsFunc(all, func(r adopt.Resource) bool { return r.HasTags(c.tags) }) {
		lines = append(lines, "no NAT gateway and no network interface carries "+strings.Join(c.rawTags, " and "))
	}
	return lines
}
