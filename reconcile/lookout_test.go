package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// in is the spec of the gateway in a target.
func in(target string, secondary ...string) string {
	text := strings.Replace(gateway(secondary...), "spec: {", "spec: {target: "+target+", ", 1)
	return strings.Replace(text, "name: egress", "name: egress-"+target, 1)
}

// countedEngine knows how many of its kind are open.
type countedEngine struct {
	*policy.Engine
	open *atomic.Int64
}

func (c countedEngine) Close() error {
	c.open.Add(-1)
	return nil
}

// many is a loop for each target, which look at Git together.
type many struct {
	loops          map[string]*reconcile.Loop
	compiled, open atomic.Int64 // engines
	lines          *countedLines
}

// countedLines is a past in which every commit descends from every other.
type countedLines struct {
	mu    sync.Mutex
	asked int
	err   error
}

func (c *countedLines) Line(_ context.Context, from string, to *gitsource.Snapshot) (*gitsource.Line, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	if c.err != nil {
		return nil, c.err
	}
	return &gitsource.Line{From: from, To: to.Commit.ID, Relation: gitsource.Descendant}, nil
}

func (c *countedLines) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked
}

// newMany makes loops that share what s has; each has seen commit 1.
func newMany(t *testing.T, s *stage, rules *memory, targets ...string) *many {
	t.Helper()
	m := &many{loops: map[string]*reconcile.Loop{}, lines: &countedLines{}}
	cfg := reconcile.Config{
		Mode: reconcile.Observe, Budget: judge.DefaultBudget(), Specs: s.specs, Policies: []reconcile.Source{rules}, Interval: time.Minute, HintInterval: 2 * time.Second, Past: m.lines,
		LoadPolicies: func(ctx context.Context, sources []policy.Source) (reconcile.Engine, error) {
			e, err := policy.Load(ctx, sources, policy.Options{})
			if err != nil {
				return nil, err
			}
			m.compiled.Add(1)
			m.open.Add(1)
			return countedEngine{e, &m.open}, nil
		},
		Targets: map[string]reconcile.Target{},
	}
	for _, target := range targets {
		cfg.Targets[target] = reconcile.Target{EC2: s.client(reconcile.Observe, s.sim)}
	}
	cfg.Lookout = reconcile.NewLookout(cfg)
	for _, target := range targets {
		own := cfg
		own.Only, own.Ledger = target, history.NewLedger()
		own.Ledger.Add(history.Record{Kind: history.KindAcknowledged, Commit: fmt.Sprintf("%040x", 1)})
		loop, err := reconcile.New(own)
		if err != nil {
			t.Fatal(err)
		}
		m.loops[target] = loop
	}
	return m
}

// serve runs all loops while during does.
func (m *many) serve(t *testing.T, during func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var serving sync.WaitGroup
	for _, loop := range m.loops {
		serving.Go(func() {
			if err := loop.Serve(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	during()
	cancel()
	serving.Wait()
}

func targets(n int) []string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("t%02d", i))
	}
	return list
}

func TestManyLoopsLookAtGitAsOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), in("t00", "10.0.1.20"))
		s.specs.commit(in("t00", "10.0.1.20"))
		s.specs.slow = 10 * time.Millisecond
		rule := rules(noRule)
		m := newMany(t, s, rule, targets(20)...)
		m.serve(t, func() {
			time.Sleep(time.Hour)
			wantLooks(t, "the specs, of 20 loops in an hour", s.lookCount(), 60)
			wantLooks(t, "the policies, of 20 loops in an hour", rule.lookCount(), 60)
			if n := m.compiled.Load(); n != 1 {
				t.Errorf("rules were compiled %d times", n)
			}
			if n := m.lines.count(); n != 1 {
				t.Errorf("asked %d times what lies between two commits", n)
			}
			before := s.lookCount()
			s.specs.commit(in("t00", "10.0.1.20"))
			for _, loop := range m.loops {
				loop.Hint()
			}
			time.Sleep(3 * time.Second)
			if n := s.lookCount() - before; n < 1 || n > 2 {
				t.Errorf("%d looks for one hint to 20 loops", n)
			}
			for target, loop := range m.loops {
				if loop.Status().Commit.Message != "commit 3" {
					t.Errorf("%s is at %q", target, loop.Status().Commit.Message)
				}
			}
		})
	})
}

func TestWhatOneLoopFindsTheOthersKnowAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), in("t00", "10.0.1.20"))
		m := newMany(t, s, rules(noRule), targets(5)...)
		m.serve(t, func() {
			time.Sleep(30 * time.Second)
			s.specs.commit(in("t00", "10.0.1.20"))
			m.loops["t03"].Hint()
			synctest.Wait()
			for target, loop := range m.loops {
				if loop.Status().Commit.Message != "commit 2" {
					t.Errorf("%s is at %q", target, loop.Status().Commit.Message)
				}
			}
		})
	})
}

func TestAQuestionToGitThatFailedIsAskedAgainOnceALook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), in("t00", "10.0.1.20"))
		s.specs.commit(in("t00", "10.0.1.20"))
		m := newMany(t, s, rules(noRule), targets(5)...)
		m.lines.err = errors.New("unreachable")
		m.serve(t, func() {
			time.Sleep(10 * time.Minute)
			wantLooks(t, "what lies between", m.lines.count(), 11)
		})
	})
}

func TestAnEngineIsClosedWhenTheLastLoopHasMovedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), in("t00", "10.0.1.20"))
		rule := rules(noRule)
		m := newMany(t, s, rule, "a", "b")
		look := func(target string) {
			t.Helper()
			if _, err := m.loops[target].Once(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		wantOpen := func(when string, want int64) {
			t.Helper()
			if n := m.open.Load(); n != want {
				t.Errorf("%s: %d engines are open, want %d", when, n, want)
			}
		}
		look("a")
		look("b")
		wantOpen("both judge by the first", 1)
		rule.add("other.rego", strings.ReplaceAll(noRule, "nothing", "other"))
		look("a")
		wantOpen("only one has moved on", 2)
		if err := m.loops["b"].Close(); err != nil {
			t.Error(err)
		}
		wantOpen("the other one has ended", 1)
		look("a")
		wantOpen("the first goes on", 1)
	})
}

// A loop that ends in the middle of a look must not leave its end to the others as an
// error of Git's.
func TestALookThatWasBrokenOffIsNotTheOthersError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), in("t00", "10.0.1.20"))
		m := newMany(t, s, rules(noRule), "a", "b")
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		s.specs.fail(context.Canceled)
		if _, err := m.loops["a"].Once(ended, nil); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		s.specs.fail(nil)
		m.serve(t, func() {
			synctest.Wait()
			if s := m.loops["b"].Status(); s.Turns != 1 || s.GitError != "" {
				t.Errorf("%d turns, %q", s.Turns, s.GitError)
			}
		})
	})
}

func TestALoopForOneTargetDoesNothingForTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), "")
		s.specs.commit(in("a", "10.0.1.20"), in("b", "10.0.1.21"), in("elsewhere", "10.0.1.22"), "{ this is no document", "kind: Nothing\nspec: {target: b}\n")
		m := newMany(t, s, rules(noRule), "a", "b", "c")
		for target, want := range map[string]string{
			// A file that cannot be read is everybody's, a target that nobody has the first one's.
			"a": "specs/3.yaml error; specs/0.yaml in-sync; specs/2.yaml error",
			"b": "specs/3.yaml error; specs/4.yaml error; specs/1.yaml pending",
			"c": "specs/3.yaml error",
		} {
			turn, err := m.loops[target].Once(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range turn.Plan().Resources {
				got = append(got, r.Spec.File+" "+string(r.State))
				if r.Target == "elsewhere" && !strings.Contains(r.Reason, "known targets: a, b, c") {
					t.Error(r.Reason)
				}
			}
			if text := strings.Join(got, "; "); text != want {
				t.Errorf("%s: %s; want %s", target, text, want)
			}
			if len(turn.Inventories) != 1 || turn.Inventories[0].Target != target {
				t.Errorf("%s read %+v", target, turn.Inventories)
			}
		}
	})
}

func TestAnEmptyPartOfSpecsIsNoError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), in("a", "10.0.1.20"))
		m := newMany(t, s, rules(noRule), "a", "b")
		turn, err := m.loops["b"].Once(t.Context(), nil)
		if err != nil || turn.Plan().Summary != (plan.Summary{}) {
			t.Errorf("%v, %+v", err, turn)
		}
		s.specs.commit() // none for anybody is one for all
		if _, err = m.loops["b"].Once(t.Context(), nil); !errors.Is(err, spec.ErrEmpty) {
			t.Errorf("no spec at all: %v", err)
		}
	})
}

func TestALoopForATargetThatIsNotThereIsRefused(t *testing.T) {
	s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
	cfg := s.lookOnly()
	cfg.Only = "prod"
	if _, err := reconcile.New(cfg); err == nil || !strings.Contains(err.Error(), `"prod"`) {
		t.Errorf("%v", err)
	}
}
