package metrics

import (
	"context"
	"errors"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/apply"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

var now = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)

var drained = netip.MustParseAddr("10.0.1.20")

// status is a fleet with something of everything.
func status() reconcile.Status {
	s := reconcile.Status{Turns: 3, LastTurn: now, LastLook: now, GitError: "x", ExportError: "y", BudgetLeft: map[string]int{"prod": 3}}
	s.Leases = []reconcile.Lease{{Target: "prod", Here: true, Lost: 2}, {Target: "test", Holder: "another"}}
	held := []plan.Verdict{{Rule: "plan.change_window", Decision: "hold"}, {Rule: "plan.change_window", Decision: "hold", Msg: "again"}}
	s.Plan.Resources = []plan.Resource{
		{Target: "prod", State: plan.InSync}, {Target: "prod", State: plan.Held, Verdicts: held}, {Target: "made-up", State: plan.Error},
		{Target: "test", State: plan.Held, Reason: "guard.freeze: year-end; goes on by itself"},
	}
	s.Plan.Resources[0].Drift = &plan.Drift{Addresses: []plan.Stray{{Address: "a", Change: plan.Added}, {Address: "b", Change: plan.Added}}}
	s.Inventories = []inventory.Inventory{{Target: "prod", NatGateways: []inventory.NatGateway{{ID: "nat-1", Addresses: []inventory.Address{
		{IP: drained, Status: inventory.StatusUnassigning}, {IP: drained.Next(), Status: inventory.StatusUnassigning}, {IP: drained.Prev()}}}}}}
	return s
}

// full are metrics in which everything was counted once.
func full() *Metrics {
	m := New([]string{"prod", "test"})
	m.Read(Source{Status: status, Now: func() time.Time { return now }, DrainUntil: func(target, id string, addr netip.Addr) (time.Time, bool) {
		if target == "prod" && id == "nat-1" && addr == drained {
			return now.Add(90 * time.Second), true
		}
		return time.Time{}, false
	}})
	m.Call("prod", "DescribeNatGateways", "", time.Second)
	m.Webhook("github", "refused")
	m.Event("hint")
	m.Notified("slack", nil)
	m.Notified("slack", errors.New("x"))
	m.Told(nil)
	_, end := m.Around(context.Background(), reconcile.Part{Name: reconcile.PartTurn})
	end(errors.New("x"))
	m.Observe(outcome("c1", plan.InSync))
	return m
}

// outcome is a commit's with one resource, judged, a minute after it was seen.
func outcome(commit string, state plan.State) reconcile.Outcome {
	o := reconcile.Outcome{At: now, Seen: now.Add(-time.Minute), First: true, Target: "prod", Mode: reconcile.Apply, Commit: gitsource.Commit{ID: commit}}
	o.Resources = []plan.Resource{{Target: "prod", State: state, Spec: plan.SpecRef{Name: "a"}, Verdicts: []plan.Verdict{{Rule: "spec.labels", Decision: "warn"}}}}
	o.Summary = plan.Summarize(o.Resources)
	return o
}

func page(t *testing.T, m *Metrics) string {
	t.Helper()
	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	return rec.Body.String()
}

func wants(t *testing.T, page string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains(page, line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
}

func TestHowThingsStandIsReadFromTheStatus(t *testing.T) {
	wants(t, page(t, full()),
		`sluice_resources{state="in-sync",target="prod"} 1`, `sluice_resources{state="held",target="prod"} 1`,
		`sluice_resources{state="error",target=""} 1`, `sluice_resources{state="in-sync",target="test"} 0`, `sluice_resources{state="waiting",target="test"} 1`, `sluice_resources{state="held",target="test"} 0`,
		`sluice_drifted_addresses{change="added",target="prod"} 2`, `sluice_drifted_addresses{change="removed",target="prod"} 0`,
		`sluice_draining_addresses{target="prod"} 2`, `sluice_drain_left_seconds{target="prod"} 90`, `sluice_drain_left_seconds{target="test"} 0`,
		`sluice_removal_budget_left{target="prod"} 3`, `sluice_policy_verdicts{decision="hold",rule="plan.change_window"} 1`,
		`sluice_turns_total 3`, `sluice_commit_held 0`, `sluice_failing{what="git"} 1`, `sluice_failing{what="turn"} 0`, `sluice_failing{what="export"} 1`,
		`sluice_last_git_read_timestamp_seconds 1.7953272e+09`)
	if strings.Contains(page(t, full()), "made-up") {
		t.Error("a spec can make up a label")
	}
}

func TestWhatHappensIsCounted(t *testing.T) {
	wants(t, page(t, full()),
		`sluice_ec2_calls_total{code="",operation="DescribeNatGateways",target="prod"} 1`,
		`sluice_webhook_requests_total{outcome="refused",provider="github"} 1`, `sluice_event_messages_total{outcome="hint"} 1`,
		`sluice_notifications_total{destination="slack",outcome="sent"} 1`, `sluice_notifications_total{destination="slack",outcome="failed"} 1`,
		`sluice_commit_statuses_total{outcome="sent"} 1`,
		`sluice_cycle_duration_seconds_count{outcome="failed"} 1`, `sluice_cycle_duration_seconds_count{outcome="ok"} 0`,
		`sluice_commit_applied_seconds_sum{target="prod"} 60`, `sluice_commit_applied_seconds_count{target="test"} 0`,
		`sluice_policy_decisions_total{decision="warn",rule="spec.labels"} 1`,
		`sluice_last_success_timestamp_seconds{target="prod"} 1.7953272e+09`, `sluice_last_success_timestamp_seconds{target="test"} 0`)
}

func TestACommitCountsAsAppliedOnce(t *testing.T) {
	for name, tt := range map[string]struct {
		outcomes []reconcile.Outcome
		want     int
	}{
		"once, however often it is looked at":       {[]reconcile.Outcome{outcome("a", plan.Pending), outcome("a", plan.InSync), outcome("a", plan.Pending), outcome("a", plan.InSync)}, 1},
		"not while something is to do":              {[]reconcile.Outcome{outcome("a", plan.Pending), outcome("a", plan.Converging)}, 0},
		"each commit":                               {[]reconcile.Outcome{outcome("a", plan.InSync), outcome("b", plan.InSync)}, 2},
		"not one that an earlier process saw first": {[]reconcile.Outcome{change(outcome("a", plan.InSync), func(o *reconcile.Outcome) { o.First = false })}, 0},
		"not in a dry-run":                          {[]reconcile.Outcome{change(outcome("a", plan.InSync), func(o *reconcile.Outcome) { o.Mode = reconcile.DryRun })}, 0},
		"not a held one":                            {[]reconcile.Outcome{change(outcome("a", plan.InSync), func(o *reconcile.Outcome) { o.Hold = "unsigned" })}, 0},
		"not where no spec is for the target":       {[]reconcile.Outcome{change(outcome("a", plan.InSync), func(o *reconcile.Outcome) { o.Resources, o.Summary = nil, plan.Summary{} })}, 0},
	} {
		m := New([]string{"prod"})
		for _, o := range tt.outcomes {
			m.Observe(o)
		}
		wants(t, page(t, m), `sluice_commit_applied_seconds_count{target="prod"} `+strconv.Itoa(tt.want))
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

func change(o reconcile.Outcome, f func(*reconcile.Outcome)) reconcile.Outcome {
	f(&o)
	return o
}

func TestATurnInWhichSomethingFailedIsNoSuccess(t *testing.T) {
	for name, f := range map[string]func(*reconcile.Outcome){
		"Git says nothing that can be planned": func(o *reconcile.Outcome) { o.Failure = "x" },
		"the record cannot be written":         func(o *reconcile.Outcome) { o.Trouble = "x" },
		"a part was not read":                  func(o *reconcile.Outcome) { o.Unread = true },
		"EC2 refused a call": func(o *reconcile.Outcome) {
			o.Steps = []apply.Step{{Outcome: apply.Outcome(inventory.ClassUnauthorized)}}
		},
	} {
		m := New([]string{"prod"})
		m.Observe(change(outcome("a", plan.Pending), f))
		wants(t, page(t, m), `sluice_last_success_timestamp_seconds{target="prod"} 0`)
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestADecisionIsCountedWhenItIsNew(t *testing.T) {
	m := New([]string{"prod"})
	for _, o := range []reconcile.Outcome{outcome("a", plan.Pending), outcome("a", plan.Converging), outcome("b", plan.Pending), outcome("b", plan.Pending)} {
		m.Observe(o)
	}
	wants(t, page(t, m), `sluice_policy_decisions_total{decision="warn",rule="spec.labels"} 2`)
}

func TestAnEndpointThatMakesUpCodesFillsNoMemory(t *testing.T) {
	m := New([]string{"prod"})
	for i := range 10 * mostCodes {
		m.Call("prod", "DescribeNatGateways", "E"+strconv.Itoa(i), time.Second)
	}
	m.Call("prod", "DescribeNatGateways", "not a code\n", time.Second)
	if n := testutil.CollectAndCount(m.calls); n != mostCodes+1 {
		t.Errorf("%d series", n)
	}
}
