package report

import (
	"bytes"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

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
	p := plan.Plan{
		Commit: "7f3c2a1b9d04e5f60718293a4b5c6d7e8f901234", PolicyDigest: digest, Mode: "dry-run",
		Resources: []plan.Resource{
			at("egress-b", plan.InSync, ""), swap, grow, move, held, at("egress-c", plan.Converging, "10.0.4.20 is unassigning"),
			at("egress-d", plan.Blocked, "the gateway is full"), wrong,
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
