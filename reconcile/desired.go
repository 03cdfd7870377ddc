package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// Desired is what Git says: the specs of one commit, and the policies that judge
// them. It does not change once it is made.
type Desired struct {
	Commit gitsource.Commit
	Specs  spec.Set
	Engine *policy.Engine // nil when Err says that the policies are broken

	// Err is why nothing can be planned from what was read: no spec at all, or
	// policies that do not compile. It stands until Git says something new.
	Err error

	snapshot *gitsource.Snapshot
	policies []*gitsource.Snapshot
}

// key names what a plan was asked by: a change of either is a new request.
func (d *Desired) key() string {
	if d.Engine == nil {
		return d.Commit.ID
	}
	return d.Commit.ID + " " + d.Engine.Digest()
}

// Look reads specs and policies once.
func Look(ctx context.Context, specs Source, policies []Source) (*Desired, error) {
	return look(ctx, specs, policies, nil)
}

// look reads specs and policies, and returns last itself when neither changed.
// Policies come from their own sources, never from the commit that they judge.
func look(ctx context.Context, specs Source, policies []Source, last *Desired) (*Desired, error) {
	if last == nil {
		last = &Desired{}
	}
	d := &Desired{Commit: last.Commit, Specs: last.Specs, Engine: last.Engine}
	var err error
	if d.snapshot, err = specs.Snapshot(ctx, last.snapshot); err != nil {
		return nil, fmt.Errorf("specs: %w", err)
	}
	d.policies = make([]*gitsource.Snapshot, len(policies))
	for i, src := range policies {
		var before *gitsource.Snapshot
		if i < len(last.policies) {
			before = last.policies[i]
		}
		if d.policies[i], err = src.Snapshot(ctx, before); err != nil {
			return nil, fmt.Errorf("policy: %w", err)
		}
	}
	if d.snapshot == last.snapshot && last.snapshot != nil && slices.Equal(d.policies, last.policies) {
		return last, nil
	}
	if d.snapshot != last.snapshot {
		d.Commit, d.Specs = d.snapshot.Commit, parse(d.snapshot)
	}
	d.Engine, err = compile(ctx, policies, d.policies)
	d.Err = errors.Join(d.Specs.Err(), err)
	return d, nil
}

func parse(s *gitsource.Snapshot) spec.Set {
	files := make([]spec.File, 0, len(s.Files))
	for _, f := range s.Files {
		files = append(files, spec.File{Path: f.Path, Data: f.Data})
	}
	return spec.Parse(files)
}

func compile(ctx context.Context, from []Source, snapshots []*gitsource.Snapshot) (*policy.Engine, error) {
	var sources []policy.Source
	for i, s := range snapshots {
		src := policy.Source{Name: from[i].String()}
		for _, f := range s.Files {
			src.Files = append(src.Files, policy.File{Path: f.Path, Data: f.Data})
		}
		sources = append(sources, src)
	}
	engine, err := policy.Load(ctx, sources, policy.Options{})
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	return engine, nil
}

// commitInput is what rules see of the commit.
func (d *Desired) commitInput() judge.Commit {
	c := judge.Commit{
		ID:        d.Commit.ID,
		Author:    judge.Person{Name: d.Commit.Author.Name, Email: d.Commit.Author.Email},
		Committer: judge.Person{Name: d.Commit.Committer.Name, Email: d.Commit.Committer.Email},
		Message:   d.Commit.Message,
	}
	if !d.Commit.Time.IsZero() {
		c.Time = d.Commit.Time.UTC().Format(time.RFC3339)
	}
	return c
}
