package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/calendar"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/ruling"
	"github.com/seed-6ca89210/sluice/reconcile/schedule"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
	"github.com/seed-6ca89210/sluice/reconcile/web"
	"github.com/seed-6ca89210/sluice/reconcile/web/access"
	"github.com/seed-6ca89210/sluice/reconcile/web/feed"
	"github.com/seed-6ca89210/sluice/reconcile/web/live"
	"github.com/seed-6ca89210/sluice/reconcile/web/metrics"
)

// hostile is text that would act in a page that trusts it; each sets window.hacked.
var hostile = []string{
	`<script>window.hacked=1</script>`,
	`"><img src=x onerror="window.hacked=1">`,
	`javascript:window.hacked=1`,
	`</title></style></textarea><svg onload=window.hacked=1>`,
	`' onmouseover='window.hacked=1' autofocus onfocus='window.hacked=1`,
	`{{.}} ${window.hacked=1} <!-- --> ]]>`,
}

func evil(i int) string { return hostile[i%len(hostile)] }

// bigFleet is a status of n resources in every state; every text in it that people
// write is hostile where evil is true.
func bigFleet(n int, bad bool, now time.Time) reconcile.Status {
	text := func(i int, good string) string {
		if bad {
			return good + evil(i)
		}
		return good
	}
	inv := inventory.Inventory{Target: "prod-use1"}
	s := reconcile.Status{
		Mode: reconcile.Apply, Turns: 1, LastTurn: now.Add(-3 * time.Second), LastLook: now.Add(-20 * time.Second), LastPoll: now.Add(-20 * time.Second), LastBeat: now, Interval: time.Minute,
		Commit: gitsource.Commit{ID: "3f9c1b7e5d2a40886e1f00c4d7b2a95c6e8f1d30", Author: gitsource.Person{Name: text(1, "Ada Lind"), Email: "ada@example.com"},
			Time: now.Add(-9 * time.Minute), Message: text(0, "egress-a: 10.0.1.22 in, 10.0.1.20 out") + "\n\nbody"},
		Rules: []policy.Rule{
			{ID: "action.cap_drain", Scope: policy.ScopeAction, Title: "Drains are capped", Level: policy.Soft, Shipped: true, Params: map[string]any{"maxDrainSeconds": 600.0}},
			{ID: "spec.keep_two", Scope: policy.ScopeSpec, Title: text(2, "Production gateways keep two addresses"), Description: text(3, "One may drain while the other serves."), Level: policy.Mandatory, File: "rules/keep_two.rego", Line: 4},
		},
		Rulings: ruling.Set{
			Waivers: []ruling.Waiver{{Name: text(1, "legacy-range"), Rule: "spec.keep_two", Owner: text(4, "network@example.com"), Reason: text(0, "its range is older"), Expires: now.Add(80 * time.Hour),
				Selector: ruling.Selector{Labels: map[string]string{"env": text(1, "prod")}}, File: text(1, "rulings.yaml"), Line: 2}},
			Approvals: []ruling.Approval{{Name: text(3, "swap-egress-a"), PlanHash: "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", Approver: "lead@example.com", Reason: text(5, "seen by the network team"), Expires: now.Add(48 * time.Hour), File: "rulings.yaml", Line: 9}},
		},
	}
	if bad {
		s.GitError, s.TurnError = evil(0), evil(1)
	}
	s.Plan = plan.Plan{Commit: s.Commit.ID, PolicyDigest: "sha256:903e78a02b1f903e78a02b1f", PlanHash: "sha256:5c66d0e2a917aa", InventoryHash: "sha256:11"}
	states := []plan.State{plan.Converging, plan.Pending, plan.Held, plan.Denied, plan.Blocked, plan.Error}
	for i := range n {
		r := plan.Resource{Target: "prod-use1", Kind: inventory.KindNatGateway, ID: fmt.Sprintf("nat-%017x", i), State: plan.InSync,
			Spec: plan.SpecRef{Name: text(i, fmt.Sprintf("egress-%03d", i)), File: text(i+1, "gateways/"+fmt.Sprintf("%03d.yaml", i)), Line: 1}}
		at := func(last int) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), byte(last)}) }
		g := inventory.NatGateway{ID: r.ID, VpcID: "vpc-0123456789abcdef0", SubnetID: "subnet-0a1b2c3d4e5f60001", Addresses: []inventory.Address{{IP: at(10), Primary: true, Status: inventory.StatusSucceeded}}}
		for k := range i % 5 {
			g.Addresses = append(g.Addresses, inventory.Address{IP: at(20 + k), Status: inventory.StatusSucceeded})
		}
		if i < 2*len(states) {
			r.State = states[i%len(states)]
			bigFleetTrouble(&s, &r, &g, i, at, text, now)
		}
		inv.NatGateways = append(inv.NatGateways, g)
		s.Plan.Resources = append(s.Plan.Resources, r)
		s.Documents = append(s.Documents, spec.Document{Name: r.Spec.Name, File: r.Spec.File, Line: r.Spec.Line, MinServing: 2, Labels: map[string]string{"env": text(i, "prod"), "owner": "network"}})
	}
	s.Plan.Seal()
	s.Inventories = []inventory.Inventory{inv}
	return s
}

func bigFleetTrouble(s *reconcile.Status, r *plan.Resource, g *inventory.NatGateway, i int, at func(int) netip.Addr, text func(int, string) string, now time.Time) {
	act := func(verb inventory.Verb, last int) plan.Action {
		return plan.Action{Verb: verb, Addresses: []netip.Addr{at(last)}}
	}
	drain := act(inventory.VerbUnassign, 20)
	drain.MaxDrainSeconds = 350
	switch r.State {
	case plan.Converging:
		g.Addresses = append(g.Addresses, inventory.Address{IP: at(30), Status: inventory.StatusUnassigning}, inventory.Address{IP: at(31), Status: inventory.StatusUnassigning}, inventory.Address{IP: at(32), Status: inventory.StatusAssigning})
		r.Reason = at(30).String() + " is unassigning, " + at(31).String() + " is unassigning, " + at(32).String() + " is assigning"
		s.Transitions = append(s.Transitions,
			reconcile.Transition{Target: r.Target, ID: r.ID, Address: at(30), Status: inventory.StatusUnassigning, Since: now.Add(-time.Minute), Until: now.Add(222 * time.Second)},
			reconcile.Transition{Target: r.Target, ID: r.ID, Address: at(31), Status: inventory.StatusUnassigning, Since: now.Add(-time.Minute)},
			reconcile.Transition{Target: r.Target, ID: r.ID, Address: at(32), Status: inventory.StatusAssigning, Since: now.Add(-2 * time.Second)})
	case plan.Pending:
		r.Waves = [][]plan.Action{{act(inventory.VerbAssign, 40)}, {drain}}
		r.Verdicts = []plan.Verdict{{Rule: "action.cap_drain", Decision: policy.Cap, Msg: text(i, "drains are capped at 10 minutes")}}
	case plan.Held:
		r.Reason, r.Waves = text(i, "14 addresses would go from prod-use1, the budget is 4; approve the plan"), [][]plan.Action{{drain}}
		r.Verdicts = []plan.Verdict{{Rule: "plan.change_budget", Decision: policy.Hold, Msg: text(i, "14 removals, 4 without an approval")}}
	case plan.Denied:
		r.Reason, r.Waves = text(i, "spec.keep_two: one of two"), [][]plan.Action{{drain}}
		r.Verdicts = []plan.Verdict{{Rule: "spec.keep_two", Decision: policy.Deny, Msg: text(i, "egress keeps 1 of two")}, {Rule: "spec.owner", Decision: policy.Warn, Msg: "no owner"}}
	case plan.Blocked:
		r.Reason = text(i, "10.0.1.44 is held by eni-0a1b2c3d4e5f60001, which no spec names")
	case plan.Error:
		r.Reason = text(i, "no NAT gateway of this id in prod-use1 (us-east-1)")
	}
}

// bigHistory writes a record of a day's work.
func bigHistory(t *testing.T, bad bool, now time.Time) *history.File {
	t.Helper()
	text := func(i int, good string) string {
		if bad {
			return good + evil(i)
		}
		return good
	}
	store, err := history.Open(filepath.Join(t.TempDir(), "h.db"), history.Holder{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	add := func(ago time.Duration, r history.Record) {
		r.Time = now.Add(-ago)
		if _, err := store.Append(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	const commit, hash = "3f9c1b7e5d2a40886e1f00c4d7b2a95c6e8f1d30", "sha256:5c66d0e2a917aa0011223344"
	ip := []netip.Addr{netip.MustParseAddr("10.0.0.30")}
	on := history.Record{Commit: commit, PlanHash: hash, Target: "prod-use1", ResourceKind: "NatGateway", ResourceID: fmt.Sprintf("nat-%017x", 0), SpecName: text(0, "egress-000"), SpecFile: text(1, "gateways/000.yaml"), SpecLine: 1, Addresses: ip, Verb: "unassign"}
	add(9*time.Minute, history.Record{Kind: history.KindCommit, Commit: commit, Author: text(1, "Ada Lind <ada@example.com>"), Message: text(0, "egress-a: 10.0.1.22 in, 10.0.1.20 out")})
	add(8*time.Minute, history.Record{Kind: history.KindDecision, Commit: commit, PolicyDigest: "sha256:903e78a02b1f", PlanHash: hash, Decision: "allow", Message: text(2, "mode apply: 1 pending"), Verdicts: []history.Verdict{{Rule: "action.cap_drain", Decision: "cap", Msg: text(3, "drains are capped at 10 minutes")}}})
	intent := on
	intent.Kind, intent.MaxDrainSeconds, intent.Decision, intent.PolicyDigest = history.KindIntent, 350, "allow", "sha256:903e78a02b1f"
	add(5*time.Minute, intent)
	outcome := on
	outcome.Kind, outcome.Intent, outcome.Outcome, outcome.RequestID = history.KindOutcome, 3, history.OutcomeAccepted, "b3a1c0de-6f2e-4d55-9a64-0f1b2c3d4e5f"
	add(5*time.Minute, outcome)
	settled := on
	settled.Kind, settled.Intent, settled.Outcome = history.KindSettled, 3, history.OutcomeDone
	add(4*time.Minute, settled)
	refused := on
	refused.Kind, refused.Outcome, refused.Code, refused.Message = history.KindOutcome, history.OutcomeRefused, text(1, "UnauthorizedOperation"), text(4, "You are not authorized to perform this operation.")
	add(3*time.Minute, refused)
	add(2*time.Minute, history.Record{Kind: history.KindDrift, Commit: commit, Target: "prod-use1", ResourceKind: "NatGateway", ResourceID: fmt.Sprintf("nat-%017x", 7), SpecName: text(5, "egress-007"), Message: text(0, "10.0.7.20 was added, and no commit asks for it"), Addresses: []netip.Addr{netip.MustParseAddr("10.0.7.20")}})
	add(time.Minute, history.Record{Kind: history.KindConverged, Commit: commit})
	return store
}

// showFleet serves a status as the daemon would.
func showFleet(t *testing.T, n int, bad bool) string {
	t.Helper()
	now := time.Now()
	status := bigFleet(n, bad, now)
	daily, err := schedule.Parse("0 3 * * 1-5", "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	status.Calendar.Schedules = []calendar.Schedule{{Name: "drift", Cron: daily, Correct: true}}
	get := func() reconcile.Status { return status }
	guard, err := access.New(access.Config{LoopbackOnly: true, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	pages := feed.New(feed.Config{Status: get, Record: bigHistory(t, bad, now), Now: time.Now})
	t.Cleanup(background(t.Context(), pages.Run))
	hub := live.NewHub()
	server := httptest.NewServer(web.Handler(web.Config{Status: get, Feed: pages, Events: hub, Guard: guard, Metrics: metrics.New(nil).Handler(), Now: time.Now, Version: "v0.5.0"}))
	t.Cleanup(server.Close)
	t.Cleanup(background(t.Context(), func(ctx context.Context) { hub.Run(ctx, func() any { return pages.Change() }) })) // before the server closes
	return server.URL
}
