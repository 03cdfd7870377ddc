package plan

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// item is one spec on its way through the steps. A step that cannot go on sets
// state and reason; the later steps then leave the item alone.
type item struct {
	doc   spec.Document
	index *index
	id    string

	// What EC2 reports, the same for both kinds.
	live      any // inventory.NatGateway or inventory.NetworkInterface
	vpc       string
	subnet    string
	addresses []inventory.Address
	prefixes  []netip.Prefix
	primary   netip.Addr // invalid when EC2 does not say
	limit     int        // addresses the resource can hold; 0: not known

	state  State
	reason string

	want         []netip.Addr // the secondary addresses the spec asks for
	wantPrefixes []netip.Prefix

	needs   []need                // added addresses that another spec's resource has
	moves   map[netip.Addr]string // added by taking it from this interface
	late    []netip.Addr          // added when another resource has given it up
	taken   []netip.Addr          // removed because another interface takes it
	awaited []netip.Addr          // removals that another resource waits for
	notes   []string

	waves [][]Action
	waits bool // every wave waits for another resource
	unmet bool // something is not done, and no wave will do it
	keeps bool // what is not done waits for an interface that is converging
}

func (it *item) fail(format string, args ...any)  { it.stop(Error, format, args...) }
func (it *item) block(format string, args ...any) { it.stop(Blocked, format, args...) }

// stop ends an item's way; the first reason stands.
func (it *item) stop(s State, format string, args ...any) {
	if it.state == "" || it.state == Converging && s == Error {
		it.state, it.reason = s, fmt.Sprintf(format, args...)
	}
}

// override blocks an item whose state was set on an assumption that fell.
func (it *item) override(format string, args ...any) {
	it.state, it.waves, it.waits = "", nil, false
	it.block(format, args...)
}

// stopped reports whether nothing is done for the item until something else
// changes.
func (it *item) stopped() bool { return it.state == Error || it.state == Blocked }

// resolve finds the resource that a spec means and refuses what sluice must not
// touch.
func (b *builder) resolve(doc spec.Document, in Input) *item {
	it := &item{doc: doc, id: doc.ID, index: b.targets[doc.Target]}
	if len(doc.Problems) > 0 {
		var texts []string
		for _, p := range doc.Problems {
			texts = append(texts, p.Error())
		}
		it.fail("%s", strings.Join(texts, "; "))
		return it
	}
	if it.index == nil {
		it.fail("target %q is not configured; known targets: %s", doc.Target, strings.Join(b.known, ", "))
		return it
	}
	if doc.Kind == inventory.KindNatGateway {
		it.limit = DefaultGatewayLimit
		if n := in.GatewayLimit[doc.Target]; n > 0 {
			it.limit = n
		}
		it.resolveGateway()
	} else {
		it.resolveInterface()
	}
	it.primary, _ = inventory.Primary(it.addresses)
	return it
}

// resolveGateway knows two ways to refuse: an error for what no waiting changes, and a
// block for what EC2 may still show otherwise.
func (it *item) resolveGateway() {
	if why := it.index.inv.WhyUnread(inventory.ReadNatGateways, ""); why != "" {
		it.fail("NAT gateways of target %q could not be read: %s", it.doc.Target, why)
		return
	}
	g, ok := pick(it, &it.index.gateways, func(g inventory.NatGateway) bool {
		return g.State != "deleted" && g.State != "deleting" && g.State != "failed"
	})
	if !ok {
		return
	}
	g.Addresses = sortedAddresses(g.Addresses)
	it.id, it.live, it.vpc, it.subnet, it.addresses = g.ID, g, g.VpcID, g.SubnetID, g.Addresses
	public := g.ConnectivityType == "public" || g.ConnectivityType == "" && slices.ContainsFunc(g.Addresses, func(a inventory.Address) bool {
		return a.PublicIP != "" || a.AllocationID != ""
	})
	switch {
	case g.State == "pending":
		it.block("%s is still being created (state pending); it is looked at again until it is available", g.ID)
	case g.State != "available":
		it.fail("%s is %s, not available%s", g.ID, orUnknown(g.State), parenthesis(g.FailureMessage))
	case public:
		it.fail("%s is a public NAT gateway; sluice manages private ones only", g.ID)
	case g.AvailabilityMode == "regional" || g.SubnetID == "":
		it.fail("%s is a regional NAT gateway, whose addresses AWS places; sluice manages zonal ones only", g.ID)
	case len(g.Addresses) == 0:
		it.block("EC2 lists no address of %s at all, not even the primary, so nothing is known of it; it is looked at again", g.ID)
	}
}

// resolveInterface refuses what is not its owner's to change: a gateway's own interface,
// whose addresses are the gateway's, and that of an AWS service.
func (it *item) resolveInterface() {
	if why := it.index.inv.WhyUnread(inventory.ReadNetworkInterfaces, ""); why != "" {
		it.fail("network interfaces of target %q could not be read: %s", it.doc.Target, why)
		return
	}
	n, ok := pick(it, &it.index.interfaces, func(inventory.NetworkInterface) bool { return true })
	if !ok {
		return
	}
	n.Addresses, n.Prefixes = sortedAddresses(n.Addresses), slices.Clone(n.Prefixes)
	inventory.SortPrefixes(n.Prefixes)
	it.id, it.live, it.vpc, it.subnet, it.addresses, it.prefixes = n.ID, n, n.VpcID, n.SubnetID, n.Addresses, n.Prefixes
	switch {
	case OfGateway(n):
		it.fail("%s belongs to a NAT gateway; write a spec of kind NatGateway for the gateway instead", n.ID)
	case n.RequesterManaged || n.OperatorManaged:
		it.fail("%s is managed by an AWS service%s; sluice leaves it alone", n.ID, parenthesis(n.Description))
	}
}

// OfGateway reports whether an interface is a NAT gateway's own.
func OfGateway(n inventory.NetworkInterface) bool {
	return strings.EqualFold(n.Type, "natGateway") || strings.EqualFold(n.Type, "nat_gateway") // as EC2 and its emulators spell it
}

// sortedAddresses returns a sorted copy, so that nothing hangs on the order in
// which EC2 lists addresses.
func sortedAddresses(list []inventory.Address) []inventory.Address {
	list = slices.Clone(list)
	inventory.SortAddresses(list)
	return list
}

// pick returns the one resource that the spec's id or selector names. A selector
// looks only at resources that are alive.
func pick[R any](it *item, from *lookup[R], alive func(R) bool) (R, bool) {
	var found []R
	var ids []string
	if it.doc.ID != "" {
		if i, ok := from.ids[it.doc.ID]; ok {
			return from.all[i], true
		}
	} else {
		for _, r := range from.tagged(it.doc.SelectorTags) {
			if alive(r) {
				id, _ := from.facts(r)
				found, ids = append(found, r), append(ids, id)
			}
		}
	}
	var none R
	switch {
	case len(found) == 1:
		return found[0], true
	case it.doc.ID != "":
		it.fail("%s does not exist in target %q; check the id, and the target's account and Region", it.doc.ID, it.doc.Target)
	case len(found) == 0:
		it.fail("the selector %s matches no %s in target %q", formatTags(it.doc.SelectorTags), it.doc.Kind, it.doc.Target)
	default:
		it.fail("the selector %s must match exactly one %s, but matches %d: %s", formatTags(it.doc.SelectorTags), it.doc.Kind, len(found), strings.Join(ids, ", "))
	}
	return none, false
}

func formatTags(tags map[string]string) string {
	var parts []string
	for k, v := range tags {
		parts = append(parts, k+"="+v)
	}
	slices.Sort(parts)
	return "{" + strings.Join(parts, ", ") + "}"
}

func orUnknown(s string) string {
	if s == "" {
		return "in a state that EC2 does not name"
	}
	return s
}

func parenthesis(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}
