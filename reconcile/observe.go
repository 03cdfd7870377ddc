package reconcile

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// observe reads the resources that the specs name, all targets side by side.
func (l *Loop) observe(ctx context.Context, docs []spec.Document) []inventory.Inventory {
	targets := slices.Sorted(maps.Keys(l.cfg.Targets))
	inventories := make([]inventory.Inventory, len(targets))
	each(targets, func(i int, target string) {
		if q := Query(target, docs); !q.Empty() {
			l.stagger(ctx, target, docs)
			inventories[i] = l.cfg.Targets[target].EC2.Observe(ctx, q)
		}
		inventories[i].Target = target
		inventories[i].Sort()
	})
	return inventories
}

// observeSubnets adds the subnets in which the plan of in is to add an address.
func (l *Loop) observeSubnets(ctx context.Context, in plan.Input) {
	needed := plan.Subnets(in)
	targets := slices.Sorted(maps.Keys(needed))
	of := map[string]*inventory.Inventory{} // made before any of them is written
	for i := range in.Inventories {
		of[in.Inventories[i].Target] = &in.Inventories[i]
	}
	each(targets, func(_ int, target string) {
		inv := of[target]
		subnets, unread := l.cfg.Targets[target].EC2.Subnets(ctx, needed[target])
		inv.Subnets, inv.Unread = subnets, append(inv.Unread, unread...)
		inv.Sort()
	})
}

// Query asks for what the good documents of one target name.
func Query(target string, docs []spec.Document) inventory.Query {
	var q inventory.Query
	for _, d := range docs {
		switch {
		case d.Target != target || len(d.Problems) > 0:
		case d.Kind == inventory.KindNatGateway:
			q.NatGateways = true
		case d.ID != "":
			q.NetworkInterfaceIDs = append(q.NetworkInterfaceIDs, d.ID)
		default:
			q.NetworkInterfaceTags = append(q.NetworkInterfaceTags, d.SelectorTags)
		}
	}
	slices.Sort(q.NetworkInterfaceIDs)
	q.NetworkInterfaceIDs = slices.Compact(q.NetworkInterfaceIDs)
	return q
}

// each runs f for every target at the same time and waits for all.
func each(targets []string, f func(i int, target string)) {
	var wg sync.WaitGroup
	for i, target := range targets {
		wg.Go(func() { f(i, target) })
	}
	wg.Wait()
}
