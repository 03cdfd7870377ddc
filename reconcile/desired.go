package reconcile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/ruling"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// Desired is what Git says: the specs of one commit, and the policies that judge
// them. It does not change once it is made.
type Desired struct {
	Commit gitsource.Commit
	Specs  spec.Set
	Engine Engine // nil when Err says that the policies are broken
	// Rulings are the waivers and approvals that stand beside the rules.
	Rulings ruling.Set
	Levels  map[string]policy.Level // of the rules, by id

	// Err is why nothing can be planned from what was read: no spec at all, or
	// policies that do not compile. It stands until Git says something new.
	Err error

	source    string                  // the repository; see gitsource.Repository
	seen      time.Time               // when the look began that read the commit first
	compared  *comparison             // nil: there was nothing to compare with
	digests   map[plan.SpecRef]string // of each good document's kind and spec: what it asks for
	policyErr error
	snapshot  *gitsource.Snapshot
	policies  []*gitsource.Snapshot
}

// key names what a plan was asked by: a change of either is a new request.
func (d *Desired) key() string {
	if d.Engine == nil {
		return d.Commit.ID
	}
	return d.Commit.ID + " " + d.Engine.Digest()
}

// Close ends the engine; nothing can be judged any more.
func (d *Desired) Close() error { return closeEngine(d.Engine) }

// Look reads specs and policies once, and has load compile the policies. The
// caller closes what it returns.
func Look(ctx context.Context, specs Source, policies []Source, load LoadPolicies) (*Desired, error) {
	return newLooker(specs, policies, load, 0).look(ctx, nil, true)
}

// LookAtPolicies reads policies alone, and has load compile them. Desired.Engine is
// never nil without an error; the caller closes it.
func LookAtPolicies(ctx context.Context, policies []Source, load LoadPolicies) (*Desired, error) {
	k := newLooker(nil, policies, load, 0)
	d := &Desired{}
	for _, src := range k.policies {
		s, err := src.read(ctx, true)
		if err != nil {
			return nil, fmt.Errorf("policy: %w", err)
		}
		d.policies = append(d.policies, s)
	}
	var err error
	d.Engine, d.Rulings, err = k.compile(ctx, d.policies)
	d.Levels = levels(d.Engine)
	return d, err
}

// looker reads sources, each of which is asked only for what is new to it.
type looker struct {
	specs    *remembered
	policies []*remembered
	load     LoadPolicies
	engines  engines

	past Past                       // nil: commits are not compared
	base func(source string) string // the last applied commit
}

// newLooker makes one that asks each source every so often, where the source itself
// does not say.
func newLooker(specs Source, policies []Source, load LoadPolicies, every time.Duration) *looker {
	if load == nil {
		load = LoadHere(policy.Options{})
	}
	k := &looker{specs: &remembered{Source: specs, every: every, retry: every}, load: load}
	for _, src := range policies {
		r := &remembered{Source: src, every: every, retry: every}
		if p, ok := src.(Paced); ok && p.Every() > 0 {
			r.every, r.retry = p.Every(), min(every, p.Every())
		}
		k.policies = append(k.policies, r)
	}
	return k
}

// look reads the specs and policies that are due, or all where it must be fresh, and
// returns last itself when none of them changed. Policies come from their own
// sources, never from the commit that they judge.
func (k *looker) look(ctx context.Context, last *Desired, fresh bool) (*Desired, error) {
	if last == nil {
		last = &Desired{}
	}
	d := *last
	var err error
	d.source = gitsource.Repository(k.specs.String())
	if d.snapshot, err = k.specs.read(ctx, fresh); err != nil {
		return nil, fmt.Errorf("specs: %w", err)
	}
	d.policies = make([]*gitsource.Snapshot, len(k.policies))
	for i, src := range k.policies {
		if d.policies[i], err = src.read(ctx, fresh); err != nil {
			return nil, fmt.Errorf("policy: %w", err)
		}
	}
	newSpecs := last.snapshot != d.snapshot
	newPolicies := last.snapshot == nil || !slices.Equal(last.policies, d.policies)
	if !newSpecs && !newPolicies {
		if k.compare(ctx, &d) {
			return &d, ctx.Err()
		}
		return last, nil
	}
	var parsing sync.WaitGroup // beside the policies, which take as long
	if newSpecs {
		parsing.Go(func() {
			d.Commit, d.Specs = d.snapshot.Commit, parse(d.snapshot)
			d.digests = digests(d.Specs.Documents)
		})
	}
	if newPolicies {
		d.Engine, d.Rulings, d.policyErr = k.compile(ctx, d.policies)
	}
	parsing.Wait()
	d.Levels = levels(d.Engine)
	d.Err = errors.Join(d.Specs.Err(), d.policyErr)
	if newSpecs {
		d.compared = nil
	}
	k.compare(ctx, &d)
	return &d, ctx.Err()
}

// digests says by a digest what each good document asks for. Names, labels, places
// and a suspend do not count: they ask for nothing.
func digests(docs []spec.Document) map[plan.SpecRef]string {
	out := map[plan.SpecRef]string{}
	for _, doc := range docs {
		if len(doc.Problems) > 0 {
			continue
		}
		sum := sha256.Sum256(append([]byte(doc.Kind), doc.Asks()...))
		out[plan.SpecRef{Name: doc.Name, File: doc.File, Line: doc.Line}] = hex.EncodeToString(sum[:])
	}
	return out
}

func parse(s *gitsource.Snapshot) spec.Set {
	files := make([]spec.File, 0, len(s.Files))
	for _, f := range s.Files {
		files = append(files, spec.File{Path: f.Path, Data: f.Data})
	}
	return spec.Parse(files)
}

// compile makes the engine, and reads the rulings that stand beside the rules.
func (k *looker) compile(ctx context.Context, snapshots []*gitsource.Snapshot) (Engine, ruling.Set, error) {
	var sources []policy.Source
	var files []ruling.File
	for i, s := range snapshots {
		src := policy.Source{Name: k.policies[i].String()}
		for _, f := range s.Files {
			src.Files = append(src.Files, policy.File{Path: f.Path, Data: f.Data})
			files = append(files, ruling.File{Path: strings.TrimSuffix(src.Name, "/") + "/" + f.Path, Data: f.Data})
		}
		sources = append(sources, src)
	}
	engine, err := k.load(ctx, sources)
	if err != nil {
		return nil, ruling.Set{}, fmt.Errorf("policy: %w", err)
	}
	// A rule that is lowered for a while can be waived no more than before.
	own := map[string]policy.Level{}
	var lowered []string
	for _, r := range engine.Rules() {
		if own[r.ID] = r.Own(); r.LoweredFrom != "" {
			lowered = append(lowered, r.ID)
		}
	}
	rulings, problems := ruling.Parse(files, func(id string) (waivable, known bool) {
		level, known := own[id]
		return level != policy.Mandatory, known
	})
	var bad []error
	for _, p := range problems {
		bad = append(bad, p)
	}
	if len(bad) > 0 {
		bad = append(bad, closeEngine(engine))
		return nil, ruling.Set{}, fmt.Errorf("policy: %w", errors.Join(bad...))
	}
	rulings.Lowered = lowered
	k.engines.add(engine)
	return engine, rulings, nil
}

func levels(engine Engine) map[string]policy.Level {
	of := map[string]policy.Level{}
	if engine != nil {
		for _, r := range engine.Rules() {
			of[r.ID] = r.Level
		}
	}
	return of
}

// ReadSpecs parses a snapshot's specs, without policies to judge them.
func ReadSpecs(s *gitsource.Snapshot) *Desired {
	d := &Desired{Commit: s.Commit, Specs: parse(s), snapshot: s}
	d.Err = d.Specs.Err()
	return d
}

// CommitInput is what rules see of the commit.
func (d *Desired) CommitInput() judge.Commit {
	c := judge.Commit{
		ID:        d.Commit.ID,
		Author:    judge.Person{Name: d.Commit.Author.Name, Email: d.Commit.Author.Email},
		Committer: judge.Person{Name: d.Commit.Committer.Name, Email: d.Commit.Committer.Email},
		Message:   d.Commit.Message,
		Signer:    d.Commit.Signer, SignerKey: d.Commit.SignerKey, SignatureProblem: d.Commit.SignatureProblem,
	}
	if !d.Commit.Time.IsZero() {
		c.Time = d.Commit.Time.UTC().Format(time.RFC3339)
	}
	return c
}
