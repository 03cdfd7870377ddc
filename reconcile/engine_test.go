package reconcile

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/policy"
)

// closable is an engine that knows whether it was closed.
type closable struct {
	*policy.Engine
	closed int
}

func (c *closable) Close() error {
	c.closed++
	return nil
}

// shelf is a source whose snapshot, or failure, the test sets.
type shelf struct {
	snapshot *gitsource.Snapshot
	err      error
}

func (s *shelf) Snapshot(context.Context, *gitsource.Snapshot) (*gitsource.Snapshot, error) {
	return s.snapshot, s.err
}
func (s *shelf) String() string { return "shelf" }

func (s *shelf) put(name, data string) {
	s.snapshot = &gitsource.Snapshot{Files: []gitsource.File{{Path: name, Data: []byte(data)}}}
}

func TestEnginesAreClosedWhenNewerOnesJudgeAndAtTheEnd(t *testing.T) {
	var made []*closable
	specs, policies := &shelf{}, &shelf{}
	specs.put("a.yaml", "apiVersion: sluice/v1\nkind: NatGateway\nmetadata: {name: a}\nspec: {id: nat-00000000000000001, secondary: {addresses: [10.0.1.20]}}\n")
	k := newLooker(NewLookout(Config{Specs: specs, Policies: []Source{policies}, LoadPolicies: func(ctx context.Context, sources []policy.Source) (Engine, error) {
		if string(sources[0].Files[0].Data) == "broken" {
			return nil, errors.New("broken")
		}
		e, err := policy.Load(ctx, nil, policy.Options{})
		made = append(made, &closable{Engine: e})
		return made[len(made)-1], err
	}}))
	var last *Desired
	look := func() *Desired {
		t.Helper()
		d, err := k.look(t.Context(), last, k.out.next())
		if err != nil {
			t.Fatal(err)
		}
		last = d
		return d
	}
	wantClosed := func(when string, want ...int) {
		t.Helper()
		var got []int
		for _, e := range made {
			got = append(got, e.closed)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: closed %v, want %v", when, got, want)
		}
	}
	judgeBy := func(d *Desired) {
		t.Helper()
		if err := k.judges(d.Engine); err != nil {
			t.Error(err)
		}
	}
	policies.put("r.rego", "1")
	first := look()
	judgeBy(first)
	policies.put("r.rego", "2")
	look() // no turn judged by these
	policies.put("r.rego", "3")
	third := look()
	wantClosed("while a turn may still judge by the first", 0, 0, 0)
	judgeBy(first)
	wantClosed("another turn by the first", 0, 0, 0)
	judgeBy(third)
	wantClosed("a turn by the third", 1, 1, 0)
	policies.put("r.rego", "broken")
	if d := look(); d.Engine != nil || d.Err == nil {
		t.Errorf("broken policies: %v, %v", d.Engine, d.Err)
	}
	policies.put("waiver.yaml", "apiVersion: sluice/v1\nkind: Waiver\n")
	if d := look(); d.Engine != nil || d.Err == nil {
		t.Errorf("a broken waiver: %v, %v", d.Engine, d.Err)
	}
	wantClosed("policies that cannot be in force", 1, 1, 0, 1)
	if err := k.out.Close(); err != nil {
		t.Error(err)
	}
	wantClosed("the end", 1, 1, 1, 1)
}

// A loop that still heard it would look again at once, for as long as Git is away.
func TestALookThatFailsHasHeardWhatRangBeforeIt(t *testing.T) {
	const doc = "apiVersion: sluice/v1\nkind: NatGateway\nmetadata: {name: a}\nspec: {id: nat-00000000000000001, secondary: {addresses: [10.0.1.20]}}\n"
	specs := &shelf{}
	specs.put("a.yaml", doc)
	out := NewLookout(Config{Specs: specs})
	one, other := newLooker(out), newLooker(out)
	heard := func(k *looker) bool {
		select {
		case <-k.news:
			return true
		default:
			return false
		}
	}
	look := func(k *looker) error {
		_, err := k.look(t.Context(), nil, out.next())
		return err
	}
	if err := errors.Join(look(one), look(other)); err != nil {
		t.Fatal(err)
	}
	specs.put("a.yaml", doc+"# more\n")
	if err := look(other); err != nil || heard(other) || !heard(one) {
		t.Fatalf("%v; who found something new heard of it: %t, the other: %t", err, heard(other), heard(one))
	}
	specs.err = errors.New("Git is away")
	if err := look(one); err == nil || heard(one) {
		t.Errorf("%v; a look that failed leaves what rang before it: %t", err, heard(one))
	}
}
