package reconcile_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
)

// paced is a repository of rules with an interval of its own.
type paced struct {
	*memory
	every time.Duration
}

func (p paced) Every() time.Duration { return p.every }

func (m *memory) lookCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.looks
}

const noRule = "# METADATA\n# title: Nothing\npackage sluice.spec.nothing\n\ndeny contains \"never\" if input.metadata.name == \"never\"\n"

// wantLooks allows for intervals that are up to a tenth longer, or a tenth shorter
// where looks are made together.
func wantLooks(t *testing.T, what string, got, want int) {
	t.Helper()
	if got < want-1-want/8 || got > want+1+want/8 {
		t.Errorf("%d looks at %s, want about %d", got, what, want)
	}
}

func TestEachSourceIsAskedInItsOwnInterval(t *testing.T) {
	for name, tt := range map[string]struct {
		specs, often, seldom             time.Duration
		wantSpecs, wantOften, wantSeldom int // in an hour
	}{
		"a policy more often than the specs":           {10 * time.Minute, 10 * time.Second, time.Hour, 6, 360, 1},
		"a policy less often than the specs":           {time.Minute, time.Minute, 20 * time.Minute, 60, 60, 3},
		"without an interval of its own, as the specs": {time.Minute, 0, 0, 60, 60, 60},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
				often, seldom := rules(noRule), rules(noRule)
				s.config = func(cfg *reconcile.Config) {
					cfg.Interval = tt.specs
					cfg.Policies = []reconcile.Source{paced{often, tt.often}, paced{seldom, tt.seldom}}
				}
				s.serve(time.Hour, func(*reconcile.Loop) {})
				wantLooks(t, "the specs", s.lookCount(), tt.wantSpecs)
				wantLooks(t, "the first policy", often.lookCount(), tt.wantOften)
				wantLooks(t, "the second policy", seldom.lookCount(), tt.wantSeldom)
			})
		})
	}
}

func TestAHintAsksForPoliciesTooWhateverTheirInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		p := rules(noRule)
		s.config = func(cfg *reconcile.Config) {
			rarely(cfg)
			cfg.Policies = []reconcile.Source{paced{p, 24 * time.Hour}}
		}
		s.serve(30*time.Minute, func(loop *reconcile.Loop) {
			time.Sleep(10 * time.Minute)
			p.add("never.rego", "# METADATA\n# title: None\npackage sluice.spec.none\n\ndeny contains \"none\" if input.kind == \"NatGateway\"\n")
			s.specs.commit(gateway("10.0.1.20", "10.0.1.21"))
			loop.Hint()
			synctest.Wait()
			wantMutations(t, s) // by the new rule
			if p.lookCount() != 2 {
				t.Errorf("%d looks at the policy", p.lookCount())
			}
		})
	})
}

// A policy that is asked every second must not make the loop ask for specs that
// cannot be read every second too.
func TestASourceThatFailsIsNotAskedMoreOftenForAnothersSake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		s.specs.fail(errors.New("unreachable"))
		p := rules(noRule)
		s.config = func(cfg *reconcile.Config) {
			cfg.Interval = time.Minute
			cfg.Policies = []reconcile.Source{paced{p, time.Second}}
		}
		s.serve(time.Hour, func(*reconcile.Loop) {})
		wantLooks(t, "the specs", s.lookCount(), 60)
	})
}
