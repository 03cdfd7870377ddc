package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
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
	"github.com/seed-6ca89210/sluice/reconcile/web/feed"
	"github.com/seed-6ca89210/sluice/reconcile/web/live"
	"github.com/seed-6ca89210/sluice/reconcile/web/view"
)

var now = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

// sample is a status in which every field that the API shows is set.
func sample(t *testing.T) reconcile.Status {
	t.Helper()
	ip := netip.MustParseAddr
	daily, err := schedule.Parse("0 4 * * *", "UTC")
	if err != nil {
		t.Fatal(err)
	}
	s := reconcile.Status{
		Mode: reconcile.Apply, Turns: 7, LastTurn: now, LastLook: now, LastBeat: now, LastPoll: now, GitError: "unreachable", TurnError: "no", ExportError: "full",
		Interval: time.Minute, Calendar: calendar.Calendar{Schedules: []calendar.Schedule{{Name: "daily", Cron: daily}}},
		Commit:    gitsource.Commit{ID: "abc", Author: gitsource.Person{Name: "Ada", Email: "ada@example.com"}, Time: now, Message: "m", Signer: "ada@example.com"},
		Documents: []spec.Document{{Name: "egress-a", File: "a.yaml", Line: 1, Labels: map[string]string{"env": "prod"}, MinServing: 2}},
		Rules:     []policy.Rule{{ID: "spec.keep_two", Scope: policy.ScopeSpec, Title: "T", Description: "D", Level: policy.Advisory, LoweredFrom: policy.Soft, File: "a.rego", Line: 3, Params: map[string]any{"n": 2}}},
		Rulings: ruling.Set{
			Waivers:   []ruling.Waiver{{Name: "w", Rule: "spec.keep_two", Selector: ruling.Selector{Labels: map[string]string{"a": "b"}, Target: "prod", Kind: "NatGateway", Name: "egress-a"}, Owner: "o", Reason: "r", Expires: now, File: "f", Line: 1}},
			Approvals: []ruling.Approval{{Name: "a", PlanHash: "sha256:1", Approver: "x", Reason: "r", Expires: now, File: "f", Line: 1}},
		},
		Leases:      []reconcile.Lease{{Target: "stage", Holder: "host-def", URL: "https://sluice-1.example.com"}, {Target: "prod", Holder: "host-abc", URL: "https://sluice-0.example.com", Epoch: 7, Here: true, ActFrom: now, PlanHash: "sha256:3", Error: "e"}, {Target: "lab"}, {Target: "test", Holder: "host-ghi"}},
		Transitions: []reconcile.Transition{{Target: "prod", ID: "nat-1", Address: ip("10.0.1.20"), Status: inventory.StatusUnassigning, Since: now, Until: now.Add(time.Minute)}},
		Inventories: []inventory.Inventory{{Target: "prod", Unread: []inventory.Unread{{Part: inventory.ReadSubnets, Reason: "throttled"}},
			NatGateways: []inventory.NatGateway{{ID: "nat-1", VpcID: "vpc-1", SubnetID: "subnet-1", Addresses: []inventory.Address{
				{IP: ip("10.0.1.10"), Primary: true, Status: inventory.StatusSucceeded, PublicIP: "192.0.2.1"}, {IP: ip("10.0.1.20"), Status: inventory.StatusUnassigning}, {Status: inventory.StatusAssigning},
				{IP: ip("10.0.1.21"), Status: inventory.StatusFailed, FailureMessage: "no"}}}},
			NetworkInterfaces: []inventory.NetworkInterface{{ID: "eni-1", Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.2.64/28")}}}}},
	}
	who := &inventory.Actor{Principal: "arn", Type: "Root", Operation: "o", Time: now, SourceIP: "i", Console: true, Sluice: true, EventID: "e", RequestID: "r", Commit: "c"}
	s.Plan = plan.Plan{Version: plan.Version, Commit: "abc", PolicyDigest: "sha256:1", InventoryHash: "sha256:2", Mode: "apply", Hold: "held", Resources: []plan.Resource{
		{Target: "prod", Kind: inventory.KindNatGateway, ID: "nat-1", Spec: plan.SpecRef{Name: "egress-a", File: "a.yaml", Line: 1}, State: plan.Converging, Reason: "r",
			Waves:    [][]plan.Action{{{Verb: inventory.VerbMove, Addresses: []netip.Addr{ip("10.0.1.30")}, From: "eni-9"}}, {{Verb: inventory.VerbUnassign, Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.2.64/28")}, MaxDrainSeconds: 350}}},
			Verdicts: []plan.Verdict{{Rule: "spec.keep_two", Decision: "warn", Msg: "m"}},
			Drift:    &plan.Drift{Note: "n", Contested: true, Adopt: "sluice import", Addresses: []plan.Stray{{Address: "10.0.1.20", Change: plan.Added, RightAt: now, Since: now, Who: who}}, Rounds: []plan.Round{{Action: "assign", Corrected: now, Undone: now, Who: who}}}},
		{Target: "prod", Kind: inventory.KindNetworkInterface, ID: "eni-1", State: plan.InSync}, {Target: "prod", State: plan.Error},
	}}
	s.Plan.Seal()
	return s
}

var hub = live.NewHub()

func poke() { hub.Poke() }

// server is the API by itself, on a full or an empty status and record.
func server(t *testing.T, empty bool) http.Handler { return serverOf(t, empty, false) }

// serverOf is the API on one log, or, shared, on two logs of targets.
func serverOf(t *testing.T, empty, shared bool) http.Handler {
	t.Helper()
	var status reconcile.Status
	store, err := history.Open(t.TempDir()+"/h.db", history.Holder{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	due := func(time.Time, int) []view.Upcoming { return nil }
	if !empty {
		status = sample(t)
		due = func(now time.Time, _ int) []view.Upcoming {
			return []view.Upcoming{{At: now, What: "window opens", Name: "nights", Selects: "env=prod", Note: "n"}}
		}
		addr := []netip.Addr{netip.MustParseAddr("10.0.1.20")}
		full := history.Record{
			Time: now, Commit: "abc", Author: "a", Committer: "c", Source: "s", Authors: []string{"a"}, CommitTime: now, Message: "m", PolicyDigest: "sha256:1", PlanHash: "sha256:2", Decision: "deny",
			Verdicts: []history.Verdict{{Rule: "r", Decision: "deny", Msg: "m"}}, Plan: json.RawMessage(`{}`), Basis: json.RawMessage(`{}`), Target: "prod", ResourceKind: "NatGateway", ResourceID: "nat-1",
			SpecName: "egress-a", SpecFile: "a.yaml", SpecLine: 1, Verb: "unassign", Addresses: addr, Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.2.64/28")}, MaxDrainSeconds: 350, From: "eni-1",
			Outcome: "accepted", Code: "c", RequestID: "r", Reached: map[string]string{"prod/NatGateway/nat-1": "x"}, Of: 1,
			Drift: []history.Stray{{Address: "10.0.1.20", Change: "added", RightAt: now, Since: now, Who: &history.Actor{Principal: "arn", Operation: "o", Time: now}}}, Rounds: []history.Round{{Action: "a", Corrected: now}},
		}
		for _, kind := range view.Kinds {
			r := full
			r.Kind = kind
			if kind == history.KindOutcome || kind == history.KindSettled {
				r.Intent = 6
			}
			if _, err := store.Append(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
	}
	get := func() reconcile.Status { return status }
	cfg := feed.Config{Status: get, Record: store, Due: due, Now: func() time.Time { return now }}
	if shared {
		cfg.Record, cfg.Logs = nil, func() []feed.Log { return []feed.Log{{Name: "prod", Record: store}, {Name: "stage", Record: store}} }
	}
	f := feed.New(cfg)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	if !empty {
		hub = live.NewHub()
		go hub.Run(ctx, func() any { return f.Change() })
	}
	mux := http.NewServeMux()
	for _, r := range Routes(Config{Feed: f, Events: hub, Look: func() {}}) {
		mux.Handle(r.Method+" "+r.Path, r.Handler)
	}
	return mux
}
