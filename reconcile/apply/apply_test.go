package apply

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/calendar"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

// allow is an engine without rules.
type allow struct{}

func (allow) Eval(context.Context, policy.Scope, any, time.Time) (policy.Result, error) {
	return policy.Result{}, nil
}

func (allow) EvalAll(_ context.Context, _ policy.Scope, n int, _ func(int) any, _ time.Time) []policy.Answer {
	return make([]policy.Answer, n)
}

// world is a target with n gateways that hold .20 and, by their specs, are to
// hold .21 instead, and one interface that is to give up .201.
func world(t *testing.T, n int) (judge.Approved, []inventory.Inventory) {
	t.Helper()
	return worldAt(t, n, calendar.Calendar{}, time.Time{})
}

// worldAt is that world, judged at an instant by a calendar.
func worldAt(t *testing.T, n int, c calendar.Calendar, now time.Time) (judge.Approved, []inventory.Inventory) {
	t.Helper()
	inv := inventory.Inventory{Target: "default", Subnets: []inventory.Subnet{{ID: "subnet-1", VpcID: "vpc-1", CIDR: netip.MustParsePrefix("10.0.0.0/16")}}}
	text := "apiVersion: sluice/v1\nkind: NetworkInterface\nmetadata: {name: vip}\nspec: {id: eni-0123456789abcdef0, secondary: {addresses: []}}\n"
	for i := range n {
		id := fmt.Sprintf("nat-%017d", i)
		inv.NatGateways = append(inv.NatGateways, inventory.NatGateway{
			ID: id, VpcID: "vpc-1", SubnetID: "subnet-1", State: "available", ConnectivityType: "private",
			Addresses: []inventory.Address{
				{IP: ip(fmt.Sprintf("10.0.%d.10", i)), Primary: true, Status: inventory.StatusSucceeded},
				{IP: ip(fmt.Sprintf("10.0.%d.20", i)), Status: inventory.StatusSucceeded},
			},
		})
		text += fmt.Sprintf("---\napiVersion: sluice/v1\nkind: NatGateway\nmetadata: {name: g%d}\nspec: {id: %s, secondary: {addresses: [10.0.%d.21]}}\n", i, id, i)
	}
	inv.NetworkInterfaces = []inventory.NetworkInterface{{
		ID: "eni-0123456789abcdef0", VpcID: "vpc-1", SubnetID: "subnet-1", Type: "interface",
		Addresses: []inventory.Address{{IP: ip("10.0.200.200"), Primary: true}, {IP: ip("10.0.200.201")}},
	}}
	inv.Sort()
	set := spec.Parse([]spec.File{{Path: "a.yaml", Data: []byte(text)}})
	if len(set.Problems) > 0 {
		t.Fatal(set.Problems)
	}
	all := []inventory.Inventory{inv}
	p := plan.Make(plan.Input{Commit: "c1", Mode: "apply", Documents: set.Documents, Inventories: all})
	approved := judge.Judge(t.Context(), allow{}, judge.Case{Plan: p, Documents: set.Documents, Inventories: all, Budget: judge.Budget{Removals: 1000}, Calendar: c, Now: now})
	if approved.Plan().Summary.Pending != n+1 {
		t.Fatalf("plan %+v", approved.Plan())
	}
	return approved, all
}

// fake is an EC2 and a journal that write down what happens, in order.
type fake struct {
	now    inventory.Inventory // what Reread finds
	answer func(inventory.Call) (inventory.Answer, error)
	intent error
	log    []string
	calls  []inventory.Call
}

func (f *fake) Reread(_ context.Context, _ inventory.Kind, id string) (inventory.Inventory, error) {
	f.log = append(f.log, "reread "+id)
	return f.now, nil
}

func (f *fake) Do(_ context.Context, c inventory.Call) (inventory.Answer, error) {
	f.calls = append(f.calls, c)
	f.log = append(f.log, fmt.Sprintf("%s %v dry-run=%v", c.Operation(), c.Addresses, c.DryRun))
	if f.answer != nil {
		return f.answer(c)
	}
	return inventory.Answer{RequestID: "req-1"}, nil
}

func (f *fake) Intent(_ context.Context, s Step) (uint64, error) {
	f.log = append(f.log, "intent "+s.Action.String())
	return 7, f.intent
}

func (f *fake) Outcome(_ context.Context, intent uint64, s Step) error {
	f.log = append(f.log, fmt.Sprintf("outcome of %d: %s %s", intent, s.Outcome, s.RequestID))
	return nil
}

func run(t *testing.T, f *fake, n int) []Step {
	t.Helper()
	approved, all := world(t, n)
	if f.now.Target == "" {
		f.now = all[0]
	}
	r := Runner{Clients: map[string]EC2{"default": f}, Journal: f}
	return r.Apply(t.Context(), approved, all)
}

func TestEachCallStandsBetweenItsRecords(t *testing.T) {
	f := &fake{}
	steps := run(t, f, 1)
	want := []string{
		"reread nat-00000000000000000", "intent assign 10.0.0.21", "AssignPrivateNatGatewayAddress [10.0.0.21] dry-run=false", "outcome of 7: accepted req-1",
		"reread eni-0123456789abcdef0", "intent unassign 10.0.200.201", "UnassignPrivateIpAddresses [10.0.200.201] dry-run=false", "outcome of 7: accepted req-1",
	}
	if !slices.Equal(f.log, want) {
		t.Errorf("\n got  %q\n want %q", f.log, want)
	}
	if len(steps) != 2 || steps[0].Outcome != Accepted || steps[0].RequestID != "req-1" {
		t.Errorf("steps %+v", steps)
	}
}

func TestACallIsNotMadeWhenSomethingIsInItsWay(t *testing.T) {
	_, all := world(t, 1)
	changed := all[0]
	changed.NatGateways = slices.Clone(changed.NatGateways)
	changed.NatGateways[0].State = "deleting"
	changed.NetworkInterfaces = nil // gone
	tests := []struct {
		name    string
		fake    *fake
		runner  func(*Runner)
		outcome Outcome
	}{
		{"the resource changed after it was planned", &fake{now: changed}, nil, Changed},
		{"the intent cannot be recorded", &fake{intent: errors.New("disk full")}, nil, NoRecord},
		{"a newer commit came", &fake{}, func(r *Runner) { r.Preempted = func() bool { return true } }, Preempted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			approved, all := world(t, 1)
			if tt.fake.now.Target == "" {
				tt.fake.now = all[0]
			}
			r := Runner{Clients: map[string]EC2{"default": tt.fake}, Journal: tt.fake}
			if tt.runner != nil {
				tt.runner(&r)
			}
			steps := r.Apply(t.Context(), approved, all)
			if steps[0].Outcome != tt.outcome || steps[0].Message == "" {
				t.Errorf("outcome %s: %s", steps[0].Outcome, steps[0].Message)
			}
			for _, line := range tt.fake.log {
				if strings.Contains(line, "dry-run=") {
					t.Errorf("a call was made: %s", line)
				}
			}
		})
	}
}

func TestACancelledContextEndsBetweenCalls(t *testing.T) {
	approved, all := world(t, 3)
	ctx, cancel := context.WithCancel(t.Context())
	f := &fake{now: all[0]}
	f.answer = func(inventory.Call) (inventory.Answer, error) {
		cancel()
		return inventory.Answer{RequestID: "req-1"}, nil
	}
	r := Runner{Clients: map[string]EC2{"default": f}, Journal: f}
	steps := r.Apply(ctx, approved, all)
	if steps[0].Outcome != Accepted || steps[1].Outcome != Preempted || steps[3].Outcome != Preempted {
		t.Errorf("steps %+v", steps)
	}
	if last := f.log[len(f.log)-1]; last != "outcome of 7: accepted req-1" {
		t.Errorf("the answer of the call that was under way was not recorded: %q", f.log)
	}
}

func TestWhatWillMeetTheNextCallTooEndsTheBatch(t *testing.T) {
	for _, class := range []inventory.Class{inventory.ClassThrottled, inventory.ClassCredentials} {
		f := &fake{answer: func(inventory.Call) (inventory.Answer, error) {
			return inventory.Answer{}, &inventory.Fault{Operation: "X", Class: class, Code: "C", RequestID: "req-2"}
		}}
		steps := run(t, f, 2)
		if steps[0].Outcome != Outcome(class) || steps[0].Code != "C" || steps[0].RequestID != "req-2" || steps[1].Outcome != Preempted {
			t.Errorf("%s: %+v", class, steps)
		}
	}
	f := &fake{answer: func(inventory.Call) (inventory.Answer, error) {
		return inventory.Answer{}, &inventory.Fault{Operation: "X", Class: inventory.ClassRefused, Code: "C"}
	}}
	for _, s := range run(t, f, 2) {
		if s.Outcome != Outcome(inventory.ClassRefused) {
			t.Errorf("one refusal must not stop the others: %+v", s)
		}
	}
}

func TestAnErrorThatIsNoFaultCountsAsLost(t *testing.T) {
	f := &fake{answer: func(inventory.Call) (inventory.Answer, error) { return inventory.Answer{}, errors.New("odd") }}
	if s := run(t, f, 1)[0]; s.Outcome != Outcome(inventory.ClassLost) {
		t.Errorf("outcome %s", s.Outcome)
	}
}

func TestProbesAskForNatGatewaysOnlyAndStopAtALeak(t *testing.T) {
	approved, all := world(t, 1)
	f := &fake{now: all[0]}
	r := Runner{Clients: map[string]EC2{"default": f}, Journal: f}
	var got []string
	for _, p := range r.Probe(t.Context(), approved) {
		got = append(got, fmt.Sprintf("%s %s %s", p.Operation, p.Authorised, p.Feasible))
	}
	want := []string{"AssignPrivateNatGatewayAddress yes yes", "UnassignPrivateNatGatewayAddress yes yes", "UnassignPrivateIpAddresses not probed yes"}
	if !slices.Equal(got, want) {
		t.Errorf("probes %q", got)
	}
	for _, line := range f.log {
		if !strings.HasSuffix(line, "dry-run=true") {
			t.Errorf("a dry-run did %s", line)
		}
	}
	f.log, f.answer = nil, func(inventory.Call) (inventory.Answer, error) {
		return inventory.Answer{}, &inventory.Fault{Class: inventory.ClassDryRunLeak}
	}
	probes := r.Probe(t.Context(), approved)
	if len(f.log) != 1 || probes[0].Authorised != Ignored || probes[1].Authorised != NotProbed {
		t.Errorf("after a leak: %q, %+v", f.log, probes)
	}
	f.log, r.Untrusted = nil, map[string]bool{"default": true}
	if probes = r.Probe(t.Context(), approved); len(f.log) != 0 || probes[0].Authorised != NotProbed {
		t.Errorf("an endpoint that leaked once was asked again: %q, %+v", f.log, probes)
	}
}

func TestNothingIsAppliedThatWasNotApproved(t *testing.T) {
	f := &fake{}
	r := Runner{Clients: map[string]EC2{"default": f}, Journal: f}
	if steps := r.Apply(t.Context(), judge.Approved{}, nil); len(steps) != 0 || len(f.log) != 0 {
		t.Errorf("steps %+v", steps)
	}
}
