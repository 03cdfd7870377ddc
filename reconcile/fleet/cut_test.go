package fleet_test

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// exports is an archive in memory.
type exports map[string][]byte

func (e exports) Put(_ context.Context, name string, data []byte) (string, error) {
	e[name] = bytes.Clone(data)
	return name, nil
}

func (e exports) Get(_ context.Context, name string) ([]byte, error) { return e[name], nil }

// cut cuts all that the logs of a replica have off.
func (r *replica) cut(t *testing.T) (targets []string) {
	r.fleet.Visit(t.Context(), func(ctx context.Context, target string, log history.Cutter) {
		cuts, err := log.CutBefore(ctx, time.Now(), time.Now(), exports{})
		if err != nil || len(cuts) != 1 {
			t.Errorf("%s: %+v, %v", target, cuts, err)
		}
		targets = append(targets, target)
	})
	return targets
}

func TestATakeoverGoesOnFromACheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "prod", "test")
		a := s.start("a")
		time.Sleep(time.Minute)
		s.want("10.0.1.20, 10.0.1.21")
		time.Sleep(time.Minute)
		s.want("10.0.1.21") // whose drain goes on for 100 s
		time.Sleep(20 * time.Second)
		if got := a.cut(t); len(got) != 2 {
			t.Errorf("a has the logs of %q", got)
		}
		a.endAll()
		b := s.start("b")
		time.Sleep(20 * time.Second)
		draining := b.Draining()
		if _, known := b.DrainUntil("prod", "nat-0123456789abcdef0", netip.MustParseAddr("10.0.1.20")); !known || len(draining) != 2 {
			t.Errorf("what drains is not known any more: %+v", draining)
		}
		time.Sleep(5 * time.Minute)
		s.wantHeld("10.0.1.21")
		if said := b.Status().TurnError; said != "" || b.here() != "prod/2 test/2" {
			t.Errorf("b holds %q and says %q", b.here(), said)
		}
		for _, target := range s.targets {
			if n := len(s.calls(target)); n != 2 {
				t.Errorf("%s: %d calls", target, n)
			}
		}
	})
}

func TestACheckpointThatIsNotTheLogsStopsItsTarget(t *testing.T) {
	for name, tt := range map[string]struct {
		forge func(*history.Checkpoint)
		says  string
	}{
		"its ledger is another":    {func(cp *history.Checkpoint) { cp.Ledger = []byte("{}") }, "holds another ledger now"},
		"no record tells of it":    {func(cp *history.Checkpoint) { cp.Exported = "elsewhere" }, "it does not tell of the checkpoint"},
		"the record of it is gone": {func(cp *history.Checkpoint) { cp.Record += 1000 }, "is missing: the log ends before the record that tells of its checkpoint"},
		"the lease names another":  {func(cp *history.Checkpoint) { cp.Hash = strings.Repeat("0", 64) }, "it is not the one that the holder before wrote"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, "prod")
				a := s.start("a")
				time.Sleep(time.Minute)
				a.cut(t)
				a.endAll()
				s.logs["prod"].forge = tt.forge
				b := s.start("b")
				time.Sleep(time.Minute)
				if said := b.Status().TurnError; !strings.Contains(said, tt.says) {
					t.Errorf("it says %q", said)
				}
			})
		})
	}
}

// broken is an archive that takes nothing.
type broken struct{ exports }

func (broken) Put(context.Context, string, []byte) (string, error) {
	return "", errors.New("the bucket is gone")
}

func TestACutGivesATargetBackWhenItsLogCannotBeWritten(t *testing.T) {
	for name, tt := range map[string]struct {
		archive history.Archive
		gives   bool
	}{
		"the log fails":     {exports{}, true},
		"the archive fails": {broken{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, "prod")
				a := s.start("a")
				time.Sleep(time.Minute)
				s.logs["prod"].fail(errors.New("no room"))
				a.fleet.Visit(t.Context(), func(ctx context.Context, _ string, log history.Cutter) {
					if _, err := log.CutBefore(ctx, time.Now(), time.Now(), tt.archive); err == nil {
						t.Error("it was cut")
					}
				})
				synctest.Wait()
				if gone := a.here() == ""; gone != tt.gives {
					t.Errorf("a holds %q", a.here())
				}
			})
		})
	}
}

func TestALeaseThatIsGivenBackEndsTheWorkOnItsLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "prod")
		a := s.start("a")
		time.Sleep(time.Minute)
		began, ended := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			a.fleet.Visit(t.Context(), func(ctx context.Context, _ string, _ history.Cutter) {
				close(began)
				<-ctx.Done()
			})
		}()
		<-began
		a.endAll() // waits for it
		select {
		case <-ended:
		case <-time.After(time.Second):
			t.Error("it goes on")
		}
		if got := a.cut(t); got != nil {
			t.Errorf("it has the logs of %q", got)
		}
	})
}
