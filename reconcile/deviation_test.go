package reconcile_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// somebody makes a call that is not sluice's, over the wire.
func (s *stage) somebody(user, action, id string, ips ...string) {
	s.t.Helper()
	form := url.Values{"Action": {action}, "Version": {"2016-11-15"}}
	form.Set(map[bool]string{true: "NatGatewayId", false: "NetworkInterfaceId"}[strings.HasPrefix(id, "nat-")], id)
	for i, ip := range ips {
		form.Set(fmt.Sprintf("PrivateIpAddress.%d", i+1), ip)
	}
	if action == "UnassignPrivateNatGatewayAddress" {
		form.Set("MaxDrainDurationSeconds", "20")
	}
	req, err := http.NewRequest(http.MethodPost, "http://sim/", strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Error(err)
		return
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+user+"/20261122/us-east-1/ec2/aws4_request")
	resp, err := s.sim.Transport().RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusOK {
		s.t.Errorf("%s by %s: %v %v", action, user, resp, err)
	}
}

// driftOf is the drift that the status shows of the gateway.
func driftOf(l *reconcile.Loop) *plan.Drift {
	for _, r := range l.Status().Plan.Resources {
		if r.ID == gatewayID {
			return r.Drift
		}
	}
	return nil
}

func changes(d *plan.Drift) string {
	if d == nil {
		return "none"
	}
	var list []string
	for _, s := range d.Addresses {
		list = append(list, fmt.Sprintf("%s %s", strings.TrimPrefix(s.Address, "10.0.1"), s.Change))
	}
	return strings.Join(list, ", ")
}

func TestDriftIsToldAddressByAddress(t *testing.T) {
	for name, c := range map[string]struct {
		spec string
		edit func(*ec2sim.World)
		want string
	}{
		"what somebody took away": {gateway("10.0.1.20", "10.0.1.21"), func(w *ec2sim.World) { w.NatGateways[0].Secondary = []string{"10.0.1.20"} }, ".21 removed"},
		"what somebody added": {gateway("10.0.1.20", "10.0.1.21"), func(w *ec2sim.World) {
			w.NatGateways[0].Secondary = append(w.NatGateways[0].Secondary, "10.0.1.99")
		}, ".99 added"},
		"what is on its way out": {gateway("10.0.1.20", "10.0.1.21"), func(w *ec2sim.World) {
			w.NatGateways[0].Transitions = []ec2sim.Transition{{IP: "10.0.1.21", Status: "unassigning", Remaining: ec2sim.Duration(time.Hour)}}
		}, ".21 changing"},
		"which one a count misses": {strings.Replace(gateway("x"), "addresses: [x]", "count: 2", 1), func(w *ec2sim.World) {
			w.NatGateways[0].Secondary = []string{"10.0.1.21"}
		}, ".20 removed"},
		"nothing of what EC2 failed to assign": {gateway("10.0.1.20", "10.0.1.21"), func(w *ec2sim.World) {
			w.NatGateways[0].Secondary = append(w.NatGateways[0].Secondary, "10.0.1.99")
			w.NatGateways[0].Transitions = []ec2sim.Transition{{IP: "10.0.1.99", Status: "failed"}}
		}, "none"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, world("10.0.1.20", "10.0.1.21"), c.spec)
				s.config = func(c *reconcile.Config) { c.Calendar = everyQuarter(t, false) }
				s.serve(40*time.Minute, func(l *reconcile.Loop) {
					time.Sleep(time.Minute)
					s.sim.Edit(c.edit)
					time.Sleep(30 * time.Minute)
					if got := changes(driftOf(l)); got != c.want {
						t.Errorf("drift %q, want %q", got, c.want)
					}
				})
			})
		})
	}
}

func TestDriftSaysBetweenWhichTwoLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now().UTC()
		around := func(at time.Time, d time.Duration) bool { // runs are spread over a minute
			return !at.Before(start.Add(d)) && at.Before(start.Add(d+time.Minute))
		}
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		s.config = func(c *reconcile.Config) { c.Calendar = everyQuarter(t, false) }
		s.serve(50*time.Minute, func(l *reconcile.Loop) {
			time.Sleep(20 * time.Minute)
			s.sim.Edit(func(w *ec2sim.World) { w.NatGateways[0].Secondary = nil })
			time.Sleep(25 * time.Minute)
			d := driftOf(l)
			if d == nil {
				t.Fatal("no drift")
			}
			if got := d.Addresses[0]; !around(got.RightAt, 15*time.Minute) || !around(got.Since, 30*time.Minute) {
				t.Errorf("between %s and %s, begun %s", got.RightAt, got.Since, start)
			}
		})
		drifts := s.records(history.KindDrift)
		if len(drifts) != 1 || len(drifts[0].Drift) != 1 || drifts[0].Drift[0].Change != "removed" || drifts[0].Addresses[0].String() != "10.0.1.20" {
			t.Errorf("records %+v", drifts)
		}
		// Another process goes on with what the record says, and adds nothing to it.
		s.serve(10*time.Minute, func(l *reconcile.Loop) {
			time.Sleep(time.Minute)
			if d := driftOf(l); d == nil || !d.Addresses[0].Since.Equal(drifts[0].Drift[0].Since) {
				t.Errorf("after a restart: %+v", d)
			}
		})
		if n := len(s.records(history.KindDrift)); n != 1 {
			t.Errorf("%d drift records", n)
		}
		s.sim.Edit(func(w *ec2sim.World) { w.NatGateways[0].Secondary = []string{"10.0.1.20"} })
		s.serve(time.Minute, nil)
		if n := len(s.records(history.KindRestored)); n != 1 {
			t.Errorf("%d records of its end", n)
		}
	})
}

func TestWhatACommitAskedForIsNoDrift(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		s.serve(10*time.Minute, func(l *reconcile.Loop) {
			time.Sleep(time.Minute)
			s.specs.commit(gateway("10.0.1.22"))
			for range 120 {
				time.Sleep(time.Second)
				if d := driftOf(l); d != nil {
					t.Fatalf("drift %+v", d)
				}
			}
		})
		if n := len(s.records(history.KindDrift)); n != 0 {
			t.Errorf("%d drift records", n)
		}
	})
}

func TestAnAdoptedDriftIsLeftAloneWithTheCommandThatKeepsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		s.config = func(c *reconcile.Config) {
			c.Calendar = everyQuarter(t, false)
			c.Calendar.Schedules[0].Adopt = true
			c.AdoptCommand = func(target, id string) string { return "adopt " + target + " " + id }
		}
		s.serve(time.Hour, func(l *reconcile.Loop) {
			time.Sleep(time.Minute)
			s.sim.Edit(func(w *ec2sim.World) { w.NatGateways[0].Secondary = nil })
			time.Sleep(30 * time.Minute)
			r := l.Status().Plan.Resources[0]
			if r.State != plan.Blocked || r.Drift == nil || !r.Drift.Waits || r.Drift.Adopt != "adopt default "+gatewayID || !strings.Contains(r.Reason, "schedule drift adopts") {
				t.Errorf("%+v %+v", r, r.Drift)
			}
		})
		wantMutations(t, s)
		if list := s.records(history.KindDrift); len(list) != 1 || !strings.HasSuffix(list[0].Message, "to keep it: adopt default "+gatewayID) {
			t.Errorf("records %+v", list)
		}
	})
}

func TestAContestedDriftTellsEveryRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		s.config = func(c *reconcile.Config) { c.Calendar = everyQuarter(t, true) }
		s.serve(6*time.Hour, func(l *reconcile.Loop) {
			for range 60 {
				time.Sleep(5 * time.Minute)
				s.sim.Edit(func(w *ec2sim.World) { w.NatGateways[0].Secondary = nil })
			}
			time.Sleep(30 * time.Minute)
			d := driftOf(l)
			if d == nil || !d.Contested || len(d.Rounds) != 5 {
				t.Fatalf("drift %+v", d)
			}
			for i, r := range d.Rounds {
				if r.Action != "assign 10.0.1.20" || !r.Undone.After(r.Corrected) || i > 0 && !r.Corrected.After(d.Rounds[i-1].Corrected) {
					t.Errorf("round %d: %+v", i, r)
				}
			}
		})
		contested := s.records(history.KindContested)
		if len(contested) != 1 || len(contested[0].Rounds) != 5 {
			t.Errorf("%+v", contested)
		}
	})
}

func TestADriftOfOnesOwnRecordNamesItsCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20"), gateway("10.0.1.20"))
		s.converge()
		// Another command of the same record takes it away, and ends before anybody looks.
		s.specs.commit(gateway())
		loop, end := s.open(reconcile.Apply)
		if _, err := loop.Once(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		end()
		time.Sleep(10 * time.Minute)
		s.specs.commit(gateway("10.0.1.20"))
		s.config = func(c *reconcile.Config) { c.Calendar = everyQuarter(t, false) }
		s.serve(time.Minute, func(l *reconcile.Loop) {
			time.Sleep(30 * time.Second)
			d := driftOf(l)
			if d == nil || d.Addresses[0].Who == nil || !d.Addresses[0].Who.Sluice || !strings.HasSuffix(d.Addresses[0].Who.Commit, "2") || d.Addresses[0].Who.RequestID == "" {
				t.Errorf("%+v", d)
			}
		})
	})
}
