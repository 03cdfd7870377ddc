package plan

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// sequence orders an item's changes: make before break. All removals of a
// gateway go in one call where the floor allows, because an unassign locks the
// gateway until its drain ends.
func (b *builder) sequence(it *item) {
	if it.state != "" {
		return
	}
	held := it.held()
	var adds, removes []netip.Addr
	var addPrefixes, removePrefixes []netip.Prefix
	if it.doc.Secondary != nil {
		adds = missing(it.want, held)
		removes = b.keepForTakers(it, missing(held, it.want))
	}
	if it.doc.Prefixes != nil {
		addPrefixes, removePrefixes = missing(it.wantPrefixes, it.prefixes), missing(it.prefixes, it.wantPrefixes)
	}
	if !it.primary.IsValid() {
		removes, removePrefixes = it.withhold(removes, removePrefixes)
	}
	isLate := func(ip netip.Addr) bool { return slices.Contains(it.late, ip) }
	isAwaited := func(ip netip.Addr) bool { return slices.Contains(it.awaited, ip) }
	s := sequencer{item: it, rows: len(it.addresses), serving: it.serving()}
	now, later := split(adds, isLate)
	if len(later) > 0 { // keep serving until what is awaited arrives, unless others wait for this resource
		var first, rest []netip.Addr
		rest, first = split(removes, isAwaited)
		now, first = s.run(now, first)
		it.waits = len(s.waves) == 0
		now, removes = append(now, later...), append(first, rest...)
	}
	adds, removes = s.run(now, removes)
	s.prefixes(addPrefixes, removePrefixes)
	it.finish(s, len(adds)+len(removes) == 0)
}

// keepForTakers leaves out of an interface's removals what another interface's
// spec means to take, whether it can do so now or not.
func (b *builder) keepForTakers(it *item, removes []netip.Addr) []netip.Addr {
	return slices.DeleteFunc(removes, func(ip netip.Addr) bool {
		taker := b.taker(it, ip)
		if taker == nil {
			return false
		}
		if !slices.Contains(it.taken, ip) {
			it.unmet = true
			it.keeps = it.keeps || taker.state == Converging
			it.notes = append(it.notes, fmt.Sprintf("%s stays until %s can take it", ip, orName(taker)))
		}
		return true
	})
}

// orName names an item's resource, or its spec where there is none.
func orName(it *item) string {
	if it.id != "" {
		return it.id
	}
	return it.doc.Name
}

// withhold is for a resource whose primary address EC2 does not name: nothing is
// removed there. One address of those held must be the primary, and is missed by
// nobody.
func (it *item) withhold(removes []netip.Addr, prefixes []netip.Prefix) ([]netip.Addr, []netip.Prefix) {
	if len(removes) > 1 || len(prefixes) > 0 {
		it.unmet = true
		it.notes = append(it.notes, fmt.Sprintf("EC2 does not say which address of %s is the primary, so none is removed there", it.id))
	} else if len(removes) == 1 {
		it.notes = append(it.notes, fmt.Sprintf("EC2 does not say which address of %s is the primary; %s is taken to be it", it.id, removes[0]))
	}
	return nil, nil
}

// finish sets the item's state from its waves.
func (it *item) finish(s sequencer, ok bool) {
	it.waves = s.waves
	note := strings.Join(it.notes, "; ")
	switch {
	case !ok:
		it.override("%s", strings.Join(append([]string{it.stuck()}, it.notes...), "; "))
	case it.waits:
		it.state, it.reason = Converging, note
	case len(s.waves) > 0:
		it.state, it.reason = Pending, strings.Join(append([]string{describe(s.waves)}, it.notes...), "; ")
	case it.unmet && it.keeps:
		it.state, it.reason = Converging, note
	case it.unmet:
		it.block("%s", note)
	default:
		it.state, it.reason = InSync, note
	}
}

// stuck says why nothing can be added or removed.
func (it *item) stuck() string {
	failed := ""
	if n := len(it.addresses) - it.serving(); n > 0 {
		failed = fmt.Sprintf(" (%d of them failed, which only a removal by hand takes away)", n)
	}
	return fmt.Sprintf("%s holds %d of %d addresses%s and minServing is %d: no address can be added before one is removed, and none can be removed; lower minServing or want fewer addresses",
		it.id, len(it.addresses), it.limit, failed, it.doc.MinServing)
}

// sequencer builds waves while it keeps count of what EC2 will then hold.
type sequencer struct {
	item    *item
	rows    int // addresses of any status; the limit counts them all
	serving int // addresses that take new connections, the primary included
	waves   [][]Action
}

// run appends waves until everything is added and removed. Each turn adds as
// many as fit and then removes as many as the floor allows; a turn that can do
// neither means that there is no way, and what is left is returned.
func (s *sequencer) run(adds, removes []netip.Addr) (leftAdds, leftRemoves []netip.Addr) {
	for len(adds) > 0 || len(removes) > 0 {
		a := len(adds)
		if limit := s.item.limit; limit > 0 {
			a = max(0, min(a, limit-s.rows))
		}
		s.add(adds[:a])
		r := max(0, min(len(removes), s.serving-s.item.doc.MinServing))
		s.remove(removes[:r])
		if a == 0 && r == 0 {
			break
		}
		adds, removes = adds[a:], removes[r:]
	}
	return adds, removes
}

// add appends one wave that adds addresses: one call for those that are free, and one for
// each interface that others are taken from: right before a move that interface is read
// again and guarded too.
func (s *sequencer) add(ips []netip.Addr) {
	if len(ips) == 0 {
		return
	}
	var wave []Action
	plain, moved := split(ips, func(ip netip.Addr) bool { return s.item.moves[ip] != "" })
	if len(plain) > 0 {
		wave = append(wave, Action{Verb: inventory.VerbAssign, Addresses: plain})
	}
	var sources []string
	for _, ip := range moved {
		sources = insert(sources, s.item.moves[ip])
	}
	for _, from := range sources {
		_, ips := split(moved, func(ip netip.Addr) bool { return s.item.moves[ip] == from })
		wave = append(wave, Action{Verb: inventory.VerbMove, Addresses: ips, From: from})
	}
	s.waves = append(s.waves, wave)
	s.rows, s.serving = s.rows+len(ips), s.serving+len(ips)
}

func (s *sequencer) remove(ips []netip.Addr) {
	if len(ips) == 0 {
		return
	}
	a := Action{Verb: inventory.VerbUnassign, Addresses: ips}
	if s.item.doc.Kind == inventory.KindNatGateway {
		a.MaxDrainSeconds = s.item.doc.MaxDrainSeconds
	}
	s.waves = append(s.waves, []Action{a})
	s.rows, s.serving = s.rows-len(ips), s.serving-len(ips)
}

// prefixes appends the changes of an interface's prefixes: EC2 takes them in
// calls of their own.
func (s *sequencer) prefixes(adds, removes []netip.Prefix) {
	if len(adds) > 0 {
		s.waves = append(s.waves, []Action{{Verb: inventory.VerbAssign, Prefixes: adds}})
	}
	if len(removes) > 0 {
		s.waves = append(s.waves, []Action{{Verb: inventory.VerbUnassign, Prefixes: removes}})
	}
}

// split parts a list into those for which f is false and those for which it is
// true.
func split(list []netip.Addr, f func(netip.Addr) bool) (no, yes []netip.Addr) {
	for _, ip := range list {
		if f(ip) {
			yes = append(yes, ip)
		} else {
			no = append(no, ip)
		}
	}
	return no, yes
}

// describe says in one line what the waves do.
func describe(waves [][]Action) string {
	var steps []string
	for _, wave := range waves {
		var parts []string
		for _, a := range wave {
			parts = append(parts, a.String())
		}
		steps = append(steps, strings.Join(parts, " and "))
	}
	return strings.Join(steps, ", then ")
}

// String says what an action does, without the resource: "assign 10.0.1.21".
func (a Action) String() string {
	text := string(a.Verb) + " " + formatList(a.Addresses, a.Prefixes)
	if a.From != "" {
		text += " from " + a.From
	}
	return text
}

// resource is what the plan says of an item. Its lists are never nil: they are JSON.
func (it *item) resource() Resource {
	r := Resource{
		Target: it.doc.Target, Kind: it.doc.Kind, ID: it.id,
		Spec:  SpecRef{Name: it.doc.Name, File: it.doc.File, Line: it.doc.Line},
		State: it.state, Reason: it.reason, Waves: it.waves, Verdicts: []Verdict{},
	}
	if r.Waves == nil {
		r.Waves = [][]Action{}
	}
	return r
}
