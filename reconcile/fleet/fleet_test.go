package fleet_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/lease"
)

// wantEpochs compares a target's calls with the epochs under which they were to be made.
func (s *stage) wantEpochs(target string, want ...string) {
	s.t.Helper()
	if got := slices.Compact(s.calls(target)); !slices.Equal(got, want) {
		s.t.Errorf("%s: calls under epochs %v, want %v", target, got, want)
	}
}

func (s *stage) wantHeld(want string) {
	s.t.Helper()
	for _, target := range s.targets {
		if got := s.holds(target); got != want {
			s.t.Errorf("%s holds %q, want %q", target, got, want)
		}
	}
}

func TestReplicasShareTargetsAndTheRestGoesOnWhenOneEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "prod", "test")
		a := s.start("a")
		synctest.Wait()
		if a.here() != "prod/1 test/1" || !a.Status().Ready() {
			t.Fatalf("a alone holds %q", a.here())
		}
		b := s.start("b")
		time.Sleep(time.Minute)
		if strings.Count(a.here(), "/") != 1 || strings.Count(b.here(), "/") != 1 {
			t.Fatalf("a holds %q, b %q", a.here(), b.here())
		}
		s.want("10.0.1.20, 10.0.1.21")
		time.Sleep(time.Minute)
		s.wantHeld("10.0.1.20, 10.0.1.21")
		mine, theirs := a.Status(), b.Status()
		if mine.Turns == 0 || len(mine.Plan.Resources) != 1 || mine.Plan.Summary.InSync != 1 || len(mine.Leases) != 2 || mine.Plan.PlanHash != "" {
			t.Errorf("a says %+v", mine)
		}
		for i, l := range mine.Leases {
			other := theirs.Leases[i]
			if l.Holder != other.Holder || l.Epoch != other.Epoch || l.Here == other.Here || l.URL != "https://"+l.Holder || (l.PlanHash != "") != l.Here {
				t.Errorf("a says %+v, b %+v", l, other)
			}
		}
		a.endAll()
		s.want("10.0.1.21")
		time.Sleep(5 * time.Minute)
		s.wantHeld("10.0.1.21")
		if strings.Count(b.here(), "/") != 2 {
			t.Errorf("b holds %q alone", b.here())
		}
		for _, target := range s.targets {
			if !slices.IsSorted(s.calls(target)) {
				t.Errorf("%s: epochs went back: %v", target, s.calls(target))
			}
			if _, err := history.Verify(t.Context(), s.logs[target].File); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestOneLookAtGitServesAllTargets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "a", "b", "c", "d", "e", "f")
		s.start("one")
		time.Sleep(10 * time.Minute) // at one look in 10 s
		if n := s.git.lookCount(); n < 50 || n > 62 {
			t.Errorf("%d looks", n)
		}
	})
}

func TestAReplicaThatLosesTheTableStopsBeforeItsLeaseEndsAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "prod")
		names := []string{"a", "b"}
		if lease.Spread(map[string][]string{"a": s.targets, "b": s.targets})["prod"] == "b" { // whose it is
			slices.Reverse(names)
		}
		a := s.start(names[0])
		time.Sleep(time.Minute)
		b := s.start(names[1])
		time.Sleep(time.Minute)
		if a.here() != "prod/1" || b.here() != "" || !b.Status().Ready() {
			t.Fatalf("a holds %q, b %q", a.here(), b.here())
		}
		a.view.Down(true)
		time.Sleep(duration - longest)
		s.want("10.0.1.20, 10.0.1.21") // a could still read Git and EC2
		time.Sleep(duration)
		if n := len(s.calls("prod")); n != 0 {
			t.Errorf("%d calls while nobody may act", n)
		}
		if status := a.Status(); a.here() != "" || !strings.Contains(status.TurnError, "leases: ") || status.Leases[0].Lost != 1 {
			t.Errorf("a holds %q and says %+v", a.here(), status)
		}
		if !strings.Contains(a.log.String(), "could not be renewed in time") {
			t.Errorf("a's log: %s", a.log)
		}
		time.Sleep(2 * duration)
		s.wantHeld("10.0.1.20, 10.0.1.21")
		s.wantEpochs("prod", "2")
		if b.here() != "prod/2" {
			t.Errorf("b holds %q", b.here())
		}
	})
}

func TestACallThatTheLeaseIsTooShortForIsNotMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "prod")
		a := s.start("a")
		time.Sleep(time.Minute + time.Second) // the last renewal was a second ago
		a.view.Down(true)
		time.Sleep(duration - longest - 4*time.Second)
		s.logs["prod"].slow = 5 * time.Second // the intent takes until the lease is too short
		s.want("10.0.1.20, 10.0.1.21")
		a.Hint()
		time.Sleep(time.Minute)
		if n := len(s.calls("prod")); n != 0 {
			t.Errorf("%d calls", n)
		}
		var intents, unsent int
		for r, err := range s.logs["prod"].File.Records(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			if r.Kind == history.KindIntent {
				intents++
			}
			if r.Outcome == history.OutcomeNotSent && strings.Contains(r.Message, "the lease is lost") {
				unsent++
			}
		}
		if intents != 1 || unsent != 1 {
			t.Errorf("%d intents, %d not sent", intents, unsent)
		}
	})
}

func TestALogThatCannotBeUsedStopsItsTargetOnly(t *testing.T) {
	for name, tt := range map[string]struct {
		damage func(s *stage)
		says   string
	}{
		"it cannot be read": {func(s *stage) { s.logs["prod"].broken = errors.New("the table hangs") }, "target prod: the log cannot be read: the table hangs"},
		"it is damaged": {func(s *stage) {
			s.logs["prod"].broken = &history.CorruptError{Seq: 7, Reason: "its hash does not match"}
		}, "target prod: the log cannot be read: history: record 7 is wrong"},
		"its end was cut off": {func(s *stage) {
			item := s.table.Item("prod")
			item.HeadSeq = 1 << 20
			s.table.Put(item)
		}, "is missing: the holder before wrote up to record 1048576"},
		"it is another one": {func(s *stage) {
			item := s.table.Item("prod")
			item.HeadSeq, item.HeadHash = 1, "another"
			s.table.Put(item)
		}, "record 1 is wrong: it is not the one that the holder before wrote"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, "prod", "test")
				first := s.start("first")
				time.Sleep(time.Minute)
				first.endAll()
				head, err := s.logs["prod"].Head(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				tt.damage(s)
				second := s.start("second")
				s.want("10.0.1.20, 10.0.1.21")
				time.Sleep(10 * time.Minute)
				if status := second.Status(); !strings.Contains(status.TurnError, tt.says) {
					t.Errorf("it says %q", status.TurnError)
				}
				if !strings.Contains(second.log.String(), "nothing is done for a target") {
					t.Errorf("its log: %s", second.log)
				}
				if now, err := s.logs["prod"].Head(t.Context()); err != nil || now != head {
					t.Errorf("records were added to a log that is not whole: %v, %v", now, err)
				}
				if s.holds("test") != "10.0.1.20, 10.0.1.21" || s.holds("prod") != "10.0.1.20" {
					t.Errorf("test holds %s, prod %s", s.holds("test"), s.holds("prod"))
				}
			})
		})
	}
}

func TestATargetWhoseLeaseIsDamagedIsToldAndGoesOnOnceThatIsDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "prod", "test")
		s.table.Put(lease.Item{Target: "prod", Version: 1 << 62, Damaged: "its epoch is no number"})
		s.want("10.0.1.20, 10.0.1.21")
		r := s.start("a")
		time.Sleep(5 * time.Minute)
		status := r.Status()
		if says := "target prod: nobody can take its lease: its epoch is no number; delete that item"; !strings.HasPrefix(status.TurnError, says) || r.here() != "test/1" {
			t.Errorf("it holds %q and says %q", r.here(), status.TurnError)
		}
		if !status.Ready() || !status.Healthy(time.Now()) || s.holds("prod") != "10.0.1.20" || s.holds("test") != "10.0.1.20, 10.0.1.21" {
			t.Errorf("ready %t, healthy %t; prod holds %s, test %s", status.Ready(), status.Healthy(time.Now()), s.holds("prod"), s.holds("test"))
		}
		s.table.Drop("prod")
		time.Sleep(5 * time.Minute)
		s.wantHeld("10.0.1.20, 10.0.1.21")
		if status := r.Status(); status.TurnError != "" {
			t.Errorf("it still says %q", status.TurnError)
		}
	})
}

func TestATargetIsGivenBackWhenItsLogCannotBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "prod", "test")
		r := s.start("a")
		time.Sleep(time.Minute)
		s.logs["prod"].fail(errors.New("the table is full"))
		s.want("10.0.1.20, 10.0.1.21")
		time.Sleep(20 * time.Second)
		if status := r.Status(); !strings.Contains(status.TurnError, "target prod: the log cannot be written: the table is full") || r.here() != "test/1" {
			t.Errorf("it holds %q and says %q", r.here(), status.TurnError)
		}
		if s.holds("prod") != "10.0.1.20" || s.holds("test") != "10.0.1.20, 10.0.1.21" {
			t.Errorf("prod holds %s, test %s", s.holds("prod"), s.holds("test"))
		}
		s.logs["prod"].fail(nil)
		time.Sleep(5 * time.Minute)
		s.wantHeld("10.0.1.20, 10.0.1.21")
		if status := r.Status(); status.TurnError != "" {
			t.Errorf("it still says %q", status.TurnError)
		}
	})
}

func TestAnotherConfigurationGoesOnUnderTheSameLeases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "prod", "test")
		r := s.start("a")
		time.Sleep(time.Minute)
		cfg := r.config
		cfg.Interval = time.Hour
		next := r.fleet.Crew(cfg)
		if err := next.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		before := r.Status()
		r.endServing()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if s := next.Status(); s.Turns < before.Turns || len(s.Plan.Resources) != 2 {
			t.Errorf("between the two: %+v", s)
		}
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- next.Serve(ctx) }()
		s.want("10.0.1.20, 10.0.1.21")
		next.Hint()
		time.Sleep(time.Minute)
		s.wantHeld("10.0.1.20, 10.0.1.21")
		for _, target := range s.targets {
			s.wantEpochs(target, "1")
		}
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

func TestAFileThatCannotBeReadStandsOnceInTheStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "prod", "test")
		s.want("10.0.1.20", "{ no document", "apiVersion: sluice/v1\nkind: NatGateway\nmetadata: {name: lost}\nspec: {target: nowhere, id: nat-0123456789abcdef1}\n")
		r := s.start("a")
		time.Sleep(time.Minute)
		status := r.Status()
		if status.Plan.Summary.Error != 2 || status.Plan.Summary.InSync != 2 || len(status.Documents) != 4 {
			t.Errorf("%+v, %d documents", status.Plan.Summary, len(status.Documents))
		}
		if !slices.IsSortedFunc(status.Plan.Resources, func(a, b resource) int { return strings.Compare(a.Target, b.Target) }) {
			t.Errorf("%+v", status.Plan.Resources)
		}
	})
}

func TestWhatListensHearsOneLoopAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "a", "b", "c", "d")
		r := s.start("one")
		time.Sleep(time.Minute)
		r.endServing()
		busy, heard := false, 0
		enter := func() {
			if busy {
				t.Error("two loops tell at a time")
			}
			busy = true
			for range 100 {
				runtime.Gosched()
			}
			busy = false
			heard++
		}
		cfg := r.config
		cfg.Observers = []func(reconcile.Outcome){func(reconcile.Outcome) { enter() }}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := r.fleet.Crew(cfg).Serve(ctx); err != nil || heard < 4 {
			t.Errorf("%v, heard %d", err, heard)
		}
	})
}
