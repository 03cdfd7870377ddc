package reconcile_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
)

// parts writes down the parts of a loop's work: ">NAME" and "NAME>", with what they
// are within.
type parts struct {
	mu   sync.Mutex
	list []string
}

type within struct{}

func (p *parts) around(ctx context.Context, part reconcile.Part) (context.Context, func(error)) {
	outer, _ := ctx.Value(within{}).(string)
	name := outer + string(part.Name)
	if part.Settled {
		name += " again"
	}
	p.note(fmt.Sprintf(">%s %s", name, part.Commit[max(0, len(part.Commit)-1):]))
	return context.WithValue(ctx, within{}, string(part.Name)+"/"), func(error) { p.note(name + ">") }
}

func (p *parts) note(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list, text)
}

func TestThePartsOfATurnAreToldInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newStage(t, world("10.0.1.20"), gateway("10.0.1.20", "10.0.1.21")), &parts{}
		s.config = func(cfg *reconcile.Config) { cfg.Around = []reconcile.Around{p.around} }
		loop, end := s.open(reconcile.Apply)
		defer end()
		if _, err := loop.Once(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		want := ">fetch 1, fetch>, >turn 1, >turn/observe 1, turn/observe>, >turn/plan 1, turn/plan>, >turn/policy 1, turn/policy>, >turn/act 1, turn/act>, turn>"
		if got := strings.Join(p.list, ", "); got != want {
			t.Errorf("got %s", got)
		}
	})
}

func TestALookForDriftIsAnotherStoryThanItsCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := newStage(t, world("10.0.1.20"), gateway("10.0.1.20")), &parts{}
		s.config = func(cfg *reconcile.Config) {
			cfg.Around, cfg.Calendar = []reconcile.Around{p.around}, everyQuarter(t, true)
		}
		s.serve(20*time.Minute, nil)
		turns := slices.DeleteFunc(p.list, func(text string) bool {
			return !strings.HasPrefix(text, ">turn ") && !strings.HasPrefix(text, ">fetch")
		})
		if got := strings.Join(turns, ", "); got != ">fetch 1, >turn 1, >turn again 1" {
			t.Errorf("got %s", got)
		}
	})
}

func TestAnOutcomeSaysWhenItsCommitWasSeenFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20", "10.0.1.21"), gateway("10.0.1.20"))
		var last reconcile.Outcome
		s.config = func(cfg *reconcile.Config) {
			cfg.Observers = append(cfg.Observers, func(o reconcile.Outcome) { last = o })
		}
		s.converge()
		if took := last.At.Sub(last.Seen); !last.Applied() || !last.First || took < 90*time.Second || took > 3*time.Minute {
			t.Errorf("a commit that was carried out, drain included: %s, %+v", took, last)
		}
		loop, end := s.open(reconcile.Apply)
		defer end()
		if _, err := loop.Once(t.Context(), nil); err != nil || last.First || !last.Applied() {
			t.Errorf("in another process: first %t, %v", last.First, err)
		}
		s.sim.Edit(func(w *ec2sim.World) {
			w.NatGateways[0].Secondary = append(w.NatGateways[0].Secondary, "10.0.1.22", "10.0.1.23")
		})
		if _, err := loop.Once(t.Context(), nil); err != nil || last.Applied() {
			t.Errorf("after a drift: %v", err)
		}
		if left := loop.Status().BudgetLeft["default"]; left != 2 {
			t.Errorf("budget left: %d of 4, and 2 are to go", left)
		}
	})
}
