package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/judge"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// addLive adds what action and plan rules say of a document's resource, and where
// it stands. Without a single spec rule the document stays one that was not judged.
func (au *audit) addLive(out *render.AuditDocument, r plan.Resource) {
	out.Live = &render.AuditState{Target: r.Target, ID: r.ID, State: r.State, Reason: render.Reason(r)}
	if r.State == plan.Pending { // the waves are not shown beside it
		out.Live.Reason = steps(r)
	}
	if len(out.Rules) == 0 {
		return
	}
	said := map[string][]render.AuditRule{}
	var own []render.AuditRule // of sluice itself: guards, approvals
	whole := len(r.Waves) > 0  // what does not change was not put before these rules
	for _, v := range r.Verdicts {
		rule := render.AuditRule{ID: v.Rule, Decision: v.Decision, Msg: v.Msg}
		switch scope, _, _ := strings.Cut(v.Rule, "."); policy.Scope(scope) {
		case policy.ScopeSpec: // said already, with its place
		case policy.ScopeAction, policy.ScopePlan:
			said[v.Rule] = append(said[v.Rule], rule)
		default:
			if v.Rule == judge.EngineRule {
				rule.Decision, whole = "error", false
			}
			own = append(own, rule)
		}
	}
	for _, rule := range au.rules {
		switch {
		case rule.Scope == policy.ScopeSpec:
		case len(said[rule.ID]) > 0:
			out.Rules = append(out.Rules, said[rule.ID]...)
		case whole:
			out.Rules = append(out.Rules, render.AuditRule{ID: rule.ID, Decision: "pass"})
		}
	}
	out.Rules = append(out.Rules, own...)
}

// steps says in words what is to be done, and what else there is to say.
func steps(r plan.Resource) string {
	var waves []string
	for _, wave := range r.Waves {
		var parts []string
		for _, act := range wave {
			parts = append(parts, act.String())
		}
		waves = append(waves, strings.Join(parts, " and "))
	}
	text := strings.Join(waves, ", then ")
	if more := render.Reason(r); more != "" {
		text += "; " + more
	}
	return text
}

// unnamed adds the judged plan to a report, and the live secondary addresses that
// no spec names.
func (p *auditPlace) unnamed(ctx context.Context, found *liveLook, audited *render.AuditReport) {
	audited.Live = &render.AuditLive{Plan: found.plan, Commit: found.commit()}
	docs := found.desired.Specs.Documents
	for _, inv := range p.inventories(ctx, found) {
		if why := inv.WhyUnread(inventory.ReadNatGateways, ""); why != "" {
			audited.Problems = append(audited.Problems, fmt.Sprintf(
				"the NAT gateways of target %q could not be read, so it is not known which addresses no spec names: %s", inv.Target, why))
		}
		for _, g := range inv.NatGateways {
			if g.State != "available" && g.State != "pending" {
				continue
			}
			live := liveResource{inv.Target, inventory.KindNatGateway, g.ID, g.Tags, g.Addresses}
			audited.Live.Add(live.unnamed(found.plan, docs, "no spec names the gateway"))
		}
		for _, n := range inv.NetworkInterfaces {
			live := liveResource{inv.Target, inventory.KindNetworkInterface, n.ID, n.Tags, n.Addresses}
			audited.Live.Add(live.unnamed(found.plan, docs, ""))
		}
	}
}

// inventories are those that were planned by, and the NAT gateways of targets in which no
// spec names one. They are read apart, so that the plan is the one of `sluice plan`.
func (p *auditPlace) inventories(ctx context.Context, found *liveLook) []inventory.Inventory {
	list := slices.Clone(found.inventories)
	for i, inv := range list {
		named := slices.ContainsFunc(found.desired.Specs.Documents, func(d spec.Document) bool {
			return d.Target == inv.Target && d.Kind == inventory.KindNatGateway && len(d.Problems) == 0
		})
		if !named {
			more := p.loop.Targets[inv.Target].EC2.Observe(ctx, inventory.Query{NatGateways: true})
			list[i].NatGateways, list[i].Unread = more.NatGateways, append(slices.Clone(inv.Unread), more.Unread...)
			list[i].Sort()
		}
	}
	return list
}

// liveResource is a resource as EC2 reports it.
type liveResource struct {
	target    string
	kind      inventory.Kind
	id        string
	tags      map[string]string
	addresses []inventory.Address
}

// unnamed returns the resource's secondary addresses that no spec names. nobodys
// says so of a resource without any spec; where it is empty, such a one has none.
func (l liveResource) unnamed(p plan.Plan, docs []spec.Document, nobodys string) (render.AuditAddresses, bool) {
	out := render.AuditAddresses{Target: l.target, Kind: string(l.kind), ID: l.id, Name: l.tags["Name"], Why: nobodys}
	wanted := func(inventory.Address) bool { return false }
	i := slices.IndexFunc(p.Resources, func(r plan.Resource) bool { return r.Target == l.target && r.Kind == l.kind && r.ID == l.id })
	switch {
	case slices.ContainsFunc(docs, l.claimedBadly): // what it wants cannot be read
		return out, false
	case i >= 0:
		r := p.Resources[i]
		d := slices.IndexFunc(docs, func(d spec.Document) bool { return plan.SpecRef{Name: d.Name, File: d.File, Line: d.Line} == r.Spec })
		if d < 0 {
			return out, false
		}
		out.Spec, out.Why = &r.Spec, "not wanted by its spec, "+r.Spec.Name
		wanted = wantedBy(docs[d], r)
		if docs[d].Secondary == nil {
			out.Why = "its spec, " + r.Spec.Name + ", has no secondary addresses"
		}
	case nobodys == "":
		return out, false
	}
	for _, a := range l.addresses {
		if a.Primary || a.Status == inventory.StatusFailed || wanted(a) {
			continue
		}
		one := render.AuditAddress{IP: a.IP.String()}
		if !a.Status.Settled() {
			one.Status = string(a.Status)
		}
		out.Addresses = append(out.Addresses, one)
	}
	return out, len(out.Addresses) > 0
}

// wantedBy tells the addresses that a document wants its resource to hold. Where it
// only counts them, those are not wanted that its plan gives up.
func wantedBy(doc spec.Document, r plan.Resource) func(inventory.Address) bool {
	s := doc.Secondary
	return func(a inventory.Address) bool {
		switch {
		case s == nil:
			return false
		case s.Count == nil:
			return slices.Contains(s.Addresses, a.IP)
		}
		return a.Status != inventory.StatusUnassigning && !slices.ContainsFunc(slices.Concat(r.Waves...), func(act plan.Action) bool {
			return act.Verb == inventory.VerbUnassign && slices.Contains(act.Addresses, a.IP)
		})
	}
}

// claimedBadly reports whether a document with problems names the resource.
func (l liveResource) claimedBadly(d spec.Document) bool {
	if len(d.Problems) == 0 || d.Target != l.target || d.Kind != l.kind {
		return false
	}
	if d.ID != "" || len(d.SelectorTags) == 0 {
		return d.ID == l.id
	}
	return slices.IndexFunc(slices.Collect(maps.Keys(d.SelectorTags)), func(k string) bool {
		v, ok := l.tags[k]
		return !ok || v != d.SelectorTags[k]
	}) < 0
}
