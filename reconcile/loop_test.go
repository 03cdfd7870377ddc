package reconcile_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/calendar"
	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

func wantMutations(t *testing.T, s *stage, want ...string) {
	t.Helper()
	if got := s.mutations(); !slices.Equal(got, want) {
		t.Errorf("mutating calls:\n got  %q\n want %q", got, want)
	}
}

func TestASwapAssignsWaitsAndThenDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20", "10.0.1.21"), gateway("10.0.1.21", "10.0.1.22"))
		start := time.Now()
		if p := s.converge(); p.Summary != (plan.Summary{InSync: 1}) {
			t.Errorf("summary %+v", p.Summary)
		}
		wantMutations(t, s, "assign .22", "unassign .20")
		if got := s.secondaries(); got != ".21 .22" {
			t.Errorf("the gateway holds %s", got)
		}
		if took := time.Since(start); took < 103*time.Second || took > 2*time.Minute {
			t.Errorf("took %s; an assign of 3s and a drain of 100s were expected", took)
		}
		var kinds []string
		for _, k := range []history.Kind{history.KindCommit, history.KindIntent, history.KindOutcome, history.KindSettled, history.KindConverged} {
			kinds = append(kinds, fmt.Sprintf("%s %d", k, len(s.records(k))))
		}
		if got := strings.Join(kinds, ", "); got != "commit 1, intent 2, outcome 2, settled 2, converged 1" {
			t.Error(got)
		}
	})
}

func TestASwapOnAFullGatewayConverges(t *testing.T) {
	for _, mode := range []string{"converge", "serve"} {
		t.Run(mode, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				full := []string{"10.0.1.20", "10.0.1.21", "10.0.1.22", "10.0.1.23", "10.0.1.24", "10.0.1.25", "10.0.1.26"}
				s := newStage(t, world(full...), gateway(append(full[2:], "10.0.1.30", "10.0.1.31")...))
				if mode == "serve" {
					s.serve(10*time.Minute, nil)
				} else {
					s.converge()
				}
				wantMutations(t, s, "unassign .20 .21", "assign .30 .31")
			})
		})
	}
}

// A process that ends during a drain leaves the same world as one that does not.
func TestAProcessKilledAtAnyMomentLeadsToTheSameEnd(t *testing.T) {
	for _, after := range []time.Duration{time.Millisecond, time.Second, 3 * time.Second, 5 * time.Second, 60 * time.Second, 103 * time.Second} {
		t.Run(after.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, world("10.0.1.20"), gateway("10.0.1.22"))
				s.serve(after, nil)
				s.serve(5*time.Minute, nil)
				wantMutations(t, s, "assign .22", "unassign .20")
				if got := s.secondaries(); got != ".22" {
					t.Errorf("the gateway holds %s", got)
				}
			})
		})
	}
}

func TestALostAnswerIsObservedBeforeAnythingElseIsDone(t *testing.T) {
	tests := []struct {
		name string
		kind string
		want []string
	}{
		{"after the effect: the call is not repeated", "lost-response-after-effect", []string{"assign .22 lost", "unassign .20"}},
		{"before the effect: the call is made again, once it is known", "lost-response-before-effect", []string{"assign .22 lost", "assign .22", "unassign .20"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, world("10.0.1.20"), gateway("10.0.1.22"))
				if err := s.sim.Inject(ec2sim.Fault{Kind: tt.kind, Action: "AssignPrivateNatGatewayAddress"}); err != nil {
					t.Fatal(err)
				}
				s.converge()
				wantMutations(t, s, tt.want...)
			})
		})
	}
}

func TestLaggingAndFlappingReadsBringNoCallTwice(t *testing.T) {
	forever := 0
	for _, kind := range []string{"lagging-reads", "flapping-reads"} {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, world("10.0.1.20"), gateway("10.0.1.22"))
				if err := s.sim.Inject(ec2sim.Fault{Kind: kind, Times: &forever, Delay: ec2sim.Duration(8 * time.Second)}); err != nil {
					t.Fatal(err)
				}
				s.serve(10*time.Minute, nil)
				wantMutations(t, s, "assign .22", "unassign .20")
			})
		})
	}
}

func TestAPartialSuccessIsCompleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.22", "10.0.1.23"))
		if err := s.sim.Inject(ec2sim.Fault{Kind: "partial-success", Action: "AssignPrivateNatGatewayAddress", Addresses: 1}); err != nil {
			t.Fatal(err)
		}
		s.serve(4*time.Minute, nil)
		wantMutations(t, s, "assign .22 .23", "assign .23", "unassign .20")
		if got := s.secondaries(); got != ".22 .23" {
			t.Errorf("the gateway holds %s", got)
		}
	})
}

func TestExpiredCredentialsEndTheBatchAndTheLoopGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.22"))
		if err := s.sim.Inject(ec2sim.Fault{Kind: "expired-credentials", Action: "UnassignPrivateNatGatewayAddress"}); err != nil {
			t.Fatal(err)
		}
		s.serve(30*time.Minute, nil)
		wantMutations(t, s, "assign .22", "unassign .20 RequestExpired", "unassign .20")
	})
}

func TestThrottledAndBusyCallsAreMadeLater(t *testing.T) {
	for _, code := range []string{"RequestLimitExceeded", "OperationInProgress"} {
		t.Run(code, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20", "10.0.1.22"))
				if err := s.sim.Inject(ec2sim.Fault{Kind: "error", Action: "AssignPrivateNatGatewayAddress", Code: code}); err != nil {
					t.Fatal(err)
				}
				s.converge()
				wantMutations(t, s, "assign .22 "+code, "assign .22")
			})
		})
	}
}

func TestARefusedCallIsFinalForApplyAndBacksOffInServe(t *testing.T) {
	forever := 0
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20", "10.0.1.22"))
		if err := s.sim.Inject(ec2sim.Fault{Kind: "error", Action: "AssignPrivateNatGatewayAddress", Code: "SomethingNew", Times: &forever}); err != nil {
			t.Fatal(err)
		}
		if p := s.converge(); p.Summary.Blocked != 1 || !strings.Contains(p.Resources[0].Reason, "SomethingNew") || !strings.Contains(p.Resources[0].Reason, "; to be tried again after ") { // by whoever runs it again, or the daemon
			t.Errorf("plan %+v", p.Resources[0])
		}
		wantMutations(t, s, "assign .22 SomethingNew")
		s.serve(time.Hour, nil)
		// 30s, 1m, 2m, 4m, 8m, then every 15m, and each looked at again a little later.
		if n := len(s.mutations()); n < 6 || n > 11 {
			t.Errorf("%d calls in an hour", n)
		}
	})
}

func TestDryRunSendsNothingThatActs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.22")+"---\n"+`
apiVersion: sluice/v1
kind: NetworkInterface
metadata: {name: vip}
spec: {id: eni-0123456789abcdef0, secondary: {addresses: [10.0.1.202]}}
`)
		loop, end := s.open(reconcile.DryRun)
		defer end()
		turn, err := loop.Once(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		wantMutations(t, s, "assign .22 dry-run DryRunOperation", "unassign .20 dry-run DryRunOperation")
		var got []string
		for _, p := range turn.Probes {
			got = append(got, fmt.Sprintf("%s %s: authorised %s, feasible %s", p.Spec.Name, p.Action, p.Authorised, p.Feasible))
		}
		want := []string{
			"egress assign 10.0.1.22: authorised yes, feasible yes", "egress unassign 10.0.1.20: authorised yes, feasible yes",
			"vip assign 10.0.1.202: authorised not probed, feasible yes", "vip unassign 10.0.1.201: authorised not probed, feasible yes",
		}
		if !slices.Equal(got, want) {
			t.Errorf("probes\n got  %q\n want %q", got, want)
		}
		if _, err := loop.Once(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if n := len(s.mutations()); n != 2 {
			t.Errorf("the same plan was probed again: %d calls", n)
		}
	})
}

func TestANewCommitPreemptsBetweenCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const gateways = 30 // more than the bucket of 10 holds: the batch takes a while
		w := "apiVersion: sluice/v1\nkind: World\nsubnets: [{id: subnet-0123456789abcdef0, vpcId: vpc-0123456789abcdef0, cidr: 10.0.0.0/16}]\nnatGateways:\n"
		specs := func(last int) string {
			text := ""
			for i := range gateways {
				text += fmt.Sprintf("---\napiVersion: sluice/v1\nkind: NatGateway\nmetadata: {name: g%d}\nspec: {id: nat-%017d, secondary: {addresses: [10.0.%d.%d]}}\n", i, i, i, last)
			}
			return text
		}
		for i := range gateways {
			w += fmt.Sprintf("  - {id: nat-%017d, subnetId: subnet-0123456789abcdef0, primary: 10.0.%d.10}\n", i, i)
		}
		s := newStage(t, w, specs(20))
		s.serve(5*time.Minute, func(*reconcile.Loop) {
			time.Sleep(2 * time.Second)
			s.specs.commit(specs(21))
		})
		old := 0
		for _, m := range s.mutations() {
			if strings.HasPrefix(m, "assign") && strings.HasSuffix(m, ".20") {
				old++
			}
		}
		if old == 0 || old == gateways {
			t.Errorf("%d of %d calls were made for the old commit", old, gateways)
		}
		for _, g := range s.sim.World().NatGateways {
			if len(g.Secondary) != 1 || !strings.HasSuffix(g.Secondary[0], ".21") {
				// The budget holds removals of more than four addresses: those stay.
				if !slices.ContainsFunc(g.Secondary, func(ip string) bool { return strings.HasSuffix(ip, ".20") }) {
					t.Errorf("%s holds %v", g.ID, g.Secondary)
				}
			}
		}
	})
}

func TestDriftIsCorrectedOrOnlyDetected(t *testing.T) {
	for _, correct := range []bool{true, false} {
		t.Run(fmt.Sprintf("correct %v", correct), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
				s.config = func(c *reconcile.Config) { c.Calendar = everyQuarter(t, correct) }
				s.serve(time.Hour, func(*reconcile.Loop) {
					time.Sleep(time.Minute)
					s.sim.Edit(func(w *ec2sim.World) { w.NatGateways[0].Secondary = nil })
				})
				if correct {
					wantMutations(t, s, "assign .20")
				} else {
					wantMutations(t, s)
				}
				if n := len(s.records(history.KindDrift)); n != 1 {
					t.Errorf("%d drift records", n)
				}
			})
		})
	}
}

func TestDriftThatAlwaysComesBackIsContestedAndLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		s.config = func(c *reconcile.Config) { c.Calendar = everyQuarter(t, true) }
		rival := func(*reconcile.Loop) {
			for range 60 {
				time.Sleep(5 * time.Minute)
				s.sim.Edit(func(w *ec2sim.World) { w.NatGateways[0].Secondary = nil })
			}
		}
		s.serve(6*time.Hour, rival)
		if n := len(s.mutations()); n != 5 {
			t.Errorf("%d corrections: %q", n, s.mutations())
		}
		if n := len(s.records(history.KindContested)); n != 1 {
			t.Errorf("%d contested records", n)
		}
		s.specs.commit(gateway("10.0.1.20"))
		s.serve(2*time.Minute, nil)
		if n := len(s.mutations()); n != 6 {
			t.Errorf("a new commit must try again: %d corrections", n)
		}
	})
}

func TestALargeRemovalIsHeldWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20", "10.0.1.21", "10.0.1.22", "10.0.1.23", "10.0.1.24"), gateway())
		p := s.converge()
		if p.Summary.Held != 1 {
			t.Errorf("summary %+v", p.Summary)
		}
		s.serve(time.Hour, nil)
		wantMutations(t, s)
	})
}

// Two resources that lose three addresses each are more than the budget, also while one
// of them cannot be read: else they would go one after the other.
func TestARemovalThatCannotBeReadCountsAsItWasReadLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := strings.Replace(world("10.0.1.20", "10.0.1.21", "10.0.1.22"), "[10.0.1.201]", "[10.0.1.201, 10.0.1.202, 10.0.1.203]", 1)
		vip := func(list string) string {
			return "apiVersion: sluice/v1\nkind: NetworkInterface\nmetadata: {name: vip}\nspec: {id: eni-0123456789abcdef0, secondary: {addresses: [" + list + "]}}\n"
		}
		s := newStage(t, w, "")
		s.specs.commit(gateway("10.0.1.20", "10.0.1.21", "10.0.1.22"), vip("10.0.1.201, 10.0.1.202, 10.0.1.203"))
		s.serve(time.Hour, func(l *reconcile.Loop) {
			time.Sleep(time.Minute)
			unread := 60
			if err := s.sim.Inject(ec2sim.Fault{Kind: "error", Action: "DescribeNetworkInterfaces", Code: "InternalError", Times: &unread}); err != nil {
				t.Error(err)
			}
			s.specs.commit(gateway(), vip(""))
			time.Sleep(30 * time.Second)
			if sum := l.Status().Plan.Summary; sum.Error != 1 || sum.Held != 1 {
				t.Errorf("while one cannot be read: %+v", sum)
			}
		})
		wantMutations(t, s)
	})
}

func TestAFailingGitLeavesTheLastCommitInForce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.22"))
		s.serve(5*time.Minute, func(l *reconcile.Loop) {
			time.Sleep(time.Second)
			s.specs.fail(errors.New("unreachable"))
			time.Sleep(time.Minute)
			if l.Status().GitError == "" {
				t.Error("the status does not say that Git fails")
			}
		})
		wantMutations(t, s, "assign .22", "unassign .20")
	})
}

func TestAnEmptySnapshotIsAnErrorAndRemovesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), "# nothing here\n")
		loop, end := s.open(reconcile.Apply)
		defer end()
		if _, err := loop.Once(t.Context(), nil); err == nil {
			t.Error("no error")
		}
		if n := len(s.sim.Calls()); n != 0 {
			t.Errorf("%d calls", n)
		}
	})
}

func TestANoChangeTurnOverAThousandGatewaysMakesOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, fleet(1000), fleetSpecs(1000))
		if p := s.converge(); p.Summary != (plan.Summary{InSync: 1000}) {
			t.Errorf("summary %+v", p.Summary)
		}
		if n := len(s.sim.Calls()); n != 1 || s.count("DescribeNatGateways") != 1 {
			t.Errorf("%d calls, %d of them DescribeNatGateways", n, s.count("DescribeNatGateways"))
		}
	})
}

func TestNoRecordNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.22"))
		loop, end := s.open(reconcile.Apply)
		end() // the file is gone from under the loop
		if _, err := loop.Once(t.Context(), nil); err == nil {
			t.Error("no error though nothing can be recorded")
		}
		wantMutations(t, s)
	})
}

func TestOneUnreachableTargetDoesNotStopTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20", "10.0.1.22")+"---\n"+strings.NewReplacer("egress", "other", "spec: {", "spec: {target: other, ").Replace(gateway("10.0.1.20")))
		broken, err := ec2sim.ParseWorld("world.yaml", []byte(world("10.0.1.20")+"denied: [{accessKeyId: '*', actions: ['*']}]\n"))
		if err != nil {
			t.Fatal(err)
		}
		s.config = func(c *reconcile.Config) {
			c.Targets["other"] = reconcile.Target{EC2: s.client(reconcile.Apply, ec2sim.New(broken, ec2sim.Options{}))}
		}
		p := s.converge()
		if p.Summary != (plan.Summary{InSync: 1, Error: 1}) {
			t.Errorf("summary %+v: %+v", p.Summary, p.Resources)
		}
		wantMutations(t, s, "assign .22")
	})
}

func TestServeEndsBetweenCallsAndKeepsTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20", "10.0.1.22"))
		if err := s.sim.Inject(ec2sim.Fault{Kind: "slow", Action: "AssignPrivateNatGatewayAddress", Delay: ec2sim.Duration(5 * time.Second)}); err != nil {
			t.Fatal(err)
		}
		s.serve(2*time.Second, nil) // ends while EC2 takes its time
		out := s.records(history.KindOutcome)
		if len(out) != 1 || out[0].Outcome != history.OutcomeAccepted || out[0].RequestID == "" {
			t.Errorf("outcomes %+v", out)
		}
	})
}

func TestASavedPlanIsAppliedOnlyAsItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.22"))
		loop, end := s.open(reconcile.Observe)
		turn, err := loop.Once(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		end()
		saved := turn.Plan()
		s.sim.Edit(func(w *ec2sim.World) { w.NatGateways[0].Secondary = append(w.NatGateways[0].Secondary, "10.0.1.99") })
		loop, end = s.open(reconcile.Apply)
		var stale *reconcile.StaleError
		if _, err = loop.Converge(t.Context(), &saved); !errors.As(err, &stale) || !strings.Contains(err.Error(), "the inventory") {
			t.Errorf("error %v", err)
		}
		end()
		wantMutations(t, s)
		s.sim.Edit(func(w *ec2sim.World) { w.NatGateways[0].Secondary = w.NatGateways[0].Secondary[:1] })
		loop, end = s.open(reconcile.Apply)
		defer end()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, err = loop.Converge(ctx, &saved); err != nil {
			t.Fatal(err)
		}
		wantMutations(t, s, "assign .22", "unassign .20")
	})
}

// Drift is what no commit asked for: an unrelated commit does not ask for it either.
func TestAnUnrelatedCommitDoesNotTurnDriftIntoWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		s.config = func(c *reconcile.Config) { c.Calendar = everyQuarter(t, false) }
		s.serve(2*time.Hour, func(*reconcile.Loop) {
			time.Sleep(time.Minute)
			s.sim.Edit(func(w *ec2sim.World) { w.NatGateways[0].Secondary = append(w.NatGateways[0].Secondary, "10.0.1.77") })
			time.Sleep(20 * time.Minute)
			s.specs.commit(strings.Replace(gateway("10.0.1.20"), "name: egress", "name: renamed", 1))
			time.Sleep(20 * time.Minute)
		})
		wantMutations(t, s)
		s.specs.commit(gateway("10.0.1.20", "10.0.1.30")) // now a commit asks
		s.serve(10*time.Minute, nil)
		wantMutations(t, s, "assign .30", "unassign .77")
	})
}

func TestWeeklyDriftIsCorrectedEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		s.config = func(c *reconcile.Config) {
			c.Interval = time.Hour
			c.Calendar.Schedules = []calendar.Schedule{{Name: "drift", Cron: cron(t, "0 */6 * * *"), Correct: true}}
		}
		const weeks = 7
		s.serve((weeks+1)*7*24*time.Hour, func(*reconcile.Loop) {
			for range weeks {
				time.Sleep(7 * 24 * time.Hour)
				s.sim.Edit(func(w *ec2sim.World) { w.NatGateways[0].Secondary = nil })
			}
		})
		if n := len(s.mutations()); n < weeks-1 {
			t.Errorf("%d corrections in %d weeks", n, weeks)
		}
		if n := len(s.records(history.KindContested)); n != 0 {
			t.Errorf("%d contested records", n)
		}
	})
}

func TestAHoldThatEndsWithTimeGoesOnByItself(t *testing.T) {
	rule := "# METADATA\n# title: Nothing before one\npackage sluice.plan.quiet\n\nhold contains \"not yet\" if time.parse_rfc3339_ns(input.time) < time.parse_rfc3339_ns(\"2000-01-01T01:00:00Z\")\n"
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20", "10.0.1.22"))
		s.config = func(c *reconcile.Config) { c.Policies = []reconcile.Source{rules(rule)} }
		s.serve(50*time.Minute, nil)
		wantMutations(t, s)
		s.serve(time.Hour, nil)
		wantMutations(t, s, "assign .22")
		var said []string
		for _, r := range s.records(history.KindDecision) {
			said = append(said, r.Decision)
		}
		if !slices.Contains(said, "hold") || said[len(said)-1] != "allow" {
			t.Errorf("decisions %q", said)
		}
	})
}

func TestAFailingGitDoesNotEndConverging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.22"))
		go func() {
			time.Sleep(5 * time.Second)
			s.specs.fail(errors.New("unreachable"))
		}()
		if p := s.converge(); p.Summary.InSync != 1 {
			t.Errorf("summary %+v", p.Summary)
		}
		wantMutations(t, s, "assign .22", "unassign .20")
	})
}

func TestLongLagsBringNoCallTwiceOnceEC2Accepted(t *testing.T) {
	forever := 0
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.22"))
		if err := s.sim.Inject(ec2sim.Fault{Kind: "lagging-reads", Times: &forever, Delay: ec2sim.Duration(90 * time.Second)}); err != nil {
			t.Fatal(err)
		}
		s.serve(20*time.Minute, nil)
		wantMutations(t, s, "assign .22", "unassign .20")
	})
}

func TestAnUnansweredProbeIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20", "10.0.1.22"))
		if err := s.sim.Inject(ec2sim.Fault{Kind: "throttle", Action: "AssignPrivateNatGatewayAddress"}); err != nil {
			t.Fatal(err)
		}
		loop, end := s.open(reconcile.DryRun)
		defer end()
		for range 3 {
			if _, err := loop.Once(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		wantMutations(t, s, "assign .22 dry-run RequestLimitExceeded", "assign .22 dry-run DryRunOperation")
	})
}

// Somebody mends IAM, and no commit tells of it.
func TestARefusedProbeIsAskedAgainMoreAndMoreSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.22"))
		denied := func(actions ...string) {
			s.sim.Edit(func(w *ec2sim.World) {
				w.Denied = nil
				if len(actions) > 0 {
					w.Denied = []ec2sim.Denied{{AccessKeyID: "*", Actions: actions}}
				}
			})
		}
		var told atomic.Pointer[reconcile.Outcome]
		s.config = func(c *reconcile.Config) {
			c.Observers = append(c.Observers, func(o reconcile.Outcome) { told.Store(&o) })
		}
		denied("AssignPrivateNatGatewayAddress")
		loop, end := s.open(reconcile.DryRun)
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Hour)
		defer cancel()
		served := make(chan error, 1)
		go func() { served <- loop.Serve(ctx) }()
		probes := func() string {
			var list []string
			for _, p := range told.Load().Probes {
				list = append(list, p.Authorised)
			}
			return strings.Join(list, " ")
		}
		time.Sleep(time.Hour)
		wantCalls := func(verb string, least, most int) {
			t.Helper()
			n := 0
			for _, m := range s.mutations() {
				if strings.HasPrefix(m, verb) {
					n++
				}
			}
			if n < least || n > most {
				t.Errorf("%d calls of %s", n, verb)
			}
		}
		if got := probes(); got != "no yes" {
			t.Errorf("the probes say %s", got)
		}
		wantCalls("assign", 8, 11) // 0, 10, 20, 40 s… and each quarter of an hour
		wantCalls("unassign", 1, 1)
		denied()
		time.Sleep(20 * time.Minute)
		if got := probes(); got != "yes yes" {
			t.Errorf("IAM is mended, and the probes say %s", got)
		}
		asked := len(s.mutations())
		time.Sleep(2 * time.Hour)
		if n := len(s.mutations()); n != asked {
			t.Errorf("%d more calls after all was answered with yes", n-asked)
		}
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
		end()
		var recorded []string
		for _, r := range s.records(history.KindProbe) {
			recorded = append(recorded, r.Verb+" "+r.Outcome)
		}
		if got := strings.Join(recorded, ", "); got != "assign no, unassign yes, assign yes" {
			t.Errorf("recorded %s", got)
		}
	})
}

func TestASavedPlanThatWasDoneIsStaleAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.22"))
		loop, end := s.open(reconcile.Apply)
		defer end()
		look, err := reconcile.New(s.lookOnly())
		if err != nil {
			t.Fatal(err)
		}
		turn, err := look.Once(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		saved := turn.Plan()
		if _, err := loop.Converge(t.Context(), &saved); err != nil {
			t.Fatal(err)
		}
		s.sim.Edit(func(w *ec2sim.World) { w.NatGateways[0].Secondary = append(w.NatGateways[0].Secondary, "10.0.1.20") })
		var stale *reconcile.StaleError
		if _, err := loop.Converge(t.Context(), &saved); !errors.As(err, &stale) {
			t.Errorf("error %v", err)
		}
		wantMutations(t, s, "assign .22", "unassign .20")
	})
}

// The approval names the plan as it was held; the change then takes several turns,
// whose plans have other hashes.
func TestAnApprovedPlanIsSeenThroughToItsEnd(t *testing.T) {
	rule := "# METADATA\n# title: Removals wait\npackage sluice.action.wait\n\nhold contains \"wait\" if input.action.verb == \"unassign\"\n"
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.22"))
		policies := rules(rule)
		s.config = func(c *reconcile.Config) { c.Policies = []reconcile.Source{policies} }
		hash := s.converge().PlanHash
		wantMutations(t, s)
		policies.add("approvals/a.yaml", fmt.Sprintf("apiVersion: sluice/v1\nkind: Approval\nmetadata: {name: a}\nspec: {planHash: %q, approver: lead@example.com, reason: r, expires: 2030-01-01T00:00:00Z}\n", hash))
		if p := s.converge(); p.Summary.InSync != 1 {
			t.Errorf("summary %+v", p.Summary)
		}
		wantMutations(t, s, "assign .22", "unassign .20")
		// The same difference later is a new plan, and held again.
		s.sim.Edit(func(w *ec2sim.World) { w.NatGateways[0].Secondary = append(w.NatGateways[0].Secondary, "10.0.1.20") })
		if p := s.converge(); p.Summary.Held != 1 {
			t.Errorf("summary %+v", p.Summary)
		}
	})
}

// Whoever waits for an address that policy does not let its holder give up must
// not make `apply --wait` wait for ever.
func TestWaitingForWhatIsHeldEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := strings.Replace(world("10.0.1.20"), "networkInterfaces:", "  - {id: nat-0123456789abcdef1, subnetId: subnet-0123456789abcdef0, primary: 10.0.1.11}\nnetworkInterfaces:", 1)
		taker := strings.NewReplacer("egress", "taker", gatewayID, "nat-0123456789abcdef1").Replace(gateway("10.0.1.20"))
		s := newStage(t, w, gateway()+"---\n"+taker)
		s.config = func(c *reconcile.Config) { c.Budget = judge.Budget{} }
		p := s.converge()
		if p.Summary.Held != 1 || p.Summary.Converging != 1 {
			t.Errorf("summary %+v", p.Summary)
		}
		wantMutations(t, s)
	})
}

// A failover address moves in one call: it is never released first, however the
// reads lag and whatever else the taker waits for.
func TestAMovedAddressIsNeverReleasedFirst(t *testing.T) {
	forever := 0
	synctest.Test(t, func(t *testing.T) {
		w := strings.Replace(world(), "networkInterfaces:\n", "networkInterfaces:\n  - {id: eni-0123456789abcdef1, subnetId: subnet-0123456789abcdef0, primary: 10.0.1.210}\n", 1)
		vip := func(name, id, addresses string) string {
			return fmt.Sprintf("apiVersion: sluice/v1\nkind: NetworkInterface\nmetadata: {name: %s}\nspec: {id: %s, allowReassignment: true, secondary: {addresses: [%s]}}\n", name, id, addresses)
		}
		s := newStage(t, w, vip("a", "eni-0123456789abcdef0", "10.0.1.201")+"---\n"+vip("b", "eni-0123456789abcdef1", ""))
		if err := s.sim.Inject(ec2sim.Fault{Kind: "lagging-reads", Times: &forever, Delay: ec2sim.Duration(8 * time.Second)}); err != nil {
			t.Fatal(err)
		}
		s.serve(10*time.Minute, func(*reconcile.Loop) {
			time.Sleep(time.Minute)
			s.specs.commit(vip("a", "eni-0123456789abcdef0", "") + "---\n" + vip("b", "eni-0123456789abcdef1", "10.0.1.201, 10.0.1.202"))
		})
		for _, m := range s.mutations() {
			if strings.HasPrefix(m, "unassign") {
				t.Errorf("the address was released: %q", s.mutations())
			}
		}
		if got := s.sim.World().NetworkInterfaces[0].Secondary; len(got) != 2 {
			t.Errorf("the taker holds %v, calls %q", got, s.mutations())
		}
	})
}

// What a decision rested on is kept, so that other rules can be tried on it.
func TestARecordedDecisionCanBeJudgedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20", "10.0.1.21"), gateway("10.0.1.21", "10.0.1.22"))
		s.converge()
		decisions := s.records(history.KindDecision)
		if len(decisions) != 2 {
			t.Fatalf("%d decisions, want one to assign and one to unassign", len(decisions))
		}
		for _, r := range decisions {
			var b reconcile.Basis
			if err := json.Unmarshal(r.Basis, &b); err != nil {
				t.Fatal(err)
			}
			p := plan.Make(plan.Input{Commit: b.Plan.Commit, PolicyDigest: b.Plan.PolicyDigest, Mode: b.Plan.Mode, Documents: spec.Parse([]spec.File{{Path: "specs.yaml", Data: []byte(gateway("10.0.1.21", "10.0.1.22"))}}).Documents, Inventories: b.Inventories})
			if len(p.Resources) != 1 || fmt.Sprint(p.Resources[0].Waves) != fmt.Sprint(b.Plan.Resources[0].Waves) {
				t.Errorf("from what was kept follows\n%+v, not\n%+v", p.Resources, b.Plan.Resources)
			}
		}
	})
}
