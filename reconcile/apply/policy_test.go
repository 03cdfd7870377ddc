package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// whims is a rule engine that answers at random, the same question always the same.
// It notes what it forbade: a document by name, "" for all of them.
type whims struct {
	t       *rapid.T
	answers map[string]policy.Answer
	forbade map[string]string
}

// answerOf draws what a question is answered with.
func (e *whims) answerOf(name, question string) policy.Answer {
	if a, known := e.answers[question]; known {
		return a
	}
	decide := func(kind string) policy.Answer {
		return policy.Answer{Result: policy.Result{Decisions: []policy.Decision{{Rule: "x.test", Kind: kind, Msg: "because", MaxDrainSeconds: 5}}}}
	}
	whim := rapid.SampledFrom([]string{"pass", "pass", "pass", "warn", "cap", "deny", "hold", "error", "time-out", "undefined", "cancelled", "a warning and an error", "no such kind", "no kind"}).Draw(e.t, question)
	a := policy.Answer{}
	switch whim {
	case "pass":
	case "warn", "cap", "deny", "hold":
		a = decide(whim)
	case "error":
		a.Err = errors.New("it broke")
	case "time-out":
		a.Err = fmt.Errorf("too slow: %w", context.DeadlineExceeded)
	case "undefined":
		a.Err = errors.New("the condition of deny holds but its message is undefined")
	case "cancelled":
		a.Err = context.Canceled
	case "a warning and an error":
		a = decide(policy.Warn)
		a.Err = errors.New("and then it broke")
	case "no such kind":
		a = decide("refuse")
	case "no kind":
		a = decide("")
	}
	if whim != "pass" && whim != "warn" && whim != "cap" {
		e.forbade[name] = whim
	}
	e.answers[question] = a
	return a
}

func (e *whims) Eval(context.Context, policy.Scope, any, time.Time) (policy.Result, error) {
	a := e.answerOf("", "plan")
	return a.Result, a.Err
}

func (e *whims) EvalAll(_ context.Context, scope policy.Scope, n int, input func(int) any, _ time.Time) []policy.Answer {
	answers := make([]policy.Answer, n)
	for i := range answers {
		var in struct {
			Metadata struct{ Name string }
			Document struct{ Metadata struct{ Name string } }
			Action   struct{ Verb string }
		}
		data, err := policy.InputJSON(input(i))
		if err == nil {
			err = json.Unmarshal(data, &in)
		}
		name := in.Metadata.Name + in.Document.Metadata.Name
		if err != nil || name == "" {
			e.t.Fatalf("the input of %s names no document: %s, %v", scope, data, err)
		}
		answers[i] = e.answerOf(name, fmt.Sprint(scope, " ", name, " ", in.Action.Verb))
	}
	return answers
}

// drawnWorld is gateways and interfaces of which some are to change, and the calls
// that were made, by resource.
func drawnWorld(t *rapid.T) (p plan.Plan, c judge.Case) {
	inv := inventory.Inventory{Target: "default", Subnets: []inventory.Subnet{{ID: "subnet-1", VpcID: "vpc-1", CIDR: netip.MustParsePrefix("10.0.0.0/16")}}}
	var text strings.Builder
	for i := range rapid.IntRange(1, 5).Draw(t, "resources") {
		rows := []inventory.Address{
			{IP: ip(fmt.Sprintf("10.0.%d.10", i)), Primary: true, Status: inventory.StatusSucceeded},
			{IP: ip(fmt.Sprintf("10.0.%d.20", i)), Status: inventory.StatusSucceeded},
		}
		want := rapid.SampledFrom([]string{"20", "21", "20, 10.0.%d.21", ""}).Draw(t, "wanted")
		if want != "" {
			want = strings.ReplaceAll("10.0.%d."+want, "%d", fmt.Sprint(i))
		}
		kind, id := "NatGateway", fmt.Sprintf("nat-%017d", i)
		if rapid.Bool().Draw(t, "interface") {
			kind, id = "NetworkInterface", fmt.Sprintf("eni-%017d", i)
			inv.NetworkInterfaces = append(inv.NetworkInterfaces, inventory.NetworkInterface{ID: id, VpcID: "vpc-1", SubnetID: "subnet-1", Type: "interface", Addresses: rows})
		} else {
			inv.NatGateways = append(inv.NatGateways, inventory.NatGateway{ID: id, VpcID: "vpc-1", SubnetID: "subnet-1", State: "available", ConnectivityType: "private", Addresses: rows})
		}
		fmt.Fprintf(&text, "---\napiVersion: sluice/v1\nkind: %s\nmetadata: {name: r%d}\nspec: {id: %s, secondary: {addresses: [%s]}}\n", kind, i, id, want)
	}
	inv.Sort()
	set := spec.Parse([]spec.File{{Path: "a.yaml", Data: []byte(text.String())}})
	if len(set.Problems) > 0 {
		t.Fatal(set.Problems)
	}
	c.Documents, c.Inventories = set.Documents, []inventory.Inventory{inv}
	c.Budget = judge.Budget{Removals: 1000}
	c.Plan = plan.Make(plan.Input{Commit: "c1", Mode: "apply", Documents: c.Documents, Inventories: c.Inventories})
	return c.Plan, c
}

// Deny, hold, undefined, error, time-out of policy: no call.
func TestNothingIsCalledThatPolicyDidNotLetThrough(t *testing.T) {
	called, spared := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		p, c := drawnWorld(t)
		e := &whims{t: t, answers: map[string]policy.Answer{}, forbade: map[string]string{}}
		approved := judge.Judge(t.Context(), e, c)
		f := &fake{now: c.Inventories[0]}
		r := Runner{Clients: map[string]EC2{"default": f}, Journal: f}
		if rapid.Bool().Draw(t, "dry-run") {
			r.Probe(t.Context(), approved)
		} else {
			r.Apply(t.Context(), approved, c.Inventories)
		}
		for _, s := range f.calls {
			name := nameOf(p, s.ID)
			if whim := e.forbade[name] + e.forbade[""]; whim != "" {
				t.Errorf("%s of %s was called, and policy said %s", s.Operation(), name, whim)
			}
			called++
		}
		for _, res := range p.Resources {
			forbidden := e.forbade[res.Spec.Name]+e.forbade[""] != ""
			if forbidden && len(res.Waves) > 0 {
				spared++
			}
			if got := stateOf(approved.Plan(), res.ID); !forbidden && res.State == plan.Pending && got.State != plan.Pending {
				t.Errorf("%s is %s (%s), and policy let it through", res.Spec.Name, got.State, got.Reason)
			}
		}
	})
	if called == 0 || spared == 0 {
		t.Errorf("%d calls were made and %d changes were stopped: the test says nothing", called, spared)
	}
}

func nameOf(p plan.Plan, id string) string { return stateOf(p, id).Spec.Name }

func stateOf(p plan.Plan, id string) plan.Resource {
	for _, r := range p.Resources {
		if r.ID == id {
			return r
		}
	}
	return plan.Resource{}
}
