package reconcile

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// record writes down what this turn decided, where it is news: a plan that asks
// for something, resources that became as their specs say, and that nothing is
// left to do under a commit.
func (l *Loop) record(ctx context.Context, t *Turn) error {
	p := t.Plan()
	var records []history.Record
	asks := p.Summary.Pending+p.Summary.Held+p.Summary.Denied > 0
	now := decision(p)
	if t.Approved.PastHold() {
		now.Plan = remainder(p)
	}
	now.Basis = basis(t.Planned, t.Inventories)
	if hash, said := l.cfg.Ledger.LastDecision(); asks && (hash != now.PlanHash || said != now.Decision) {
		records = append(records, fit(now))
	}
	records = append(records, l.reached(t)...)
	commit, policy := l.cfg.Ledger.Converged()
	settled := p.Summary.Pending+p.Summary.Converging == 0 && !unread(t.Inventories) && p.Hold == ""
	if settled && (commit != p.Commit || policy != p.PolicyDigest || l.cfg.Ledger.Acted()) {
		records = append(records, history.Record{Kind: history.KindConverged, Commit: p.Commit, PolicyDigest: p.PolicyDigest, PlanHash: p.PlanHash, Decision: stopped(p)})
	}
	_, err := l.journal.append(ctx, records...)
	return err
}

// largestRemainder keeps a record well below the history's limit.
const largestRemainder = 512 << 10

// remainder is the part of a plan that does something, as JSON: what an approval
// covers from now on.
func remainder(p plan.Plan) json.RawMessage {
	whole := p
	whole.Resources = nil
	for _, r := range p.Resources {
		if r.State == plan.Pending {
			r.Verdicts, r.Reason, r.Drift = nil, "", nil
			whole.Resources = append(whole.Resources, r)
		}
	}
	data, err := json.Marshal(whole)
	if err != nil || len(data) > largestRemainder {
		return nil // then what is left is approved anew
	}
	return data
}

// Basis is what a recorded decision rests on, without what nothing was asked of.
type Basis struct {
	Plan        plan.Plan             `json:"plan"` // as it was before rules saw it
	Inventories []inventory.Inventory `json:"inventories"`
}

// largestBasis bounds what one decision adds to the record.
const largestBasis = 256 << 10

// basis keeps of a plan the resources that ask for something, and of the
// inventories those resources and their subnets. It is nil when nothing is asked
// for, or when it would be too large: then nobody can judge it again.
func basis(p plan.Plan, inventories []inventory.Inventory) json.RawMessage {
	b := Basis{Plan: p}
	b.Plan.Resources = slices.DeleteFunc(slices.Clone(p.Resources), func(r plan.Resource) bool { return len(r.Waves) == 0 })
	if len(b.Plan.Resources) == 0 {
		return nil
	}
	for i := range b.Plan.Resources {
		b.Plan.Resources[i].Drift = nil // has records of its own
	}
	for _, inv := range inventories {
		b.Inventories = append(b.Inventories, involved(inv, b.Plan.Resources))
	}
	data, err := json.Marshal(b)
	if err != nil || len(data) > largestBasis {
		return nil
	}
	return data
}

// involved is the part of an inventory that resources are in.
func involved(inv inventory.Inventory, resources []plan.Resource) inventory.Inventory {
	out := inventory.Inventory{Target: inv.Target}
	subnets := map[string]bool{}
	for _, r := range resources {
		if r.Target != inv.Target {
			continue
		}
		if g, ok := inv.NatGateway(r.ID); ok {
			out.NatGateways, subnets[g.SubnetID] = append(out.NatGateways, g), true
		}
		if n, ok := inv.NetworkInterface(r.ID); ok {
			out.NetworkInterfaces, subnets[n.SubnetID] = append(out.NetworkInterfaces, n), true
		}
	}
	for _, s := range inv.Subnets {
		if subnets[s.ID] {
			s.Holders, s.Reservations = nil, nil // what the planner needs, and rules do not see
			out.Subnets = append(out.Subnets, s)
		}
	}
	return out
}

// reachedAtOnce bounds one record's size; a fleet takes several.
const reachedAtOnce = 1000

// reached tells which resources are newly as their specs say.
func (l *Loop) reached(t *Turn) []history.Record {
	p := t.Plan()
	var records []history.Record
	for _, r := range p.Resources {
		key, digest := resourceKey(r), t.Desired.digests[r.Spec]
		if r.State != plan.InSync || digest == "" || l.cfg.Ledger.Reached(key) == digest {
			continue
		}
		if n := len(records); n == 0 || len(records[n-1].Reached) >= reachedAtOnce {
			records = append(records, history.Record{Kind: history.KindReached, Commit: p.Commit, PolicyDigest: p.PolicyDigest, Reached: map[string]string{}})
		}
		records[len(records)-1].Reached[key] = digest
	}
	return records
}

// stopped is what a plan's gravest decision was; empty when nothing was stopped. A
// commit of which a part was, and for which no call was made, is not an applied one.
func stopped(p plan.Plan) string {
	switch {
	case p.Summary.Denied > 0:
		return policy.Deny
	case p.Summary.Held > 0:
		return policy.Hold
	}
	return ""
}

// drifted reports whether a resource was once as its spec says, and now differs
// though the spec is the same: no commit asked for it.
func (l *Loop) drifted(d *Desired, r plan.Resource) bool {
	digest := d.digests[r.Spec]
	return r.State == plan.Pending && digest != "" && l.cfg.Ledger.Reached(resourceKey(r)) == digest
}

// unread reports whether a part of any inventory could not be read.
func unread(inventories []inventory.Inventory) bool {
	return slices.ContainsFunc(inventories, func(inv inventory.Inventory) bool { return len(inv.Unread) > 0 })
}

// decision is the record of a judged plan. Verdicts of resources that nothing
// would happen to are left out, and what is said of many resources stands once: a
// record does not say of which, and has a largest size.
func decision(p plan.Plan) history.Record {
	rec := history.Record{Kind: history.KindDecision, Commit: p.Commit, PolicyDigest: p.PolicyDigest, PlanHash: p.PlanHash, Decision: "allow"}
	said := map[plan.Verdict]bool{}
	for _, r := range p.Resources {
		switch {
		case r.State == plan.Denied:
			rec.Decision = policy.Deny
		case r.State == plan.Held && rec.Decision != policy.Deny:
			rec.Decision = policy.Hold
		}
		if r.State == plan.Denied || r.State == plan.Held || r.State == plan.Pending {
			for _, v := range r.Verdicts {
				if !said[v] {
					said[v] = true
					rec.Verdicts = append(rec.Verdicts, verdicts([]plan.Verdict{v})...)
				}
			}
		}
	}
	rec.Message = fmt.Sprintf("mode %s: %d pending, %d held, %d denied, %d blocked, %d in error",
		p.Mode, p.Summary.Pending, p.Summary.Held, p.Summary.Denied, p.Summary.Blocked, p.Summary.Error)
	return rec
}

func resourceKey(r plan.Resource) string {
	return fmt.Sprintf("%s/%s/%s", r.Target, r.Kind, r.ID)
}

func resourceRecord(kind history.Kind, p plan.Plan, r plan.Resource) history.Record {
	return history.Record{
		Kind: kind, Commit: p.Commit, PolicyDigest: p.PolicyDigest, PlanHash: p.PlanHash,
		Target: r.Target, ResourceKind: string(r.Kind), ResourceID: r.ID,
		SpecName: r.Spec.Name, SpecFile: r.Spec.File, SpecLine: r.Spec.Line,
	}
}
