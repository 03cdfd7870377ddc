package judge

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

// engine is the real one, with the shipped library and the given rules.
func engine(t *testing.T, rules ...string) *policy.Engine {
	t.Helper()
	var sources []policy.Source
	if len(rules) > 0 {
		src := policy.Source{Name: "test"}
		for i, r := range rules {
			src.Files = append(src.Files, policy.File{Path: fmt.Sprintf("r%d.rego", i), Data: []byte(r)})
		}
		sources = append(sources, src)
	}
	e, err := policy.Load(t.Context(), sources, policy.Options{EvalTimeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// swap is a case of one gateway with n secondaries .20 and up, of which the spec
// wants only those named.
func swap(t *testing.T, n int, want ...string) Case {
	t.Helper()
	g := inventory.NatGateway{ID: "nat-0123456789abcdef0", VpcID: "vpc-1", SubnetID: "subnet-1", State: "available", ConnectivityType: "private",
		Addresses: []inventory.Address{{IP: ip("10.0.1.10"), Primary: true, Status: inventory.StatusSucceeded}}}
	for i := range n {
		g.Addresses = append(g.Addresses, inventory.Address{IP: ip(fmt.Sprintf("10.0.1.%d", 20+i)), Status: inventory.StatusSucceeded})
	}
	text := "apiVersion: sluice/v1\nkind: NatGateway\nmetadata: {name: egress, labels: {env: prod}}\nspec: {id: " + g.ID +
		", drain: {maxDuration: 900s}, secondary: {addresses: [" + strings.Join(want, ", ") + "]}}\n"
	set := spec.Parse([]spec.File{{Path: "a.yaml", Data: []byte(text)}})
	if len(set.Problems) > 0 {
		t.Fatal(set.Problems)
	}
	inv := inventory.Inventory{Target: "default", NatGateways: []inventory.NatGateway{g},
		Subnets: []inventory.Subnet{{ID: "subnet-1", VpcID: "vpc-1", CIDR: netip.MustParsePrefix("10.0.1.0/24")}}}
	inv.Sort()
	c := Case{Documents: set.Documents, Inventories: []inventory.Inventory{inv}, Budget: DefaultBudget(), Now: time.Unix(1e9, 0),
		Commit: Commit{ID: "c1", Message: "swap"}}
	c.Plan = plan.Make(plan.Input{Commit: "c1", PolicyDigest: "sha256:p", Mode: "apply", Documents: c.Documents, Inventories: c.Inventories})
	return c
}

func TestTheShippedLibraryCapsADrainAndLetsASwapThrough(t *testing.T) {
	p := Judge(t.Context(), engine(t), swap(t, 1, "10.0.1.30")).Plan()
	r := p.Resources[0]
	if r.State != plan.Pending || r.Waves[1][0].MaxDrainSeconds != 600 {
		t.Errorf("state %s, waves %+v", r.State, r.Waves)
	}
	if len(r.Verdicts) != 1 || r.Verdicts[0].Rule != "action.cap_drain" || r.Verdicts[0].Decision != "cap" {
		t.Errorf("verdicts %+v", r.Verdicts)
	}
	if p.Summary.Pending != 1 {
		t.Errorf("summary %+v", p.Summary)
	}
}

func TestWhatACapLeavesOfADrainIsJudged(t *testing.T) {
	rule := func(decisions string) string {
		return "# METADATA\n# title: T\npackage sluice.action.test\n\n" + decisions + "\n"
	}
	const capAt5 = `cap contains {"msg": "short drains", "maxDrainSeconds": 5} if input.action.verb == "unassign"` + "\n"
	tests := []struct {
		name  string
		rule  string
		state plan.State
	}{
		{"a capped drain that is long enough", capAt5 + `deny contains "too short" if { input.action.verb == "unassign"; input.action.maxDrainSeconds < 5 }`, plan.Pending},
		{"a capped drain that is too short for another rule", capAt5 + `deny contains "too short" if { input.action.verb == "unassign"; input.action.maxDrainSeconds < 100 }`, plan.Denied},
		{"caps that never end", `cap contains {"msg": "shorter", "maxDrainSeconds": input.action.maxDrainSeconds - 1} if input.action.verb == "unassign"`, plan.Error},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if r := Judge(t.Context(), engine(t, rule(tt.rule)), swap(t, 1, "10.0.1.30")).Plan().Resources[0]; r.State != tt.state {
				t.Errorf("state %s, reason %q, verdicts %+v", r.State, r.Reason, r.Verdicts)
			}
		})
	}
}

func TestDecisionsStopAResource(t *testing.T) {
	rule := func(scope, decision string) string {
		return "# METADATA\n# title: T\npackage sluice." + scope + ".test\n\n" + decision + " contains \"because\" if input.mode == \"apply\"\n"
	}
	specRule := "# METADATA\n# title: T\npackage sluice.spec.test\n\ndeny contains \"because\" if input.metadata.labels.env == \"prod\"\n"
	tests := []struct {
		name  string
		rule  string
		state plan.State
	}{
		{"a spec rule denies", specRule, plan.Denied},
		{"an action rule denies", rule("action", "deny"), plan.Denied},
		{"an action rule holds", rule("action", "hold"), plan.Held},
		{"an action rule warns and the change goes on", rule("action", "warn"), plan.Pending},
		{"a plan rule denies", rule("plan", "deny"), plan.Denied},
		{"a plan rule holds", rule("plan", "hold"), plan.Held},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := swap(t, 1, "10.0.1.30")
			before := fmt.Sprintf("%+v", c.Plan)
			r := Judge(t.Context(), engine(t, tt.rule), c).Plan().Resources[0]
			if r.State != tt.state {
				t.Errorf("state %s, reason %q", r.State, r.Reason)
			}
			found := false
			for _, v := range r.Verdicts {
				found = found || strings.HasSuffix(v.Rule, ".test") && v.Msg == "because"
			}
			if !found {
				t.Errorf("verdicts %+v", r.Verdicts)
			}
			if after := fmt.Sprintf("%+v", c.Plan); after != before {
				t.Error("judging changed the plan that it was given")
			}
		})
	}
}

// broken is an engine that cannot evaluate one scope.
type broken struct {
	*policy.Engine
	scope policy.Scope
}

func (b broken) Eval(ctx context.Context, scope policy.Scope, in any, now time.Time) (policy.Result, error) {
	if scope == b.scope {
		return policy.Result{}, errors.New("it fell over")
	}
	return b.Engine.Eval(ctx, scope, in, now)
}

func (b broken) EvalAll(ctx context.Context, scope policy.Scope, n int, in func(int) any, now time.Time) []policy.Answer {
	return oneByOne(ctx, b, scope, n, in, now)
}

// oneByOne is EvalAll by Eval.
func oneByOne(ctx context.Context, e Engine, scope policy.Scope, n int, in func(int) any, now time.Time) []policy.Answer {
	answers := make([]policy.Answer, n)
	for i := range answers {
		answers[i].Result, answers[i].Err = e.Eval(ctx, scope, in(i), now)
	}
	return answers
}

func TestAnEvaluationThatFailsIsNoApproval(t *testing.T) {
	for _, scope := range []policy.Scope{policy.ScopeSpec, policy.ScopeAction, policy.ScopePlan} {
		r := Judge(t.Context(), broken{engine(t), scope}, swap(t, 1, "10.0.1.30")).Plan().Resources[0]
		if r.State != plan.Error || !strings.Contains(r.Reason, "it fell over") {
			t.Errorf("%s: state %s, reason %q", scope, r.State, r.Reason)
		}
	}
}

func TestTheBudgetHoldsAllRemovalsOfATarget(t *testing.T) {
	tests := []struct {
		name   string
		held   int
		want   []string
		budget Budget
		state  plan.State
	}{
		{"four of five go", 5, []string{"10.0.1.20"}, Budget{4, 10}, plan.Pending},
		{"five are too many", 5, nil, Budget{4, 10}, plan.Held},
		{"a larger percentage allows them", 5, nil, Budget{4, 100}, plan.Pending},
		{"a budget of nothing holds one", 1, nil, Budget{0, 0}, plan.Held},
		{"an added address needs no budget", 1, []string{"10.0.1.20", "10.0.1.30"}, Budget{0, 0}, plan.Pending},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := swap(t, tt.held, tt.want...)
			c.Budget = tt.budget
			r := Judge(t.Context(), engine(t), c).Plan().Resources[0]
			if r.State != tt.state {
				t.Errorf("state %s, reason %q", r.State, r.Reason)
			}
		})
	}
}

// What drains already counts: a large removal must not slip through in cycles
// that are small each.
func TestTheBudgetCountsWhatIsDraining(t *testing.T) {
	c := swap(t, 5, "10.0.1.23", "10.0.1.24", "10.0.1.20") // .21 and .22 go
	second := c.Inventories[0].NatGateways[0]
	second.ID = "nat-0123456789abcdef1"
	second.Addresses = []inventory.Address{{IP: ip("10.0.1.11"), Primary: true, Status: inventory.StatusSucceeded}}
	for i := range 3 {
		second.Addresses = append(second.Addresses, inventory.Address{IP: ip(fmt.Sprintf("10.0.1.%d", 40+i)), Status: inventory.StatusUnassigning})
	}
	c.Inventories[0].NatGateways = append(c.Inventories[0].NatGateways, second)
	set := spec.Parse([]spec.File{{Path: "b.yaml", Data: []byte("apiVersion: sluice/v1\nkind: NatGateway\nmetadata: {name: b}\nspec: {id: nat-0123456789abcdef1, secondary: {addresses: []}}\n")}})
	c.Documents = append(c.Documents, set.Documents...)
	c.Plan = plan.Make(plan.Input{Commit: "c1", Mode: "apply", Documents: c.Documents, Inventories: c.Inventories})
	r := Judge(t.Context(), engine(t), c).Plan().Resources[0]
	if r.State != plan.Held || !strings.Contains(r.Reason, "5 addresses") {
		t.Errorf("state %s, reason %q", r.State, r.Reason)
	}
}

func TestTheGuardOfPrimaryAddressesNeedsNoPolicy(t *testing.T) {
	known := []inventory.Address{{IP: ip("10.0.1.10"), Primary: true}, {IP: ip("10.0.1.20")}}
	unknown := []inventory.Address{{IP: ip("10.0.1.10")}, {IP: ip("10.0.1.20")}}
	two := []inventory.Address{{IP: ip("10.0.1.10"), Primary: true}, {IP: ip("10.0.1.20"), Primary: true}}
	unassign := func(ips ...netip.Addr) plan.Action { return plan.Action{Verb: inventory.VerbUnassign, Addresses: ips} }
	tests := []struct {
		name    string
		action  plan.Action
		live    []inventory.Address
		refused bool
	}{
		{"a secondary may go", unassign(ip("10.0.1.20")), known, false},
		{"the primary may not", unassign(ip("10.0.1.10")), known, true},
		{"nor among others", unassign(ip("10.0.1.20"), ip("10.0.1.10")), known, true},
		{"nothing goes where the primary is not known", unassign(ip("10.0.1.20")), unknown, true},
		{"a second primary may not go either", unassign(ip("10.0.1.20")), two, true},
		{"an assign takes nothing away", plan.Action{Verb: inventory.VerbAssign, Addresses: []netip.Addr{ip("10.0.1.30")}}, unknown, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := Guard(tt.action, tt.live); (err != nil) != tt.refused {
				t.Errorf("error %v", err)
			}
		})
	}
	c := swap(t, 1)
	c.Plan.Resources[0].Waves = [][]plan.Action{{unassign(ip("10.0.1.10"))}} // a planner gone wrong
	r := Judge(t.Context(), engine(t), c).Plan().Resources[0]
	if r.State != plan.Denied || r.Verdicts[0].Rule != GuardRule {
		t.Errorf("state %s, verdicts %+v", r.State, r.Verdicts)
	}
}

// two is a case of two gateways; the first spec wants none of five addresses, the
// second gives up one of one.
func two(t *testing.T) Case {
	t.Helper()
	c := swap(t, 5)
	g := c.Inventories[0].NatGateways[0]
	g.ID = "nat-0123456789abcdef1"
	g.Addresses = []inventory.Address{
		{IP: ip("10.0.1.11"), Primary: true, Status: inventory.StatusSucceeded}, {IP: ip("10.0.1.50"), Status: inventory.StatusSucceeded},
	}
	c.Inventories[0].NatGateways = append(c.Inventories[0].NatGateways, g)
	set := spec.Parse([]spec.File{{Path: "b.yaml", Data: []byte("apiVersion: sluice/v1\nkind: NatGateway\nmetadata: {name: b}\nspec: {id: nat-0123456789abcdef1, secondary: {addresses: []}}\n")}})
	c.Documents = append(c.Documents, set.Documents...)
	c.Plan = plan.Make(plan.Input{Commit: "c1", Mode: "apply", Documents: c.Documents, Inventories: c.Inventories})
	return c
}

func TestWhatIsDeniedDoesNotUseUpTheBudgetOfOthers(t *testing.T) {
	deny := "# METADATA\n# title: T\npackage sluice.spec.never_empty\n\ndeny contains \"because\" if {\n\tinput.metadata.name == \"egress\"\n\tcount(input.spec.secondary.addresses) == 0\n}\n"
	p := Judge(t.Context(), engine(t, deny), two(t)).Plan()
	if p.Resources[0].State != plan.Denied || p.Resources[1].State != plan.Pending {
		t.Errorf("states %s and %s: %s", p.Resources[0].State, p.Resources[1].State, p.Resources[1].Reason)
	}
	p = Judge(t.Context(), engine(t), two(t)).Plan()
	if p.Resources[0].State != plan.Held || p.Resources[1].State != plan.Held {
		t.Errorf("states %s and %s", p.Resources[0].State, p.Resources[1].State)
	}
}

func TestADrainThatGoesOnStaysInSight(t *testing.T) {
	c := swap(t, 1, "10.0.1.30")
	c.Inventories[0].NatGateways[0].Addresses[1].Status = inventory.StatusUnassigning
	c.Plan = plan.Make(plan.Input{Commit: "c1", Mode: "apply", Documents: c.Documents, Inventories: c.Inventories})
	deny := "# METADATA\n# title: T\npackage sluice.spec.no\n\ndeny contains \"because\" if input.metadata.name == \"egress\"\n"
	r := Judge(t.Context(), engine(t, deny), c).Plan().Resources[0]
	if r.State != plan.Converging || len(r.Verdicts) != 1 {
		t.Errorf("state %s, verdicts %+v", r.State, r.Verdicts)
	}
}

func TestAResourceWithoutADocumentIsNotApproved(t *testing.T) {
	c := swap(t, 1, "10.0.1.30")
	c.Documents = nil
	if r := Judge(t.Context(), engine(t), c).Plan().Resources[0]; r.State != plan.Error {
		t.Errorf("state %s", r.State)
	}
}
