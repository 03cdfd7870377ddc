package plan

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// DefaultGatewayLimit is AWS's quota of private addresses on one NAT gateway,
// the primary included.
const DefaultGatewayLimit = 8

// Input is all that a plan depends on. It is only read.
type Input struct {
	Commit       string                // of the documents; only copied into the plan
	PolicyDigest string                // of the rules in force; likewise
	Mode         string                // observe, dry-run or apply; likewise, and in no hash
	Documents    []spec.Document       // good and bad; a bad one is a resource in error
	Inventories  []inventory.Inventory // one a target
	GatewayLimit map[string]int        // by target, the primary included; DefaultGatewayLimit when absent or 0
	Intents      []Intent              // calls whose effect must show before anything else is done
	Targets      []string              // all that are configured, for words; nil: those of Inventories
}

// Intent is an earlier call that EC2 may have carried out. Until its effect is
// seen the resource is converging: reads lag behind writes.
type Intent struct {
	Target    string
	Kind      inventory.Kind
	ID        string         // nat-… or eni-…; of a move, that of either interface
	Verb      inventory.Verb // what shows on ID: of a move, unassign on the interface that loses
	Addresses []netip.Addr
	Prefixes  []netip.Prefix
	At        time.Time // when it was recorded, for words
}

// Make plans. The result is sealed. There is no error: what cannot be planned is a
// resource in state [Error] or [Blocked], and says why.
//
// Explicit wishes come before counts, so that no count takes what somebody has named,
// and all wishes before conflicts, so that who gives an address up is known when it is
// asked for. Sequencing may block a resource for which others wait: hence the second
// blockVain.
func Make(in Input) Plan {
	b := newBuilder(in)
	b.checkResourceClaims()
	for _, it := range b.items {
		it.wantExplicit()
	}
	b.checkAddressClaims()
	b.reserveListed(in)
	b.findTakers()
	for _, it := range b.items {
		it.wantCounted()
	}
	b.checkAddressClaims() // what a count keeps may be what another spec lists
	b.listUnplanned()
	for _, it := range b.items {
		b.findConflicts(it)
	}
	b.blockVain()
	b.link()
	for _, it := range b.items {
		b.sequence(it)
	}
	b.blockVain()
	p := Plan{Version: Version, Commit: in.Commit, PolicyDigest: in.PolicyDigest, Mode: in.Mode, Resources: []Resource{}}
	for _, it := range b.items {
		p.Resources = append(p.Resources, it.resource())
	}
	p.InventoryHash = b.inventoryHash()
	p.Seal()
	return p
}

// Subnets says which subnets [Make] will look at, by target: those in which an
// address is to be added, and for which of them one is to be chosen. The
// inventories of in need none yet.
func Subnets(in Input) map[string]inventory.SubnetQuery {
	b := newBuilder(in)
	queries := map[string]inventory.SubnetQuery{}
	for _, it := range b.items {
		adds, chooses := it.needsSubnet()
		if it.state != "" || !adds || it.subnet == "" {
			continue
		}
		q := queries[it.doc.Target]
		q.IDs = insert(q.IDs, it.subnet)
		if chooses {
			q.Reservations = insert(q.Reservations, it.subnet)
		}
		queries[it.doc.Target] = q
	}
	return queries
}

// builder holds one planning run. Nothing of it outlives [Make].
type builder struct {
	items   []*item
	targets map[string]*index
	owners  map[resourceKey]*item // whose spec means a resource
	takers  map[takerKey][]*item  // who means to take an address from another interface

	unplanned map[string]*space[*item] // by target: what is listed by specs that cannot be planned
	known     []string                 // names of targets, for words
}

// takerKey names an address of a target.
type takerKey struct {
	target string
	ip     netip.Addr
}

// resourceKey names a resource.
type resourceKey struct {
	target string
	kind   inventory.Kind
	id     string
}

// newBuilder finds every spec's resource and whether it must wait.
func newBuilder(in Input) *builder {
	b := &builder{targets: map[string]*index{}, owners: map[resourceKey]*item{}, takers: map[takerKey][]*item{}}
	for i := range in.Inventories {
		b.targets[in.Inventories[i].Target] = newIndex(&in.Inventories[i])
	}
	if b.known = in.Targets; b.known == nil {
		b.known = slices.Sorted(maps.Keys(b.targets))
	}
	intents := map[resourceKey][]Intent{}
	for _, in := range in.Intents {
		key := resourceKey{in.Target, in.Kind, in.ID}
		intents[key] = append(intents[key], in)
	}
	for _, doc := range in.Documents {
		it := b.resolve(doc, in)
		it.settle(intents[it.key()])
		b.items = append(b.items, it)
	}
	// One order for everything that follows, the result included: who chooses
	// first must not depend on the names of files.
	slices.SortStableFunc(b.items, func(x, y *item) int {
		return cmp.Or(cmp.Compare(x.doc.Target, y.doc.Target), cmp.Compare(x.doc.Kind, y.doc.Kind), cmp.Compare(x.id, y.id),
			cmp.Compare(x.doc.File, y.doc.File), cmp.Compare(x.doc.Line, y.doc.Line), cmp.Compare(x.doc.Name, y.doc.Name))
	})
	return b
}

func (it *item) key() resourceKey { return resourceKey{it.doc.Target, it.doc.Kind, it.id} }

// insert adds s to a sorted list once.
func insert(list []string, s string) []string {
	i, found := slices.BinarySearch(list, s)
	if found {
		return list
	}
	return slices.Insert(list, i, s)
}
