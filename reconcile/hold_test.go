package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// past is the history of the repository in memory: every commit descends from the one
// before, but for those of which it is said otherwise.
type past struct {
	mu     sync.Mutex
	is     map[string]gitsource.Relation // of the newer commit to whatever is older
	err    error
	block  bool
	signer string
	author gitsource.Person // of the commits between
	asked  []string
}

func (p *past) Line(ctx context.Context, from string, to *gitsource.Snapshot) (*gitsource.Line, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, from[39:]+".."+to.Commit.ID[39:])
	if p.block {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	relation := p.is[to.Commit.ID]
	if relation == "" {
		relation = gitsource.Descendant
	}
	l := &gitsource.Line{From: from, To: to.Commit.ID, Relation: relation, Commits: []gitsource.Commit{to.Commit}}
	var first, last int
	if _, err := fmt.Sscanf(from+" "+to.Commit.ID, "%x %x", &first, &last); err != nil {
		return nil, err
	}
	for n := last - 1; n > first; n-- {
		l.Commits = append(l.Commits, gitsource.Commit{ID: fmt.Sprintf("%040x", n), Signer: p.signer, Author: p.author})
	}
	return l, p.err
}

func (p *past) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

func (p *past) says(r gitsource.Relation, commit int) {
	p.set(func() { p.is = map[string]gitsource.Relation{fmt.Sprintf("%040x", commit): r} })
}

// newPastStage is a stage whose repository has a history.
func newPastStage(t *testing.T, worldFile, specs string) (*stage, *past) {
	t.Helper()
	p := &past{}
	s := newStage(t, worldFile, specs)
	s.config = func(c *reconcile.Config) { c.Past = p }
	return s, p
}

// acknowledge is what `sluice ack` does.
func (s *stage) acknowledge(commit string) {
	s.t.Helper()
	store, err := history.Open(s.history, history.Holder{PID: 1, Command: "test"})
	if err != nil {
		s.t.Fatal(err)
	}
	defer store.Close()
	if _, err := store.Append(s.t.Context(), history.Record{Kind: history.KindAcknowledged, Time: time.Now(), Commit: commit, Author: "ada@host"}); err != nil {
		s.t.Fatal(err)
	}
}

func wantAsked(t *testing.T, p *past, want ...string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Equal(p.asked, want) {
		t.Errorf("compared %q, want %q", p.asked, want)
	}
}

func TestACommitThatDoesNotDescendIsHeldUntilItIsAcknowledged(t *testing.T) {
	for _, relation := range []gitsource.Relation{gitsource.Ancestor, gitsource.Diverged, gitsource.Unrelated, gitsource.NotBehind, gitsource.Unknown} {
		t.Run(string(relation), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, p := newPastStage(t, world("10.0.1.20"), gateway("10.0.1.22"))
				s.converge()
				wantAsked(t, p) // the first run has nothing to compare with
				s.specs.commit(gateway("10.0.1.20"))
				p.says(relation, 2)
				for range 2 { // the second one after a restart
					got := s.converge()
					if got.Summary != (plan.Summary{Held: 1}) || !strings.Contains(got.Hold, "sluice ack "+fmt.Sprintf("%040x", 2)) {
						t.Errorf("%+v, %q", got.Summary, got.Hold)
					}
					if v := got.Resources[0].Verdicts; len(v) != 1 || v[0].Rule != judge.CommitRule || v[0].Decision != "hold" {
						t.Errorf("verdicts %+v", v)
					}
				}
				wantMutations(t, s, "assign .22", "unassign .20")
				if held := s.records(history.KindHeld); len(held) != 1 || held[0].Commit != fmt.Sprintf("%040x", 2) || !strings.Contains(held[0].Message, "last applied") {
					t.Errorf("held records %+v", held)
				}
				if d := s.records(history.KindDecision); d[len(d)-1].Decision != "hold" {
					t.Errorf("decision %+v", d)
				}
				s.acknowledge(fmt.Sprintf("%040x", 2))
				if got := s.converge(); got.Hold != "" || got.Summary.InSync != 1 {
					t.Errorf("acknowledged: %+v, %q", got.Summary, got.Hold)
				}
				wantMutations(t, s, "assign .22", "unassign .20", "assign .20", "unassign .22")
				// From here on the acknowledged commit is the one to descend from.
				s.specs.commit(gateway("10.0.1.20", "10.0.1.21"))
				p.says(gitsource.Descendant, 3)
				if got := s.converge(); got.Hold != "" || got.Summary.InSync != 1 {
					t.Errorf("the next: %+v, %q", got.Summary, got.Hold)
				}
				wantAsked(t, p, "1..2", "1..2", "2..3")
			})
		})
	}
}

// What is in transition goes on; the step that was to follow does not.
func TestAHeldCommitLetsDrainsEndAndMakesNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := []string{"10.0.1.20", "10.0.1.21", "10.0.1.22", "10.0.1.23", "10.0.1.24", "10.0.1.25", "10.0.1.26"}
		s, p := newPastStage(t, world(full...), gateway(append(full[1:], "10.0.1.30")...))
		s.serve(time.Hour, func(loop *reconcile.Loop) {
			time.Sleep(30 * time.Second) // the drain of .20 is under way; .30 is to follow
			p.says(gitsource.Diverged, 2)
			s.specs.commit(gateway(full[1:]...))
			time.Sleep(40 * time.Second)
			if st := loop.Status(); st.Plan.Summary.Converging != 1 || st.Plan.Hold == "" {
				t.Errorf("during the drain: %+v, %q", st.Plan.Summary, st.Plan.Hold)
			}
			time.Sleep(5 * time.Minute)
			if st := loop.Status(); st.Plan.Summary.InSync != 1 || st.Plan.Hold == "" || !st.Healthy(time.Now()) {
				t.Errorf("after it: %+v, %q", st.Plan.Summary, st.Plan.Hold)
			}
		})
		wantMutations(t, s, "unassign .20")
		wantAsked(t, p, "1..2") // and not at every look
		if c := s.records(history.KindConverged); len(c) != 0 {
			t.Errorf("a held commit counts as applied: %+v", c)
		}
	})
}

func TestAnApprovalOfThePlanLetsAHeldCommitThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newPastStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		policies := rules("# METADATA\n# title: T\npackage sluice.spec.nothing\nwarn contains \"x\" if false\n")
		s.config = func(c *reconcile.Config) { c.Past, c.Policies = p, []reconcile.Source{policies} }
		s.converge()
		p.says(gitsource.Diverged, 2)
		s.specs.commit(gateway("10.0.1.22"))
		hash := s.converge().PlanHash
		wantMutations(t, s)
		policies.add("approvals/a.yaml", fmt.Sprintf("apiVersion: sluice/v1\nkind: Approval\nmetadata: {name: a}\nspec: {planHash: %q, approver: lead@example.com, reason: r, expires: 2030-01-01T00:00:00Z}\n", hash))
		if got := s.converge(); got.Hold != "" || got.Summary.InSync != 1 {
			t.Errorf("%+v, %q", got.Summary, got.Hold)
		}
		wantMutations(t, s, "assign .22", "unassign .20")
	})
}

// Whoever can make the comparison fail must not approve what only it would show to be theirs.
func TestNoApprovalCountsWhileTheCommitsBetweenAreNotKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newPastStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		policies := rules("# METADATA\n# title: T\npackage sluice.spec.nothing\nwarn contains \"x\" if false\n")
		s.config = func(c *reconcile.Config) { c.Past, c.Policies = p, []reconcile.Source{policies} }
		s.converge()
		p.set(func() { p.err = errors.New("too large") })
		s.specs.commit(gateway("10.0.1.22"))
		hash := s.converge().PlanHash
		policies.add("approvals/a.yaml", fmt.Sprintf("apiVersion: sluice/v1\nkind: Approval\nmetadata: {name: a}\nspec: {planHash: %q, approver: lead@example.com, reason: r, expires: 2030-01-01T00:00:00Z}\n", hash))
		if got := s.converge(); got.Hold == "" || got.Summary.Held != 1 {
			t.Errorf("%+v, %q", got.Summary, got.Hold)
		}
		p.set(func() { p.err = nil })
		if got := s.converge(); got.Hold != "" || got.Summary.InSync != 1 {
			t.Errorf("compared: %+v, %q", got.Summary, got.Hold)
		}
	})
}

// The head's author is not the only one who made a change: those of the commits
// between count too, also after a restart, and once a part of it was applied.
func TestNobodyApprovesAChangeThatACommitOfTheirsIsPartOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newPastStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		policies := rules("# METADATA\n# title: Removals wait\npackage sluice.action.wait\n\nhold contains \"wait\" if input.action.verb == \"unassign\"\n")
		s.config = func(c *reconcile.Config) { c.Past, c.Policies = p, []reconcile.Source{policies} }
		s.converge()
		p.author = gitsource.Person{Name: "Alice", Email: "alice@example.com"}
		s.specs.commit(gateway("10.0.1.20")) // alice's
		s.specs.commit(gateway("10.0.1.22") + "---" + vip("10.0.1.201", "10.0.1.202"))
		hash := s.converge().PlanHash
		round := 0
		approve := func(who string) plan.Plan {
			round++
			policies.add(fmt.Sprintf("approvals/%d.yaml", round), fmt.Sprintf("apiVersion: sluice/v1\nkind: Approval\nmetadata: {name: a%d}\nspec: {planHash: %q, approver: %s, reason: r, expires: 2030-01-01T00:00:00Z}\n", round, hash, who))
			return s.converge()
		}
		if got := approve("alice@example.com"); got.Summary.Held != 1 {
			t.Errorf("her own approval: %+v", got.Summary)
		}
		hash = s.converge().PlanHash // the interface's address was assigned meanwhile: another plan
		if got := approve("Alice+approver@example.com"); got.Summary.Held != 1 {
			t.Errorf("her own approval of what is left: %+v", got.Summary)
		}
		p.author = gitsource.Person{Name: "Carol", Email: "carol@example.com"}
		s.specs.commit(gateway("10.0.1.22") + "---" + vip("10.0.1.201", "10.0.1.202") + "# carol's\n")
		hash = s.converge().PlanHash // her removal is still to be done, under another commit
		if got := approve("alice@example.com"); got.Summary.Held != 1 {
			t.Errorf("her approval of what is left of hers under somebody else's commit: %+v", got.Summary)
		}
		if got := approve("lead@example.com"); got.Summary.InSync != 2 {
			t.Errorf("somebody else's: %+v", got.Summary)
		}
		wantMutations(t, s, "assign .202", "assign .22", "unassign .20")
	})
}

// vip is the spec of the stage's network interface.
func vip(secondary ...string) string {
	return fmt.Sprintf(`
apiVersion: sluice/v1
kind: NetworkInterface
metadata: {name: vip}
spec: {id: eni-0123456789abcdef0, secondary: {addresses: [%s]}}
`, strings.Join(secondary, ", "))
}

// elsewhere is a source in another place.
type elsewhere struct{ reconcile.Source }

func (elsewhere) String() string { return "https://git.example.com/other.git" }

// The same repository may have got another URL, and a branch been moved meanwhile. Once
// something of it was applied, a repository goes on from its own last commit.
func TestTheFirstCommitOfAnotherRepositoryMustDescendToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newPastStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		s.converge()
		here := s.config
		there := func(c *reconcile.Config) { c.Past, c.Specs = p, elsewhere{s.specs} }
		s.config = there
		p.says(gitsource.NotBehind, 2)
		s.specs.commit(gateway("10.0.1.22"))
		got := s.converge()
		if want := "which was last applied, from " + gitsource.Repository(s.specs.String()); got.Summary.Held != 1 || !strings.Contains(got.Hold, want) {
			t.Errorf("%+v, %q, want %q", got.Summary, got.Hold, want)
		}
		s.acknowledge(fmt.Sprintf("%040x", 2))
		if got := s.converge(); got.Hold != "" || got.Summary.InSync != 1 {
			t.Errorf("acknowledged: %+v, %q", got.Summary, got.Hold)
		}
		s.config = here
		s.specs.commit(gateway("10.0.1.23"))
		s.converge()
		s.config = there
		s.specs.commit(gateway("10.0.1.24"))
		s.converge()
		wantAsked(t, p, "1..2", "1..3", "2..4")
	})
}

// Whoever approves the plan of a held commit must see what else would hold it.
func TestAHeldCommitHidesNoOtherHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newPastStage(t, world("10.0.1.20", "10.0.1.21"), gateway("10.0.1.20", "10.0.1.21"))
		s.config = func(c *reconcile.Config) { c.Past, c.Budget = p, judge.Budget{} }
		s.converge()
		p.says(gitsource.Diverged, 2)
		s.specs.commit(gateway("10.0.1.20"))
		var rules []string
		for _, v := range s.converge().Resources[0].Verdicts {
			rules = append(rules, v.Rule)
		}
		if !slices.Equal(rules, []string{judge.BudgetRule, judge.CommitRule}) {
			t.Errorf("verdicts of %q", rules)
		}
	})
}

func TestAComparisonThatFailsIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newPastStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		s.converge()
		s.specs.commit(gateway("10.0.1.22"))
		p.set(func() { p.err = errors.New("no answer") })
		s.serve(10*time.Minute, func(loop *reconcile.Loop) {
			time.Sleep(time.Minute)
			if st := loop.Status(); st.Plan.Summary.Held != 1 || !strings.Contains(st.Plan.Hold, "no answer; it is tried again") {
				t.Errorf("%+v, %q", st.Plan.Summary, st.Plan.Hold)
			}
			p.set(func() { p.err = nil })
		})
		wantMutations(t, s, "assign .22", "unassign .20")
		if held := s.records(history.KindHeld); len(held) != 0 {
			t.Errorf("what passes by itself is in the record: %+v", held)
		}
	})
}

// A server that hands out a commit and then does not answer holds up nothing else.
func TestAComparisonThatHangsHoldsUpNoTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newPastStage(t, world("10.0.1.20"), gateway("10.0.1.22"))
		s.serve(10*time.Minute, func(*reconcile.Loop) {
			time.Sleep(4 * time.Second) // .22 is there, and .20 is about to go
			p.set(func() { p.block = true })
			s.specs.commit(gateway("10.0.1.20"))
		})
		wantMutations(t, s, "assign .22", "unassign .20")
	})
}

// Two commits in a row: when the second one is compared, the first one may not have
// been acted on yet. That it lies on the way is known then.
func TestACommitBetweenNeedsNoSecondComparison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newPastStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		s.converge()
		loop, end := s.open(reconcile.Apply)
		defer end()
		s.specs.commit(gateway("10.0.1.20", "10.0.1.21"))
		if _, err := loop.Once(t.Context(), nil); err != nil { // assign .21 under commit 2
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		s.specs.commit(gateway("10.0.1.20", "10.0.1.21", "10.0.1.22"))
		turn, err := loop.Once(t.Context(), nil)
		if err != nil || turn.Plan().Hold != "" {
			t.Errorf("%v, hold %q", err, turn.Plan().Hold)
		}
		wantAsked(t, p, "1..2", "2..3")
		wantMutations(t, s, "assign .21", "assign .22")
	})
}

func TestARewindThatChangesNothingIsSeenAndNotRecordedAsApplied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newPastStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		s.converge()
		p.says(gitsource.Ancestor, 2)
		s.specs.commit(gateway("10.0.1.20"))
		if got := s.converge(); got.Hold == "" || got.Summary != (plan.Summary{InSync: 1}) {
			t.Errorf("%+v, %q", got.Summary, got.Hold)
		}
		// What comes next is still compared with what was applied.
		s.specs.commit(gateway("10.0.1.20"))
		s.converge()
		wantAsked(t, p, "1..2", "1..3")
	})
}

func TestADeniedCommitIsNotAnAppliedOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newPastStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		s.config = func(c *reconcile.Config) {
			c.Past, c.Policies = p, []reconcile.Source{rules("# METADATA\n# title: T\npackage sluice.action.no\ndeny contains \"no\" if \"10.0.1.66\" in input.action.addresses\n")}
		}
		s.converge()
		s.specs.commit(gateway("10.0.1.20", "10.0.1.66"))
		if got := s.converge(); got.Summary.Denied != 1 {
			t.Errorf("%+v", got.Summary)
		}
		s.specs.commit(gateway("10.0.1.20", "10.0.1.21"))
		s.converge()
		wantAsked(t, p, "1..2", "1..3")
		wantMutations(t, s, "assign .21")
	})
}

func TestADryRunTellsOfAHeldCommitAndAsksNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newPastStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		s.converge()
		p.says(gitsource.Diverged, 2)
		s.specs.commit(gateway("10.0.1.22"))
		for _, mode := range []reconcile.Mode{reconcile.DryRun, reconcile.Observe} {
			loop, end := s.open(mode)
			turn, err := loop.Once(t.Context(), nil)
			end()
			if err != nil || turn.Plan().Hold == "" || turn.Plan().Summary.Held != 1 {
				t.Errorf("%s: %v", mode, err)
			}
		}
		wantMutations(t, s)
	})
}

func TestCommitsThatMustBeSigned(t *testing.T) {
	tests := []struct {
		name    string
		signed  reconcile.Signed
		head    string // signers
		between string
		held    string
	}{
		{"nothing is asked", reconcile.SignedNone, "", "", ""},
		{"the head is signed", reconcile.SignedHead, "ada@example.com", "", ""},
		{"the head is not", reconcile.SignedHead, "", "ada@example.com", "has no signature that counts"},
		{"all are signed", reconcile.SignedSince, "ada@example.com", "bob@example.com", ""},
		{"one between is not", reconcile.SignedSince, "ada@example.com", "", "which lies between"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, p := newPastStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
				s.converge()
				s.config = func(c *reconcile.Config) { c.Past, c.Signed = p, tt.signed }
				p.signer = tt.between
				s.specs.commit(gateway("10.0.1.20"))
				s.specs.commit(gateway("10.0.1.21"))
				s.specs.head.Commit.Signer = tt.head
				got := s.converge()
				if (got.Hold != "") != (tt.held != "") || !strings.Contains(got.Hold, tt.held) {
					t.Errorf("hold %q", got.Hold)
				}
				if tt.held == "" {
					wantMutations(t, s, "assign .21", "unassign .20")
					return
				}
				wantMutations(t, s)
				s.acknowledge(fmt.Sprintf("%040x", 3))
				if got := s.converge(); got.Hold != "" {
					t.Errorf("acknowledged: %q", got.Hold)
				}
				wantMutations(t, s, "assign .21", "unassign .20")
			})
		})
	}
}
