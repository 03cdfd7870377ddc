package fleet_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
)

// only is a replica's configuration with some of its targets.
func (r *replica) only(targets ...string) reconcile.Config {
	cfg := r.config
	cfg.Targets = maps.Clone(cfg.Targets)
	maps.DeleteFunc(cfg.Targets, func(name string, _ reconcile.Target) bool { return !slices.Contains(targets, name) })
	return cfg
}

// reload has a replica serve by another configuration, as a daemon does.
func (r *replica) reload(t *testing.T, cfg reconcile.Config) {
	t.Helper()
	next := r.fleet.Crew(cfg)
	r.endServing()
	r.Crew = next
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := next.Serve(ctx); err != nil {
			t.Error(err)
		}
	}()
	r.endServing = func() { cancel(); <-served }
	t.Cleanup(r.endServing)
}

func TestAConfigurationMayHaveOtherTargets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "lab", "prod", "test")
		a := s.start("a")
		time.Sleep(time.Minute)
		a.reload(t, a.only("prod", "test"))
		time.Sleep(time.Second)
		before := a.Status()
		if a.here() != "prod/1 test/1" || len(before.Leases) != 2 || len(before.Plan.Resources) != 3 || before.TurnError != "" {
			t.Fatalf("without lab it holds %q: %+v", a.here(), before)
		}
		s.want("10.0.1.20, 10.0.1.21")
		time.Sleep(time.Minute)
		if n := len(s.calls("lab")); n != 0 {
			t.Errorf("%d calls in a target that was removed", n)
		}
		s.wantEpochs("prod", "1")
		a.reload(t, a.only("lab", "prod"))
		time.Sleep(time.Minute)
		if a.here() != "lab/2 prod/1" || a.Status().Turns <= before.Turns {
			t.Errorf("with lab and without test it holds %q", a.here())
		}
		s.wantHeld("10.0.1.20, 10.0.1.21")
		s.wantEpochs("lab", "2")
		if strings.Contains(a.log.String(), "level=ERROR") {
			t.Errorf("it went wrong in between: %s", a.log)
		}
	})
}

func TestATargetThatOneReplicaDropsIsWorkedForByTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "prod", "test")
		a := s.start("a")
		b := s.start("b")
		time.Sleep(time.Minute)
		first, other := a, b
		if strings.HasPrefix(b.here(), "prod") {
			first, other = b, a
		}
		first.reload(t, first.only("test"))
		s.want("10.0.1.20, 10.0.1.21")
		time.Sleep(time.Minute)
		s.wantHeld("10.0.1.20, 10.0.1.21")
		if !strings.HasPrefix(other.here(), "prod/") || strings.Contains(first.here(), "prod") {
			t.Errorf("the one holds %q, the other %q", first.here(), other.here())
		}
		if l := first.Status().Leases; len(l) != 2 || l[0].Target != "prod" || l[0].Here || l[0].URL == "" {
			t.Errorf("it does not say who has prod: %+v", l)
		}
		other.reload(t, other.only("test"))
		time.Sleep(5 * time.Minute)
		if l := first.Status().Leases; len(l) != 1 || strings.Contains(first.here()+other.here(), "prod") {
			t.Errorf("nobody has prod any more, and %+v", l)
		}
	})
}

func TestATargetIsGivenBackOnlyAfterItsCallInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "prod", "test")
		s.logs["prod"].slow = longest / 2 // from the intent on, a call is on its way
		a := s.start("a")
		time.Sleep(time.Minute)
		s.want("10.0.1.20, 10.0.1.21")
		time.Sleep(12 * time.Second) // a has begun
		b := s.start("b")
		a.reload(t, a.only("test"))
		time.Sleep(2 * time.Minute)
		s.wantHeld("10.0.1.20, 10.0.1.21")
		if !strings.HasPrefix(b.here(), "prod/2") || !slices.IsSorted(s.calls("prod")) || len(s.calls("prod")) != 1 {
			t.Errorf("b holds %q, calls under %v", b.here(), s.calls("prod"))
		}
	})
}
