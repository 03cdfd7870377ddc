package reconcile_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/calendar"
	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/schedule"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// synctest's clock begins at midnight, 1 January 2000, UTC.
var midnight = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func allow(t *testing.T, expr string, lasts time.Duration) calendar.Calendar {
	t.Helper()
	w, err := schedule.NewWindow(cron(t, expr), lasts)
	if err != nil {
		t.Fatal(err)
	}
	return calendar.Calendar{Windows: []calendar.Window{{Name: "nights", Times: w}}}
}

func freeze(from, until time.Duration) calendar.Calendar {
	return calendar.Calendar{Freezes: []calendar.Freeze{{Name: "quiet", From: midnight.Add(from), Until: midnight.Add(until), Reason: "a move", Owner: "ada"}}}
}

// calls lists the mutating calls of the record with the time since midnight of each.
func (s *stage) calls() []string {
	var list []string
	for _, r := range s.records(history.KindIntent) {
		list = append(list, fmt.Sprintf("%s %s", r.Time.Sub(midnight), r.ActionKey()))
	}
	return list
}

func TestWhatWaitsGoesOnTheMomentItMay(t *testing.T) {
	cases := []struct {
		name     string
		calendar func(t *testing.T) calendar.Calendar
		suspend  string
		want     string // when the first call is made, since midnight
	}{
		{"when a window opens", func(t *testing.T) calendar.Calendar { return allow(t, "0 2 * * *", time.Hour) }, "", "2h0m0s"},
		{"when a freeze ends", func(*testing.T) calendar.Calendar { return freeze(-time.Hour, 90*time.Minute+7*time.Second) }, "", "1h30m7s"},
		{"when a suspend ends", func(*testing.T) calendar.Calendar { return calendar.Calendar{} }, "2000-01-01T04:00:00Z", "4h0m0s"},
		{"when the last of them lets it", func(t *testing.T) calendar.Calendar {
			c := allow(t, "0 2 * * *", time.Hour)
			c.Freezes = freeze(0, 3*time.Hour).Freezes
			return c
		}, "", "26h0m0s"},
		{"at once where nothing closes it", func(t *testing.T) calendar.Calendar { return allow(t, "0 0 * * *", time.Hour) }, "", "0s"},
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				text := gateway("10.0.1.20", "10.0.1.22")
				if tt.suspend != "" {
					text = strings.Replace(text, "spec: {", "spec: {suspend: {until: "+tt.suspend+", reason: a move, owner: ada}, ", 1)
				}
				s := newStage(t, world("10.0.1.20"), text)
				s.config = func(c *reconcile.Config) { c.Calendar = tt.calendar(t) }
				s.serve(30*time.Hour, nil)
				if got := s.calls(); len(got) != 1 || !strings.HasPrefix(got[0], tt.want+" ") {
					t.Errorf("calls %q, want one at %s", got, tt.want)
				}
			})
		})
	}
}

func TestADrainThatBeganGoesOnAndTheNextCallWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.22"))
		s.config = func(c *reconcile.Config) { c.Calendar = freeze(time.Second, time.Hour) }
		s.serve(30*time.Minute, nil) // from before the freeze, into it
		if got := s.calls(); len(got) != 1 || !strings.HasPrefix(got[0], "0s assign") || s.secondaries() != ".20 .22" {
			t.Fatalf("calls %q, addresses %s", got, s.secondaries())
		}
		s.serve(time.Hour, nil) // a restart within the freeze; the drain begins when it ends
		if got := s.calls(); len(got) != 2 || !strings.HasPrefix(got[1], "1h0m0s unassign") {
			t.Fatalf("calls %q", got)
		}
		if s.secondaries() != ".22" {
			t.Errorf("addresses %s", s.secondaries())
		}
		s.config = func(c *reconcile.Config) { c.Calendar = freeze(90*time.Minute+time.Second, 3*time.Hour) }
		s.specs.commit(gateway())
		s.serve(40*time.Minute, nil) // one call right before the freeze, whose drain lasts into it
		if got := s.calls(); len(got) != 3 || s.secondaries() != "" {
			t.Errorf("a drain that began must end: calls %q, addresses %s", got, s.secondaries())
		}
	})
}

func TestACommandDoesNotWaitForAWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.22"))
		s.config = func(c *reconcile.Config) { c.Calendar = freeze(0, time.Hour) }
		begun := time.Now()
		p := s.converge()
		if p.Summary != (plan.Summary{Held: 1}) || time.Since(begun) > time.Minute {
			t.Errorf("%+v after %s", p.Summary, time.Since(begun))
		}
		if r := p.Resources[0]; !strings.Contains(r.Reason, "quiet") || !strings.Contains(r.Reason, "ada: a move; goes on by itself 2000-01-01 01:00 UTC") || !r.Opens.Equal(midnight.Add(time.Hour)) {
			t.Errorf("%q, opens %v", r.Reason, r.Opens)
		}
		wantMutations(t, s)
	})
}

func TestASavedPlanOutlivesAWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20", "10.0.1.22"))
		s.config = func(c *reconcile.Config) { c.Calendar = freeze(0, time.Hour) }
		saved := s.converge() // held
		time.Sleep(2 * time.Hour)
		loop, end := s.open(reconcile.Apply)
		defer end()
		if _, err := loop.Converge(t.Context(), &saved); err != nil {
			t.Fatal(err)
		}
		wantMutations(t, s, "assign .22")
	})
}

func TestDriftIsCorrectedAtARunOfItsOwnSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		labelled := strings.Replace(gateway("10.0.1.20"), "name: egress", "name: egress, labels: {env: prod}", 1)
		s := newStage(t, world("10.0.1.20"), labelled)
		s.config = func(c *reconcile.Config) {
			c.Calendar.Schedules = []calendar.Schedule{
				{Name: "prod", Selector: spec.Selector{Labels: map[string]string{"env": "prod"}}, Cron: cron(t, "0 3 * * *"), Correct: true},
				{Name: "drift", Cron: cron(t, "*/15 * * * *"), Correct: true},
			}
		}
		s.serve(6*time.Hour, func(l *reconcile.Loop) {
			time.Sleep(10 * time.Minute)
			s.sim.Edit(func(w *ec2sim.World) { w.NatGateways[0].Secondary = []string{"10.0.1.77"} })
			s.specs.commit(labelled, vip("10.0.1.201")) // another spec's business
			time.Sleep(50 * time.Minute)
			synctest.Wait()
			if r := l.Status().Plan.Resources[0]; r.State != plan.Blocked || r.Drift == nil || !r.Drift.Waits || !strings.Contains(r.Reason, "drift, corrected at the next run of schedule prod, 2000-01-01 03:00 UTC") {
				t.Errorf("between runs: %s, %q", r.State, r.Reason)
			}
		})
		got := s.calls() // all of the correction, though it takes several turns
		if len(got) != 2 || !strings.HasPrefix(got[0], "3h0m") || !strings.Contains(got[0], "assign") || !strings.HasPrefix(got[1], "3h0m") || !strings.Contains(got[1], "unassign") {
			t.Errorf("calls %q", got)
		}
		if s.secondaries() != ".20" {
			t.Errorf("addresses %s", s.secondaries())
		}
	})
}

// shifted is a clock that can be set.
type shifted struct {
	mu sync.Mutex
	by time.Duration
}

func (c *shifted) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.by)
}

func (c *shifted) set(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by += by
}

func TestMissedRunsAfterAPauseRunOnce(t *testing.T) {
	for _, c := range []struct {
		name        string
		jump        time.Duration
		want, later int // runs in the ten minutes after it, and in the hour after those
	}{
		{"the machine slept over five runs", 5 * time.Hour, 1, 1},
		{"it slept over none", 10 * time.Minute, 0, 1},
		{"the clock was set back over a run", -30 * time.Minute, 0, 0},
		{"the clock was a year ahead", -366 * 24 * time.Hour, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
				clock := &shifted{}
				s.config = func(cfg *reconcile.Config) {
					cfg.Now = clock.now
					cfg.Calendar.Schedules = []calendar.Schedule{{Name: "drift", Cron: cron(t, "0 * * * *"), Correct: true}}
				}
				s.serve(140*time.Minute, func(*reconcile.Loop) {
					time.Sleep(61 * time.Minute) // after the run at one
					before := s.count("DescribeNatGateways")
					if before != 2 { // at the start, and at one
						t.Errorf("%d runs before the pause", before)
					}
					clock.set(c.jump)
					time.Sleep(10 * time.Minute)
					if got := s.count("DescribeNatGateways") - before; got != c.want {
						t.Errorf("%d runs after it, want %d", got, c.want)
					}
					time.Sleep(time.Hour)
					if got := s.count("DescribeNatGateways") - before - c.want; got != c.later {
						t.Errorf("%d runs in the hour after that, want %d", got, c.later)
					}
				})
			})
		})
	}
}

func TestARunThatCouldNotReadIsMadeUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		s.config = func(c *reconcile.Config) {
			c.Calendar.Schedules = []calendar.Schedule{{Name: "drift", Cron: cron(t, "0 3 * * *"), Correct: true}}
		}
		denied := []ec2sim.Denied{{AccessKeyID: "*", Actions: []string{"DescribeNatGateways"}}}
		s.serve(4*time.Hour, func(*reconcile.Loop) {
			time.Sleep(3*time.Hour - time.Minute)
			s.sim.Edit(func(w *ec2sim.World) { w.NatGateways[0].Secondary, w.Denied = nil, denied })
			time.Sleep(5 * time.Minute)
			s.sim.Edit(func(w *ec2sim.World) { w.Denied = nil })
		})
		if got := s.calls(); len(got) != 1 || !strings.HasPrefix(got[0], "3h4m") {
			t.Errorf("calls %q", got)
		}
	})
}

func TestTargetsThatShareARunAreSpreadOverItAndACommitHurriesThem(t *testing.T) {
	const targets = 20
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		sims := map[string]*ec2sim.Server{}
		var files []string
		s.config = func(c *reconcile.Config) {
			c.Calendar.Schedules = []calendar.Schedule{{Name: "drift", Cron: cron(t, "0 * * * *")}}
			for i := range targets {
				name := fmt.Sprintf("t%d", i)
				w, err := ec2sim.ParseWorld("world.yaml", []byte(world("10.0.1.20")))
				if err != nil {
					t.Fatal(err)
				}
				sims[name] = ec2sim.New(w, ec2sim.Options{})
				c.Targets[name] = reconcile.Target{EC2: s.client(reconcile.Apply, sims[name])}
				files = append(files, strings.NewReplacer("egress", "e-"+name, "spec: {", "spec: {target: "+name+", ").Replace(gateway("10.0.1.20")))
			}
			s.specs.commit(files...)
		}
		s.serve(2*time.Hour+10*time.Minute, func(*reconcile.Loop) {
			time.Sleep(2*time.Hour + 3*time.Second) // in the middle of the second run
			s.specs.commit(files...)
		})
		var starts [3][]time.Duration // of each target in the first turn and in two runs
		for _, sim := range sims {
			for _, c := range sim.Calls() {
				if hour := int(c.Time.Sub(midnight).Hours()); c.Action == "DescribeNatGateways" {
					starts[hour] = append(starts[hour], c.Time.Sub(midnight.Add(time.Duration(hour)*time.Hour)))
				}
			}
		}
		if first := slices.Max(starts[0]); first > 0 {
			t.Errorf("the first turn was put off by %s", first)
		}
		slices.Sort(starts[1])
		seconds := map[time.Duration]bool{}
		for _, d := range starts[1] {
			seconds[d.Truncate(time.Second)] = true
		}
		if len(starts[1]) != targets || len(seconds) < targets/2 || starts[1][targets-1] >= 30*time.Second {
			t.Errorf("%d reads in %d different seconds: %v", len(starts[1]), len(seconds), starts[1])
		}
		if last := slices.Max(starts[2]); last > 15*time.Second { // the look at Git, not the spread
			t.Errorf("a commit waited for the spread of a run: %v", starts[2])
		}
	})
}

func TestGitThatFailsHoldsUpNoWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20", "10.0.1.22"))
		s.config = func(c *reconcile.Config) { c.Calendar = freeze(0, time.Hour) }
		s.serve(2*time.Hour, func(*reconcile.Loop) {
			time.Sleep(time.Minute)
			s.specs.fail(errors.New("no route to host"))
		})
		if got := s.calls(); len(got) != 1 || !strings.HasPrefix(got[0], "1h0m0s ") {
			t.Errorf("calls %q", got)
		}
	})
}
