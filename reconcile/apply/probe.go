package apply

import (
	"context"
	"slices"
	"sync"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// Probe is what a dry-run finds out about one action: two answers that say
// nothing of each other.
type Probe struct {
	Target     string         `json:"target"`
	Kind       inventory.Kind `json:"kind"`
	ID         string         `json:"id"`
	Spec       plan.SpecRef   `json:"spec"`
	Wave       int            `json:"wave"` // of the resource, from 0
	Action     plan.Action    `json:"action"`
	Authorised string         `json:"authorised"`          // what AWS said: yes, no, unknown, not probed; or ignored: it acted
	Feasible   string         `json:"feasible"`            // yes, no: sluice's own check of subnet, capacity, conflict, transition
	Operation  string         `json:"operation"`           // of EC2, such as AssignPrivateIpAddresses
	Code       string         `json:"code,omitempty"`      // EC2's error code: DryRunOperation is its yes
	RequestID  string         `json:"requestId,omitempty"` // EC2's; empty when nothing was sent
	Message    string         `json:"message,omitempty"`   // why it is no yes
}

// Two of the answers that a probe can have.
const (
	NotProbed = "not probed" // nothing was sent
	Ignored   = "ignored"    // the endpoint ignored DryRun, and may have done what it was only asked about
)

// Probe asks EC2 with DryRun whether it would authorise each action. EC2 has no
// DryRun for network interfaces: nothing is sent there. What policy denied or
// held is not sent either. There is one answer for each action, in the plan's order; a
// target's round ends with what would meet its next probe too.
func (r *Runner) Probe(ctx context.Context, approved judge.Approved) []Probe {
	p := approved.Plan()
	var list []Probe
	for _, res := range p.Resources {
		for w, wave := range res.Waves {
			for _, a := range wave {
				pr := newProbe(res, w, a)
				if i := slices.IndexFunc(r.Answered, pr.Same); i >= 0 && pr.Authorised == "" {
					pr = r.Answered[i]
				}
				list = append(list, pr)
			}
		}
	}
	for i := range list {
		if list[i].Authorised == "" && r.Untrusted[list[i].Target] {
			list[i].Authorised, list[i].Message = NotProbed, "this endpoint carried out a dry-run before; it is not asked again"
		}
	}
	var wg sync.WaitGroup
	for target, client := range r.Clients {
		wg.Go(func() {
			for i := range list {
				if list[i].Target == target && list[i].Authorised == "" && !r.probe(ctx, client, &list[i]) {
					break
				}
			}
		})
	}
	wg.Wait()
	for i := range list {
		if list[i].Authorised == "" {
			list[i].Authorised, list[i].Message = NotProbed, "an earlier probe of this target ended the round"
		}
	}
	return list
}

// Same reports whether two probes ask the same.
func (pr Probe) Same(other Probe) bool {
	return pr.Target == other.Target && pr.Kind == other.Kind && pr.ID == other.ID && pr.Wave == other.Wave && pr.Action.String() == other.Action.String() &&
		pr.Action.MaxDrainSeconds == other.Action.MaxDrainSeconds
}

// newProbe leaves Authorised empty where EC2 is to be asked.
func newProbe(res plan.Resource, wave int, a plan.Action) Probe {
	s := Step{Kind: res.Kind, ID: res.ID, Action: a}
	pr := Probe{
		Target: res.Target, Kind: res.Kind, ID: res.ID, Spec: res.Spec, Wave: wave, Action: a,
		Feasible: "yes", Operation: s.call().Operation(),
	}
	switch {
	case res.State == plan.Converging:
		pr.Authorised, pr.Feasible, pr.Message = NotProbed, "no", res.Reason
	case res.State != plan.Pending:
		pr.Authorised, pr.Message = NotProbed, res.Reason
	case res.Kind != inventory.KindNatGateway:
		pr.Authorised, pr.Message = NotProbed, "EC2 has no DryRun for network interfaces"
	}
	return pr
}

// probe asks once and reports whether the round may go on.
func (r *Runner) probe(ctx context.Context, client EC2, pr *Probe) bool {
	if ctx.Err() != nil || r.Preempted != nil && r.Preempted() {
		return false
	}
	s := Step{Kind: pr.Kind, ID: pr.ID, Action: pr.Action}
	call := s.call()
	call.DryRun = true
	answer, err := client.Do(ctx, call)
	s.answered(answer, err)
	pr.Code, pr.RequestID, pr.Message = s.Code, s.RequestID, s.Message
	switch inventory.Class(s.Outcome) {
	case inventory.Class(Accepted):
		pr.Authorised, pr.Code = "yes", "DryRunOperation"
	case inventory.ClassUnauthorized:
		pr.Authorised = "no"
	case inventory.ClassDryRunLeak:
		pr.Authorised = Ignored
		return false
	case inventory.ClassCredentials, inventory.ClassThrottled:
		pr.Authorised = "unknown"
		return false
	default:
		pr.Authorised = "unknown"
	}
	return true
}
