package reconcile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
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
	Specs  spec.Set // of a loop with Config.Only: its target's, and what is everybody's
	Engine Engine   // nil when Err says that the policies are broken
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
	read      *Desired // what a lookout read: this is a loop's part of it
}

// key names what a plan was asked by: a change of either is a new request.
func (d *Desired) key() string {
	if d.Engine == nil {
		return d.Commit.ID
	}
	return d.Commit.ID + " " + d.Engine.Digest()
}

// Close ends the engine; nothing can be judged any more. The error is the engine's own.
func (d *Desired) Close() error { return closeEngine(d.Engine) }

// Whole is all that was read, of which a loop for one target has a part.
func (d *Desired) Whole() *Desired {
	if d.read == nil {
		return d
	}
	return d.read
}

// Look reads specs and policies once, and has load compile the policies. The
// caller closes what it returns. The error is of a source that could not be read, and
// begins with "specs" or "policy", or of ctx. What was read and is no good is no error
// here, but Desired.Err.
func Look(ctx context.Context, specs Source, policies []Source, load LoadPolicies) (*Desired, error) {
	k := newLooker(NewLookout(Config{Specs: specs, Policies: policies, LoadPolicies: load}))
	return k.look(ctx, nil, k.out.next())
}

// LookAtPolicies reads policies alone, and has load compile them. Desired.Engine is
// never nil without an error; the caller closes it.
func LookAtPolicies(ctx context.Context, policies []Source, load LoadPolicies) (*Desired, error) {
	o := NewLookout(Config{Policies: policies, LoadPolicies: load})
	d := &Desired{}
	for _, src := range o.policies {
		s, err := src.read(ctx, 1, 1)
		if err != nil {
			return nil, fmt.Errorf("policy: %w", err)
		}
		d.policies = append(d.policies, s)
	}
	var err error
	d.Engine, d.Rulings, err = o.compile(ctx, d.policies)
	d.Levels = levels(d.Engine)
	return d, err
}

// looker is a loop's own eyes: of what its lookout reads it takes what concerns the
// loop, and compares it with what the loop applied last.
type looker struct {
	out   *Lookout
	scope scope
	base  func(source string) string // the last applied commit
	news  <-chan struct{}            // closed when somebody's look found more than the last one here
}

func newLooker(out *Lookout) *looker { return &looker{out: out} }

// look reads the specs and policies that are due, or those that were not asked since a
// look of that number, and returns last itself when none of them changed. Policies
// come from their own sources, never from the commit that they judge.
func (k *looker) look(ctx context.Context, last *Desired, since uint64) (*Desired, error) {
	read, err := k.out.read(ctx, k, since)
	if err != nil {
		return nil, err
	}
	if last != nil && last.read == read {
		d := *last
		if k.compare(ctx, &d) {
			return &d, ctx.Err()
		}
		return last, nil
	}
	d := *read
	d.read = read
	d.Specs.Documents = k.scope.narrow(read.Specs.Documents)
	if last != nil {
		d.seen = last.seen
		if last.snapshot == d.snapshot {
			d.compared = last.compared
		}
	}
	k.compare(ctx, &d)
	return &d, ctx.Err()
}

// judges says that a turn begins by an engine: older ones are nothing to this loop.
func (k *looker) judges(e Engine) error { return k.out.engines.judges(k, e) }

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
