package view

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// Resource is one spec's resource: what is planned, and what EC2 reports.
type Resource struct {
	Target string            `json:"target"`
	Kind   inventory.Kind    `json:"kind"`
	ID     string            `json:"id"` // empty when the spec could not be matched to a resource
	Spec   plan.SpecRef      `json:"spec"`
	Labels map[string]string `json:"labels,omitempty"`
	State  plan.State        `json:"state"`
	Reason string            `json:"reason"`

	Observed   bool           `json:"observed"`             // EC2 reported it at the last turn
	VPC        string         `json:"vpc,omitempty"`        // of what was observed
	Subnet     string         `json:"subnet,omitempty"`     // likewise
	MinServing int            `json:"minServing,omitempty"` // of the spec; NAT gateways only
	Addresses  []Address      `json:"addresses"`            // those that the plan adds too
	Prefixes   []netip.Prefix `json:"prefixes,omitempty"`
	Capacity   *Capacity      `json:"capacity,omitempty"` // of a NAT gateway

	Waves    [][]plan.Action `json:"waves"`
	Verdicts []plan.Verdict  `json:"verdicts"`
	Drift    *plan.Drift     `json:"drift,omitempty"` // nil: a commit asked for the difference, or there is none
}

// LabelList is the labels, by key.
func (r Resource) LabelList() []string {
	var list []string
	for _, k := range slices.Sorted(maps.Keys(r.Labels)) {
		list = append(list, k+"="+r.Labels[k])
	}
	return list
}

func (f *Fleet) resource(p plan.Resource, now time.Time) Resource {
	r := Resource{
		Target: p.Target, Kind: p.Kind, ID: p.ID, Spec: p.Spec, State: p.State, Reason: p.Reason,
		Waves: append([][]plan.Action{}, p.Waves...), Verdicts: append([]plan.Verdict{}, p.Verdicts...), Addresses: []Address{}, Drift: p.Drift,
	}
	if d := f.documents[p.Spec]; d != nil {
		r.Labels, r.MinServing = d.Labels, d.MinServing
	}
	seen := f.live[placeOf(p)]
	switch {
	case seen.gateway != nil:
		r.Observed, r.VPC, r.Subnet = true, seen.gateway.VpcID, seen.gateway.SubnetID
		r.Capacity = capacity(seen.gateway.Addresses, f.status.GatewayLimit[p.Target])
	case seen.nic != nil:
		r.Observed, r.VPC, r.Subnet, r.Prefixes = true, seen.nic.VpcID, seen.nic.SubnetID, seen.nic.Prefixes
	}
	for _, a := range seen.addresses() {
		r.Addresses = append(r.Addresses, f.address(placeOf(p), a, now))
	}
	r.Addresses = append(r.Addresses, toCome(p, r.Addresses)...)
	for i := range r.Addresses {
		r.Addresses[i].Change = change(p, r.Addresses[i])
	}
	slices.SortStableFunc(r.Addresses, func(a, b Address) int { return rank(a) - rank(b) })
	return r
}

// rank puts the primary address first, and what is only planned last.
func rank(a Address) int {
	switch {
	case a.Primary:
		return 0
	case a.State == Planned:
		return 2
	}
	return 1
}

// toCome is the addresses that the plan adds, which EC2 does not report yet.
func toCome(p plan.Resource, there []Address) []Address {
	var list []Address
	for _, a := range slices.Concat(p.Waves...) {
		for _, ip := range a.Addresses {
			known := slices.ContainsFunc(there, func(t Address) bool { return t.IP == ip })
			if a.Verb != inventory.VerbUnassign && !known {
				list = append(list, Address{IP: ip, State: Planned})
			}
		}
	}
	return list
}

// change is what the plan does to an address.
func change(p plan.Resource, at Address) inventory.Verb {
	for _, a := range slices.Concat(p.Waves...) {
		if slices.Contains(a.Addresses, at.IP) {
			return a.Verb
		}
	}
	return ""
}
