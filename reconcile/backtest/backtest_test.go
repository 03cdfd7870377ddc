package backtest

import (
	"context"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

var noon = time.Date(2027, 1, 2, 12, 0, 0, 0, time.UTC)

// rules is the shipped library and one rule of the given scope and decisions.
func rules(t *testing.T, scope, decisions string) Rules {
	t.Helper()
	var sources []policy.Source
	if decisions != "" {
		text := "# METADATA\n# title: T\npackage sluice." + scope + ".mine\n\n" + decisions + "\n"
		sources = []policy.Source{{Name: "proposed", Files: []policy.File{{Path: "mine.rego", Data: []byte(text)}}}}
	}
	e, err := policy.Load(t.Context(), sources, policy.Options{EvalTimeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return Rules{Engine: e}
}

// commit holds one gateway's spec that wants the given addresses.
func commit(t *testing.T, id string, addresses ...string) Commit {
	t.Helper()
	set := spec.Parse([]spec.File{{Path: "a.yaml", Data: []byte("apiVersion: sluice/v1\nkind: NatGateway\nmetadata: {name: egress}\nspec: {id: nat-0123456789abcdef0, secondary: {addresses: [" +
		strings.Join(addresses, ", ") + "]}}\n")}})
	if len(set.Problems) > 0 {
		t.Fatal(set.Problems)
	}
	return Commit{Commit: judge.Commit{ID: id}, At: noon, Documents: set.Documents}
}

// decision is the plan of a commit on a gateway that holds .20.
func decision(t *testing.T, c Commit) Decision {
	t.Helper()
	inv := inventory.Inventory{Target: "default", NatGateways: []inventory.NatGateway{{
		ID: "nat-0123456789abcdef0", VpcID: "vpc-1", SubnetID: "subnet-1", State: "available", ConnectivityType: "private",
		Addresses: []inventory.Address{
			{IP: netip.MustParseAddr("10.0.1.10"), Primary: true, Status: inventory.StatusSucceeded},
			{IP: netip.MustParseAddr("10.0.1.20"), Status: inventory.StatusSucceeded},
		}}}, Subnets: []inventory.Subnet{{ID: "subnet-1", VpcID: "vpc-1", CIDR: netip.MustParsePrefix("10.0.1.0/24")}}}
	docs := slices.Clone(c.Documents)
	docs[0].File = "gateways/a.yaml" // as another way to read the repository calls it
	p := plan.Make(plan.Input{Commit: c.ID, Mode: "apply", Documents: docs, Inventories: []inventory.Inventory{inv}})
	return Decision{At: noon, Plan: p, Inventories: []inventory.Inventory{inv}}
}

func run(t *testing.T, c Case) Report {
	t.Helper()
	c.Budget = judge.DefaultBudget()
	if c.Now.IsZero() {
		c.Now = noon
	}
	r, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func brief(list []Flip) []string {
	var out []string
	for _, f := range list {
		out = append(out, fmt.Sprintf("%s %s %s: %s -> %s: %s", f.Commit, f.Subject, f.Rule, f.Was, f.Is, f.Msg))
	}
	return out
}

func TestEveryDecisionThatFlipsIsListed(t *testing.T) {
	one, two := commit(t, "c1", "10.0.1.20"), commit(t, "c2", "10.0.1.30")
	c := Case{Commits: []Commit{one, two}, Decisions: []Decision{decision(t, two)}}
	tests := []struct {
		name           string
		scope, was, is string
		want           []string
	}{
		{"rules that say the same", "spec", `warn contains "w"`, `warn contains "other words"`, nil},
		{"a new rule of documents", "spec", ``, `deny contains "no" if "10.0.1.20" in input.spec.secondary.addresses`, []string{"c1 document spec.mine: pass -> deny: no"}},
		{"a rule that goes", "spec", `hold contains "wait" if "10.0.1.30" in input.spec.secondary.addresses`, ``, []string{"c2 document spec.mine: hold -> pass: wait"}},
		{"a rule of actions", "action", `warn contains "w" if input.action.verb == "unassign"`, `deny contains "no" if input.action.verb == "unassign"`, []string{"c2 plan action.mine: warn -> deny: no"}},
		{"a rule of plans", "plan", ``, `hold contains "wait" if count(input.plan.resources) == 1`, []string{"c2 plan plan.mine: pass -> hold: wait"}},
		{"a rule that cannot be evaluated", "action", ``, `deny contains input.resource.tags.nope`, []string{"c2 plan policy.engine: pass -> deny: "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c.Current, c.Proposed = rules(t, tt.scope, tt.was), rules(t, tt.scope, tt.is)
			r := run(t, c)
			got := brief(r.Flips)
			if tt.name == "a rule that cannot be evaluated" && len(got) == 1 {
				got[0], _, _ = strings.Cut(got[0], "policy, scope") // the engine's words follow
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("flips\n\t%q, want\n\t%q", got, tt.want)
			}
			if r.Commits != 2 || r.Documents != 2 || r.Plans != 1 {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestWhatACommitLeavesAsItWasIsListedOnce(t *testing.T) {
	c := Case{Commits: []Commit{commit(t, "c1", "10.0.1.20"), commit(t, "c2", "10.0.1.20")}, Current: rules(t, "spec", ""), Proposed: rules(t, "spec", `deny contains "no"`)}
	if r := run(t, c); len(r.Flips) != 1 || r.Flips[0].Commit != "c1" || r.Documents != 1 {
		t.Errorf("%+v", r)
	}
}

func TestWhatTimeMakesOfADocumentIsListed(t *testing.T) {
	first, later, last := commit(t, "c1", "10.0.1.20"), commit(t, "c2", "10.0.1.20"), commit(t, "c3", "10.0.1.20")
	later.At, last.At = noon.Add(24*time.Hour), noon.Add(48*time.Hour)
	c := Case{Commits: []Commit{first, later, last}, Current: rules(t, "spec", ""),
		Proposed: rules(t, "spec", `deny contains "over" if time.now_ns() > time.parse_rfc3339_ns("2027-01-02T12:00:01Z")`)}
	if r := run(t, c); len(r.Flips) != 1 || r.Flips[0].Commit != "c2" || r.Documents != 1 {
		t.Errorf("%+v", r)
	}
}

func TestADecisionThatAChangesPlansShareIsListedOnce(t *testing.T) {
	one := commit(t, "c1", "10.0.1.30")
	first, second := decision(t, one), decision(t, one)
	second.At = noon.Add(time.Minute)
	c := Case{Commits: []Commit{one}, Decisions: []Decision{first, second}, Current: rules(t, "plan", ""), Proposed: rules(t, "plan", `deny contains "no"`)}
	if r := run(t, c); len(r.Flips) != 1 || !r.Flips[0].At.Equal(noon) || r.Plans != 2 {
		t.Errorf("%+v", r)
	}
}

func TestAPlanOfAnUnknownCommitIsCountedAndNotJudged(t *testing.T) {
	c := Case{Decisions: []Decision{decision(t, commit(t, "old", "10.0.1.30"))}, Current: rules(t, "plan", ""), Proposed: rules(t, "plan", `deny contains "no"`)}
	if r := run(t, c); len(r.Flips) != 0 || r.Plans != 0 || r.Unknown != 1 {
		t.Errorf("%+v", r)
	}
}

func TestAPlanOfADocumentThatIsNotThereIsCountedAndNotJudged(t *testing.T) {
	one := commit(t, "c1", "10.0.1.30")
	d := decision(t, one)
	one.Documents[0].Name = "renamed"
	c := Case{Commits: []Commit{one}, Decisions: []Decision{d}, Current: rules(t, "plan", ""), Proposed: rules(t, "plan", `deny contains "no"`)}
	if r := run(t, c); len(r.Flips) != 0 || r.Plans != 0 || r.Unknown != 1 {
		t.Errorf("%+v", r)
	}
}

func TestRulesSeeTheTimeOfThen(t *testing.T) {
	c := Case{Commits: []Commit{commit(t, "c1", "10.0.1.20")}, Current: rules(t, "spec", ""),
		Proposed: rules(t, "spec", `deny contains "no" if time.now_ns() == time.parse_rfc3339_ns("2027-01-02T12:00:00Z")`)}
	if r := run(t, c); len(r.Flips) != 1 {
		t.Errorf("%+v", r)
	}
}

func TestWhatThereIsIsJudgedAsOfNowToo(t *testing.T) {
	c := Case{Commits: []Commit{commit(t, "c1", "10.0.1.20")}, Current: rules(t, "spec", ""), Now: noon.Add(time.Hour),
		Proposed: rules(t, "spec", `deny contains "no" if time.now_ns() > time.parse_rfc3339_ns("2027-01-02T12:30:00Z")`)}
	if r := run(t, c); len(r.Flips) != 1 || !r.Flips[0].At.Equal(c.Now) || r.Commits != 1 || r.Documents != 1 {
		t.Errorf("%+v", r)
	}
}

func TestAnInterruptedRunIsAnError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, Case{}); err == nil {
		t.Error("no error")
	}
}
