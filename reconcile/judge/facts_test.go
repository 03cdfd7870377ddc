package judge

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// recorder keeps the inputs that it passes on, as rules would read them.
type recorder struct {
	*policy.Engine
	t      *testing.T
	inputs map[policy.Scope][]map[string]any
}

func (r recorder) Eval(ctx context.Context, scope policy.Scope, in any, now time.Time) (policy.Result, error) {
	data, err := policy.InputJSON(in)
	if err != nil {
		r.t.Fatal(err)
	}
	r.inputs[scope] = append(r.inputs[scope], object(data))
	return r.Engine.Eval(ctx, scope, in, now)
}

func (r recorder) EvalAll(ctx context.Context, scope policy.Scope, n int, in func(int) any, now time.Time) []policy.Answer {
	return oneByOne(ctx, r, scope, n, in, now)
}

func record(t *testing.T, c Case, rules ...string) (plan.Plan, map[policy.Scope][]map[string]any) {
	t.Helper()
	r := recorder{engine(t, rules...), t, map[policy.Scope][]map[string]any{}}
	return Judge(t.Context(), validating{r, t, map[policy.Scope]int{}}, c).Plan(), r.inputs
}

func TestAPlanRuleSeesThePlanAndWhatEachResourceHolds(t *testing.T) {
	c := swap(t, 5, "10.0.1.20", "10.0.1.30")
	addresses := c.Inventories[0].NatGateways[0].Addresses
	addresses[4].Status, addresses[5].Status = inventory.StatusFailed, inventory.StatusUnassigning
	c.Plan.Resources[0].Drift = &plan.Drift{Note: "no rule's business: inputs with a field that their schema has not are refused"}
	lost := c.Plan.Resources[0]
	lost.ID, lost.State, lost.Waves = "nat-0123456789abcdef9", plan.Error, [][]plan.Action{}
	c.Plan.Resources = append(c.Plan.Resources, lost)
	_, inputs := record(t, c)
	in := inputs[policy.ScopePlan][0]["plan"].(map[string]any)
	resources := in["resources"].([]any)
	held, unknown := resources[0].(map[string]any), resources[1].(map[string]any)
	if want := map[string]any{"secondary": 3.0, "prefixes": 0.0}; !reflect.DeepEqual(held["holds"], want) {
		t.Errorf("holds %v, want %v: neither the primary nor what failed nor what drains", held["holds"], want)
	}
	if h, found := unknown["holds"]; found {
		t.Errorf("a resource that is not in the inventory holds %v", h)
	}

	// Without holds it is the plan, every field of it.
	delete(held, "holds")
	data, err := json.Marshal(c.Plan)
	if err != nil {
		t.Fatal(err)
	}
	want := object(data)
	delete(want["resources"].([]any)[0].(map[string]any), "drift") // rules do not go by who changed what
	fields := func(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
	if got, want := fields(in), fields(want); !slices.Equal(got, want) {
		t.Errorf("the rule sees %v of a plan, want %v", got, want)
	}
	if got, want := fields(held), fields(want["resources"].([]any)[0].(map[string]any)); !slices.Equal(got, want) {
		t.Errorf("the rule sees %v of a resource, want %v", got, want)
	}
}

// shared is a case of two gateways that ask for two addresses each, and of an
// interface that asks for a prefix and for another's address, all in one subnet.
func shared(t *testing.T, free *int) Case {
	t.Helper()
	text := ""
	inv := inventory.Inventory{Target: "default", Subnets: []inventory.Subnet{
		{ID: "subnet-1", VpcID: "vpc-1", CIDR: netip.MustParsePrefix("10.0.1.0/24"), AvailableIPCount: free}}}
	for i, name := range []string{"a", "b"} {
		id := fmt.Sprintf("nat-0123456789abcdef%d", i)
		text += "---\napiVersion: sluice/v1\nkind: NatGateway\nmetadata: {name: " + name + ", labels: {name: " + name + "}}\n" +
			fmt.Sprintf("spec: {id: %s, secondary: {addresses: [10.0.1.2%d, 10.0.1.3%d]}}\n", id, i, i)
		inv.NatGateways = append(inv.NatGateways, inventory.NatGateway{ID: id, VpcID: "vpc-1", SubnetID: "subnet-1", State: "available", ConnectivityType: "private",
			Addresses: []inventory.Address{{IP: ip(fmt.Sprintf("10.0.1.1%d", i)), Primary: true, Status: inventory.StatusSucceeded}}})
	}
	text += "---\napiVersion: sluice/v1\nkind: NetworkInterface\nmetadata: {name: c, labels: {name: c}}\n" +
		"spec: {id: eni-0123456789abcdef0, allowReassignment: true, secondary: {addresses: [10.0.1.41]}, prefixes: {cidrs: [10.0.1.64/28]}}\n" +
		"---\napiVersion: sluice/v1\nkind: NetworkInterface\nmetadata: {name: d}\nspec: {id: eni-0123456789abcdef1, secondary: {addresses: []}}\n"
	for i, addresses := range [][]inventory.Address{
		{{IP: ip("10.0.1.50"), Primary: true}}, {{IP: ip("10.0.1.51"), Primary: true}, {IP: ip("10.0.1.41")}},
	} {
		n := inventory.NetworkInterface{ID: fmt.Sprintf("eni-0123456789abcdef%d", i), VpcID: "vpc-1", SubnetID: "subnet-1", Status: "in-use", Type: "interface", Addresses: addresses}
		inv.NetworkInterfaces = append(inv.NetworkInterfaces, n)
		inv.Subnets[0].Holders = append(inv.Subnets[0].Holders, inventory.Holder{NetworkInterfaceID: n.ID, Type: n.Type, Addresses: addresses})
	}
	inv.Sort()
	set := spec.Parse([]spec.File{{Path: "a.yaml", Data: []byte(text)}})
	if len(set.Problems) > 0 {
		t.Fatal(set.Problems)
	}
	c := Case{Documents: set.Documents, Inventories: []inventory.Inventory{inv}, Budget: DefaultBudget(), Now: time.Unix(1e9, 0), Commit: Commit{ID: "c1"}}
	c.Plan = plan.Make(plan.Input{Commit: "c1", Mode: "apply", Documents: c.Documents, Inventories: c.Inventories})
	return c
}

// freeAfter lists what each action is told, in the plan's order.
func freeAfter(t *testing.T, inputs map[policy.Scope][]map[string]any) string {
	t.Helper()
	out := ""
	for _, in := range inputs[policy.ScopeAction] {
		a := in["action"].(map[string]any)
		out += fmt.Sprintf("%v %v%v: %v\n", a["verb"], a["addresses"], a["prefixes"], a["subnetFreeAfter"])
	}
	return out
}

func TestAnActionIsToldWhatIsLeftInItsSubnet(t *testing.T) {
	_, inputs := record(t, shared(t, new(20)))
	want := "assign [10.0.1.20 10.0.1.30][]: 18\n" +
		"assign [10.0.1.21 10.0.1.31][]: 16\n" +
		"move [10.0.1.41][]: 16\n" +
		"assign [][10.0.1.64/28]: 0\n"
	if got := freeAfter(t, inputs); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestWhatEC2DoesNotSayIsNotTold(t *testing.T) {
	_, inputs := record(t, shared(t, nil))
	for _, in := range inputs[policy.ScopeAction] {
		if n, found := in["action"].(map[string]any)["subnetFreeAfter"]; found {
			t.Errorf("free addresses: %v", n)
		}
	}
	if len(inputs[policy.ScopeAction]) != 4 {
		t.Errorf("%d actions", len(inputs[policy.ScopeAction]))
	}
}

// Actions are judged all at once, so it is denials of documents that are known.
func TestWhatIsDeniedTakesNoAddressFromOthers(t *testing.T) {
	deny := "# METADATA\n# title: T\npackage sluice.spec.test\n\ndeny contains \"because\" if input.metadata.name == \"a\"\n"
	p, inputs := record(t, shared(t, new(20)), deny)
	want := "assign [10.0.1.20 10.0.1.30][]: 18\n" +
		"assign [10.0.1.21 10.0.1.31][]: 18\n" +
		"move [10.0.1.41][]: 18\n" +
		"assign [][10.0.1.64/28]: 2\n"
	if got := freeAfter(t, inputs); got != want || p.Resources[0].State != plan.Denied {
		t.Errorf("state %s, got\n%swant\n%s", p.Resources[0].State, got, want)
	}
}
