package report

import (
	"bytes"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const digest = "sha256:3f9c01ab42de556677889900aabbccddeeff00112233445566778899aabbccdd"

// mixed has one of each: every decision, problems with a place and without, a rule
// that says two things, a document that nobody judged, and text that looks like markup.
func mixed() render.AuditReport {
	return render.AuditReport{
		PolicyDigest: digest,
		Titles:       map[string]string{"spec.allowed_cidrs": "Addresses lie in the allowed ranges", "spec.unused": "Nobody asked"},
		Problems: []string{
			"gateways/broken.yaml:3:1: this is no YAML: a tab stands where spaces must",
			"two specs claim nat-0ee3edd182361f662",
		},
		Documents: []render.AuditDocument{
			{File: "gateways/a.yaml", Line: 1, Kind: "NatGateway", Name: "egress-a", Rules: []render.AuditRule{
				{ID: "spec.allowed_cidrs", Decision: "deny", Msg: "8.8.8.8 is outside 10.0.0.0/8, 100% sure", Line: 9, Column: 17},
				{ID: "spec.allowed_cidrs", Decision: "deny", Msg: "8.8.4.4 is outside 10.0.0.0/8", Line: 10},
				{ID: "spec.required_labels", Decision: "warn", Msg: "the label <owner> is missing; ask @network | see #12"},
				{ID: "spec.cap_drain", Decision: "hold", Msg: "a drain of more than 10 minutes\nwants an approval"},
				{ID: "spec.min_serving", Decision: "pass"},
				{ID: "spec.names", Decision: "pass", Msg: "waived until 2027-03-01"},
			}},
			{File: "gateways/e.yaml", Line: 3, Kind: "NatGateway", Name: "egress-e", Problems: []string{
				"gateways/e.yaml:7:5: unknown field \"adresses\" (did you mean \"addresses\"?)",
				"gateways/e.yaml: the file is larger than 1 MiB",
				"a problem without a place",
			}},
			{File: "interfaces/my vip.yaml", Line: 1, Kind: "NetworkInterface", Name: "vip-db", Rules: []render.AuditRule{
				{ID: "spec.allowed_cidrs", Decision: "pass"},
				{ID: "spec.slow", Decision: "error", Msg: "the rule ran for more than 5s"},
				{ID: "action.cap_drain", Decision: "cap", Msg: "drains are capped at 350 s"},
				{ID: "spec.future", Decision: "quarantine"},
			}},
			{File: "interfaces/nobody.yaml", Line: 1, Kind: "NetworkInterface", Name: "nobody"},
		},
	}
}

// clean passes wholly.
func clean() render.AuditReport {
	return render.AuditReport{PolicyDigest: digest, Documents: []render.AuditDocument{
		{File: "gateways/a.yaml", Line: 1, Kind: "NatGateway", Name: "egress-a", Rules: []render.AuditRule{
			{ID: "spec.allowed_cidrs", Decision: "pass"}, {ID: "spec.names", Decision: "allow"},
		}},
	}}
}

// changed is a diff: a document that became worse, one that is new, one that is as
// bad as it was, and one that is gone.
func changed() render.AuditReport {
	return render.AuditReport{
		PolicyDigest: digest,
		Diff: &render.AuditDiff{Base: "origin/main", Commit: "7f3c2a1b9d04e5f60718293a4b5c6d7e8f901234", Unchanged: 41, Gone: []render.AuditGone{
			{File: "gateways/old.yaml", Line: 3, Kind: "NatGateway", Name: "egress-old", Was: "pass"},
		}},
		Documents: []render.AuditDocument{
			{File: "gateways/a.yaml", Line: 1, Kind: "NatGateway", Name: "egress-a", Change: render.Changed, Was: "pass", Now: "deny", Rules: []render.AuditRule{
				{ID: "spec.allowed_cidrs", Decision: "deny", Msg: "8.8.8.8 is outside 10.0.0.0/8", Line: 9, Column: 17, Was: "pass"},
				{ID: "spec.names", Decision: "pass", Was: "warn"},
				{ID: "spec.required_labels", Decision: "pass", Was: "pass"},
			}},
			{File: "gateways/new.yaml", Line: 1, Kind: "NatGateway", Name: "egress-n", Change: render.Added, Now: "pass", Rules: []render.AuditRule{
				{ID: "spec.allowed_cidrs", Decision: "pass"},
			}},
			{File: "gateways/e.yaml", Line: 3, Kind: "NatGateway", Name: "egress-e", Change: render.Unchanged, Was: "error", Now: "error", Problems: []string{
				"gateways/e.yaml:7:5: unknown field \"adresses\" (did you mean \"addresses\"?)",
			}},
		},
	}
}

// unchanged is a diff without a change.
func unchanged() render.AuditReport {
	return render.AuditReport{PolicyDigest: digest, Diff: &render.AuditDiff{Base: "HEAD~1", Commit: "7f3c2a1b9d04e5f60718293a4b5c6d7e8f901234", Unchanged: 3}}
}

// lively is an audit with EC2: a resource to be changed, one that is let past a
// hold, one that is not there, and addresses that no spec names.
func lively() render.AuditReport {
	at := func(name, file string, state plan.State, reason string, rules ...render.AuditRule) render.AuditDocument {
		return render.AuditDocument{File: file, Line: 3, Kind: "NatGateway", Name: name, Rules: append([]render.AuditRule{{ID: "spec.names", Decision: "pass"}}, rules...),
			Live: &render.AuditState{Target: "default", ID: "nat-" + name, State: state, Reason: reason}}
	}
	return render.AuditReport{
		PolicyDigest: digest,
		Documents: []render.AuditDocument{
			at("egress-a", "gateways/a.yaml", plan.Pending, "assign 10.0.1.21, then unassign 10.0.1.20",
				render.AuditRule{ID: "action.cap_drain", Decision: "cap", Msg: "drains are capped at 350 s"}, render.AuditRule{ID: "plan.change_budget", Decision: "pass"}),
			at("egress-h", "gateways/h.yaml", plan.Pending, "unassign 10.0.2.20",
				render.AuditRule{ID: "guard.removal_budget", Decision: "hold", Msg: "9 of 4 removals"}, render.AuditRule{ID: "approval", Decision: "allow", Msg: "approved by lead@example.com"}),
			at("egress-d", "gateways/d.yaml", plan.Denied, "", render.AuditRule{ID: "action.no_moves", Decision: "deny", Msg: "addresses move by hand"}),
			at("egress-x", "gateways/x.yaml", plan.Error, "nat-x does not exist in target \"default\""),
		},
		Live: &render.AuditLive{Plan: samplePlan(), Commit: sampleCommit, Unnamed: []render.AuditAddresses{
			{Target: "default", Kind: "NatGateway", ID: "nat-egress-a", Addresses: []render.AuditAddress{{IP: "10.0.1.20"}, {IP: "10.0.1.28", Status: "unassigning"}},
				Spec: &plan.SpecRef{Name: "egress-a", File: "gateways/a.yaml", Line: 3}, Why: "not wanted by its spec, egress-a"},
			{Target: "default", Kind: "NatGateway", ID: "nat-spare", Name: "spare @one", Addresses: []render.AuditAddress{{IP: "10.0.1.40"}}, Why: "no spec names the gateway"},
		}},
	}
}

// samplePlan has a resource in each state.
func samplePlan() plan.Plan {
	act := func(verb inventory.Verb, drain int, list ...string) plan.Action {
		a := plan.Action{Verb: verb, MaxDrainSeconds: drain}
		for _, ip := range list {
			a.Addresses = append(a.Addresses, netip.MustParseAddr(ip))
		}
		return a
	}
	at := func(name string, state plan.State, reason string, waves ...[]plan.Action) plan.Resource {
		return plan.Resource{
			Target: "default", Kind: inventory.KindNatGateway, ID: "nat-" + name, State: state, Reason: reason, Waves: waves,
			Spec: plan.SpecRef{Name: name, File: "gateways/" + name + ".yaml", Line: 1},
		}
	}
	swap := at("egress-a", plan.Pending, "assign 10.0.1.21, then unassign 10.0.1.20, then unassign 10.0.1.19 and unassign 10.0.1.18; 10.0.1.28 follows when egress-b has given it up",
		[]plan.Action{act("assign", 0, "10.0.1.21")}, []plan.Action{act("unassign", 350, "10.0.1.20")}, []plan.Action{act("unassign", 4000, "10.0.1.19"), act("unassign", 60, "10.0.1.18")})
	swap.Verdicts = []plan.Verdict{{Rule: "action.cap_drain", Decision: "cap", Msg: "drains are capped at 350 s"}}
	grow := at("egress-g", plan.Pending, "assign 10.0.1.31", []plan.Action{act("assign", 0, "10.0.1.31")})
	move := at("vip-db", plan.Denied, "action.no_moves: addresses move by hand", []plan.Action{act("move", 0, "10.0.2.30")})
	move.Kind, move.Target, move.Waves[0][0].From = inventory.KindNetworkInterface, "prod-use1", "eni-0123456789abcdef0"
	move.Verdicts = []plan.Verdict{{Rule: "action.no_moves", Decision: "deny", Msg: "addresses move by hand"}}
	held := at("egress-h", plan.Held, "budget.removals: 9 of 4 removals")
	held.Verdicts = []plan.Verdict{{Rule: "budget.removals", Decision: "hold", Msg: "9 of 4 removals"}}
	wrong := at("egress-e", plan.Error, "gateways/e.yaml:7:5: unknown field\ngateways/e.yaml:9:10: 4001s | too long")
	wrong.ID = ""
	strayed := at("egress-k", plan.Blocked, "drift, only reported (drift.action is detect): assign 10.0.1.20")
	strayed.Drift = &plan.Drift{Addresses: []plan.Stray{{Address: "10.0.1.20", Change: plan.Removed, Since: time.Date(2026, 11, 22, 10, 3, 0, 0, time.UTC),
		Who: &inventory.Actor{Principal: "arn:aws:iam::1:user/<b>|@mallory", Operation: "UnassignPrivateNatGatewayAddress"}}}, Adopt: "sluice import --pr nat-egress-k | git apply"}
	p := plan.Plan{
		Commit: "7f3c2a1b9d04e5f60718293a4b5c6d7e8f901234", PolicyDigest: digest, Mode: "dry-run",
		Resources: []plan.Resource{
			at("egress-b", plan.InSync, ""), swap, grow, move, held, at("egress-c", plan.Converging, "10.0.4.20 is unassigning"),
			at("egress-d", plan.Blocked, "the gateway is full"), strayed, wrong,
		},
	}
	p.Seal()
	p.PlanHash = digest // the golden file is not about how a plan is hashed
	return p
}

var sampleCommit = render.Commit{Author: "Ada @lovelace", Message: "Swap an <address>\n\nIt is wanted elsewhere."}

// written is what a format makes of a report.
func written(t rapid.TB, f Format, r render.AuditReport) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// golden compares what was written with a file under testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; run go test with -update and look at the difference\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}
