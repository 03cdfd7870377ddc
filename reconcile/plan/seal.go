package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// Seal counts the summary and sets the plan's hash. It is called again by
// whoever changes states or actions afterwards.
func (p *Plan) Seal() {
	p.Summary = Summarize(p.Resources)
	p.PlanHash = p.hash()
}

// Summarize counts resources by state.
func Summarize(resources []Resource) Summary {
	var s Summary
	counts := map[State]*int{
		InSync: &s.InSync, Pending: &s.Pending, Converging: &s.Converging,
		Blocked: &s.Blocked, Held: &s.Held, Denied: &s.Denied, Error: &s.Error,
	}
	for _, r := range resources {
		if n := counts[r.State]; n != nil {
			*n++
		}
	}
	return s
}

// hash covers what the plan would do and what it rests on: commit, policy,
// inventory, and every action of every resource. The mode is left out, so that a
// plan looked at in a dry-run is the plan that is applied; so are words for
// people.
func (p *Plan) hash() string {
	type resource struct {
		Target string         `json:"target"`
		Kind   inventory.Kind `json:"kind"`
		ID     string         `json:"id"`
		Waves  [][]Action     `json:"waves"`
	}
	content := struct {
		Version       int        `json:"version"`
		Commit        string     `json:"commit"`
		PolicyDigest  string     `json:"policyDigest"`
		InventoryHash string     `json:"inventoryHash"`
		Resources     []resource `json:"resources"`
	}{p.Version, p.Commit, p.PolicyDigest, p.InventoryHash, nil}
	for _, r := range p.Resources {
		if len(r.Waves) > 0 {
			content.Resources = append(content.Resources, resource{r.Target, r.Kind, r.ID, r.Waves})
		}
	}
	return digest(content)
}

// inventoryHash covers what EC2 reports of the resources that the specs name,
// and of the subnets that were looked at as far as the plan depends on them.
func (b *builder) inventoryHash() string {
	type seen struct {
		Target string       `json:"target"`
		Live   any          `json:"live"`
		Subnet netip.Prefix `json:"subnet"`
	}
	list := []seen{}
	for _, it := range b.items {
		if it.live == nil {
			continue
		}
		s := seen{Target: it.doc.Target}
		switch live := it.live.(type) {
		case inventory.NatGateway:
			s.Live = live.Core()
		case inventory.NetworkInterface:
			s.Live = live.Core()
		}
		if subnet, ok := it.index.subnets[it.subnet]; ok {
			s.Subnet = subnet.CIDR
		}
		list = append(list, s)
	}
	return digest(list)
}

// digest is the SHA-256 of a value's JSON. Values here always marshal: they hold
// no channels, functions or cycles.
func digest(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("plan: a plain value did not marshal: %v", err))
	}
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Within reports whether every action of p is part of whole: what was decided
// for the whole then covers p. An action that names fewer addresses is within
// one that names more. The inventories may differ: the calls of a plan that was begun
// change what is left of it, and with that its hash.
func (p *Plan) Within(whole *Plan) bool {
	if p.Commit != whole.Commit || p.PolicyDigest != whole.PolicyDigest {
		return false
	}
	allowed := map[resourceKey][]Action{}
	for _, r := range whole.Resources {
		key := resourceKey{r.Target, r.Kind, r.ID}
		allowed[key] = append(allowed[key], slices.Concat(r.Waves...)...)
	}
	for _, r := range p.Resources {
		for _, a := range slices.Concat(r.Waves...) {
			if !a.within(allowed[resourceKey{r.Target, r.Kind, r.ID}]) {
				return false
			}
		}
	}
	return true
}

// within reports whether each address of a is named by an action of the same
// kind. A drain may be shorter than it was, never longer.
func (a Action) within(actions []Action) bool {
	named := func(has func(Action) bool) bool {
		return slices.ContainsFunc(actions, func(o Action) bool {
			return o.Verb == a.Verb && o.From == a.From && a.MaxDrainSeconds <= o.MaxDrainSeconds && has(o)
		})
	}
	for _, ip := range a.Addresses {
		if !named(func(o Action) bool { return slices.Contains(o.Addresses, ip) }) {
			return false
		}
	}
	for _, p := range a.Prefixes {
		if !named(func(o Action) bool { return slices.Contains(o.Prefixes, p) }) {
			return false
		}
	}
	return true
}

// Stop turns a resource aside: it keeps its waves for people to read where the
// state says why they are not carried out (held, denied), and loses them
// otherwise. Seal the plan afterwards.
func (r *Resource) Stop(s State, reason string) {
	r.State, r.Reason = s, reason
	if s != Held && s != Denied {
		r.Waves = [][]Action{}
	}
}
