package simulation

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// invariant is one promise. What it looks at is a mutating call as it arrives (call),
// the truth after any request (state), or the whole at the end (by others, in their
// own places); each returns what is wrong, or "".
type invariant struct {
	number   int
	sentence string
	call     func(*step) string
	state    func(*effect) string
}

// invariants are those of the project, in their order.
var invariants = []invariant{
	{1, "No removal names a primary address, or an address of a resource that no spec names.", removesOnlyWhatSpecsName, nil},
	{2, "Addresses that take new connections, less removals in flight, never fall below the floor.", nil, keepsTheFloor},
	{3, "No mutating call on a resource with an address in transition or an undecided intent.", waitsForWhatIsUndecided, nil},
	{4, "Every mutating call has an earlier durable intent: commit, policy digest, allow decision, plan hash, epoch, exact addresses.", hasADurableIntent, nil},
	{5, "In dry-run no mutating request lacks DryRun=true, and no network-interface mutation is sent.", keepsToTheMode, nil},
	{6, "No count-based call; one attempt an intent.", isExplicitAndOnce, nil},
	{7, "The inventory at apply is the plan's.", restsOnAFreshRead, nil},
	{8, "At most one mutating call in flight per target over all replicas; epochs never go back.", isAloneInItsTarget, neverGoesBack},
	{9, "Removals stay within count and percent unless approved; from an empty or unparsable set: none.", staysInTheBudget, nil},
	{10, "Applied commits form a chain of descendants.", descendsFromTheLast, nil},
	{11, "Deny, undefined, error, time-out, and what the calendar closes: no call.", isAllowed, nil},
	{12, "When faults cease, the world converges within a bound, and then rounds are silent.", isNotAfterTheEnd, nil},
	{13, "One bad spec, account or gateway delays the others by no more than a bound.", nil, nil},
	{14, "Canary secrets never appear in logs, metrics, status or history.", nil, nil},
	{15, "No address on two resources; none outside its subnet.", asksInsideTheSubnet, holdsEachAddressOnce},
	{16, "The history's hash chain verifies after any crash.", nil, nil},
}

func sentence(number int) string {
	for _, inv := range invariants {
		if inv.number == number {
			return inv.sentence
		}
	}
	return "the simulation itself went wrong"
}

// blind is how long somebody else's change may stay unseen: reads lag, and a call that
// rests on one is under way for a while.
const blind = 2 * time.Minute

// 1. What is removed is no primary address of anything, and belongs to a resource that
// a spec of the intent's commit names; so does what a move takes away elsewhere.
func removesOnlyWhatSpecsName(s *step) string {
	if !s.req.removes() && !s.req.move {
		return ""
	}
	for _, g := range s.before.NatGateways {
		if alive(g) && slices.Contains(s.req.addresses, g.Primary) {
			return fmt.Sprintf("%s is the primary address of %s", g.Primary, g.ID)
		}
	}
	for _, n := range s.before.NetworkInterfaces {
		if slices.Contains(s.req.addresses, n.Primary) {
			return fmt.Sprintf("%s is the primary address of %s", n.Primary, n.ID)
		}
		for _, ip := range s.req.addresses {
			if s.req.move && slices.Contains(n.Secondary, ip) && s.found && s.named(n.ID).name == "" && s.a.quiet(n.ID, blind) {
				return fmt.Sprintf("%s would be taken from %s, which no spec names", ip, n.ID)
			}
		}
	}
	if s.found && s.req.move && !s.doc.reassign {
		return s.doc.name + " does not allow that addresses move to it"
	}
	if s.found && s.doc.name == "" {
		return fmt.Sprintf("no spec of commit %.8s names %s", s.intent.Commit, s.req.id)
	}
	return ""
}

// 2. After a removal that took effect the gateway still serves with as many addresses
// as some spec in force asks for. Where somebody else took one away just now, nobody
// could know.
func keepsTheFloor(e *effect) string {
	if !e.call.Effect || !e.req.removes() || !e.req.onGateway() || !e.a.quiet(e.req.id, blind) {
		return ""
	}
	g, ok := gateway(e.after, e.req.id)
	list := e.record.intents(e.a.target, e.req.id)
	if !ok || len(list) == 0 {
		return ""
	}
	t := e.w.author.commits[list[len(list)-1].Commit]
	for _, d := range t.docs {
		if d.target == e.a.target && (d.id == g.ID || d.tag != "" && d.tag == g.Name) && serving(g) < d.minServing {
			return fmt.Sprintf("%s serves with %d addresses, and %s asks for %d", g.ID, serving(g), d.name, d.minServing)
		}
	}
	return ""
}

// 3. No earlier intent of the resource is open, and EC2 is not at work on it, unless
// somebody else set it to work just now.
func waitsForWhatIsUndecided(s *step) string {
	if s.req.dryRun {
		return ""
	}
	for _, in := range s.record.intents(s.a.target, s.req.id) {
		if !s.found || in.Seq >= s.intent.Seq { // without an intent it is the next invariant's
			continue
		}
		if s.record.undecided(in.Seq) {
			return fmt.Sprintf("the intent of record %d is undecided", in.Seq)
		}
		if s.record.answers[in.Seq] == history.OutcomeNotSent && s.record.used[in.Seq] > 0 {
			return fmt.Sprintf("the call of record %d reached EC2, and counts as not sent", in.Seq)
		}
		took, had := s.record.took[in.Seq]
		if had && s.record.settled[in.Seq] == history.OutcomeNotDone && s.a.quiet(s.req.id, time.Since(took)+blind) {
			return fmt.Sprintf("the call of record %d had its effect %s ago, and counts as never made", in.Seq, time.Since(took))
		}
	}
	if g, ok := gateway(s.before, s.req.id); ok && s.a.quiet(s.req.id, blind) {
		for _, t := range g.Transitions {
			if t.Status == "assigning" || t.Status == "unassigning" {
				return fmt.Sprintf("%s is %s", t.IP, t.Status)
			}
		}
	}
	return ""
}

// 4. The file on the disk holds the call's intent, whole, and the decision that allowed
// its plan.
func hasADurableIntent(s *step) string {
	in := s.intent
	switch {
	case s.req.dryRun:
		return ""
	case !s.found:
		return "the file holds no open intent for it"
	case in.Commit == "" || in.PolicyDigest == "" || in.PlanHash == "" || in.Decision != "allow":
		return fmt.Sprintf("its intent, record %d, is not whole: commit %q, policy %q, plan %q, decision %q", in.Seq, in.Commit, in.PolicyDigest, in.PlanHash, in.Decision)
	case s.req.removes() && in.MaxDrainSeconds != s.req.drain:
		return fmt.Sprintf("its intent has a drain of %ds", in.MaxDrainSeconds)
	case in.Epoch != s.req.epoch:
		return fmt.Sprintf("its intent is of epoch %d, and the call says %d", in.Epoch, s.req.epoch)
	}
	if _, ok := s.w.author.commits[in.Commit]; !ok {
		return fmt.Sprintf("its intent's commit %.8s was never made", in.Commit)
	}
	if _, ok := s.record.bases[in.PlanHash]; !ok {
		return fmt.Sprintf("no decision about plan %.19s was recorded", in.PlanHash)
	}
	return ""
}

// 5. What the process's mode forbids is not on the wire.
func keepsToTheMode(s *step) string {
	switch {
	case s.p.mode == "apply" && !s.req.dryRun:
		return ""
	case s.p.mode == "dry-run" && s.req.dryRun && s.req.onGateway():
		return ""
	}
	return "sent in mode " + string(s.p.mode)
}

// 6. The call names addresses, no count, and no other call had its intent.
func isExplicitAndOnce(s *step) string {
	for key := range s.req.form {
		if strings.HasSuffix(key, "Count") {
			return "it has " + key
		}
	}
	if len(s.req.subjects()) == 0 {
		return "it names no address"
	}
	if s.found && s.record.used[s.intent.Seq] > 0 {
		return fmt.Sprintf("a second attempt of the intent in record %d", s.intent.Seq)
	}
	return ""
}

// 7. The resource was read by its id since the last call on it, and what that showed is
// what the recorded plan rests on.
func restsOnAFreshRead(s *step) string {
	if s.req.dryRun || !s.found {
		return ""
	}
	seen, ok := s.p.look[s.req.id]
	if !ok {
		return "the resource was not read again before"
	}
	b, ok := s.record.bases[s.intent.PlanHash]
	if !ok {
		return ""
	}
	if s.record.mixed[s.intent.PlanHash] {
		return fmt.Sprintf("plan %.19s stands for two inventories", s.intent.PlanHash)
	}
	for _, inv := range b.Inventories {
		if inv.Target != s.a.target {
			continue
		}
		if planned, ok := planned(inv, s.req.id); ok && planned != seen {
			return fmt.Sprintf("the plan rests on %s, and the last read showed %s", planned, seen)
		}
	}
	return ""
}

// planned writes a resource of an inventory as rows does.
func planned(inv inventory.Inventory, id string) (string, bool) {
	var list []string
	addresses, found := []inventory.Address(nil), false
	if g, ok := inv.NatGateway(id); ok {
		addresses, found = g.Addresses, true
	}
	if n, ok := inv.NetworkInterface(id); ok {
		addresses, found = n.Addresses, true
		for _, p := range n.Prefixes {
			list = append(list, p.String())
		}
	}
	for _, a := range addresses {
		list = append(list, rowText(a.IP.String(), a.Primary, string(a.Status)))
	}
	slices.Sort(list)
	return strings.Join(list, " "), found
}

// 9. What the plan takes away in the target, and what sluice has already draining there,
// stays in the budget, unless somebody signed that plan; and a commit without specs, or
// with the resource's file unreadable, takes nothing away.
func staysInTheBudget(s *step) string {
	if s.req.dryRun || !s.found || !s.req.removes() && !s.req.move {
		return ""
	}
	if len(s.tree.docs) == 0 {
		return fmt.Sprintf("commit %.8s holds no spec at all", s.intent.Commit)
	}
	b, ok := s.record.bases[s.intent.PlanHash]
	if !ok || s.signed() {
		return ""
	}
	goes := map[string]bool{}
	for _, r := range b.Plan.Resources {
		if r.Target != s.a.target || s.refused(r) {
			continue
		}
		for _, wave := range r.Waves {
			for _, act := range wave {
				if act.Verb != inventory.VerbUnassign { // what moves is still there
					continue
				}
				for _, ip := range act.Addresses {
					goes[ip.String()] = true
				}
				for _, p := range act.Prefixes {
					goes[p.String()] = true
				}
			}
		}
	}
	managed := 0
	for _, g := range s.before.NatGateways {
		if alive(g) && s.named(g.ID).name != "" {
			managed += len(g.Secondary)
		}
	}
	for _, n := range s.before.NetworkInterfaces {
		if s.named(n.ID).name != "" {
			managed += len(n.Secondary) + len(n.Prefixes)
		}
	}
	if allowed := max(budget.Removals, (managed+4)*budget.Percent/100); len(goes) > allowed {
		return fmt.Sprintf("the plan takes %v away of %d, and %d are allowed", slices.Sorted(maps.Keys(goes)), managed, allowed)
	}
	return ""
}

// refused reports whether policy stopped a resource of the plan: what goes nowhere does
// not count.
func (s *step) refused(r plan.Resource) bool {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	stops := func(o opinion) bool { return o.failed || o.deny || o.hold }
	for _, wave := range r.Waves {
		for _, act := range wave {
			if stops(s.p.asked[actionKey(r.Target, r.ID, string(act.Verb), texts(history.Record{Addresses: act.Addresses, Prefixes: act.Prefixes}))]) {
				return true
			}
		}
	}
	return stops(s.p.asked["spec "+r.Spec.Name])
}

// signed reports whether somebody approved the plan, or one of the same commit that
// covers what is done here.
func (s *step) signed() bool {
	for hash, b := range s.record.bases {
		if !s.w.office.signed(hash) || b.Plan.Commit != s.intent.Commit {
			continue
		}
		if hash == s.intent.PlanHash {
			return true
		}
		covered := map[string]bool{}
		for _, r := range b.Plan.Resources {
			for _, wave := range r.Waves {
				for _, act := range wave {
					if r.Target == s.a.target && r.ID == s.req.id && string(act.Verb) == s.req.verb() {
						for _, t := range texts(history.Record{Addresses: act.Addresses, Prefixes: act.Prefixes}) {
							covered[t] = true
						}
					}
				}
			}
		}
		if !slices.ContainsFunc(s.req.subjects(), func(t string) bool { return !covered[t] }) {
			return true
		}
	}
	return false
}

// 10. The intent's commit comes after the one that was applied before it, or somebody
// took it as it is.
func descendsFromTheLast(s *step) string {
	if !s.found {
		return ""
	}
	last := ""
	for _, r := range s.record.records {
		switch {
		case r.Seq >= s.intent.Seq:
		case r.Kind == history.KindIntent, r.Kind == history.KindAcknowledged, r.Kind == history.KindConverged && r.Decision == "":
			last = r.Commit
		}
	}
	if last == "" || s.w.specs.descends(s.intent.Commit, last) || s.signed() {
		return ""
	}
	return fmt.Sprintf("commit %.8s does not come after %.8s, which was applied last", s.intent.Commit, last)
}

// 11. Policy was asked about exactly this and did not refuse, the document is none that
// rules refuse, and the machine's clock lies in no freeze.
func isAllowed(s *step) string {
	if s.req.dryRun || !s.found {
		return ""
	}
	s.p.mu.Lock()
	act, asked := s.p.asked[actionKey(s.a.target, s.req.id, s.req.verb(), s.req.subjects())]
	about, read := s.p.asked["spec "+s.doc.name]
	whole, judged := s.p.asked["plan"]
	s.p.mu.Unlock()
	switch {
	case !asked || !read || !judged:
		return "policy was not asked about it"
	case act.failed || about.failed || whole.failed && !s.w.pair: // of two loops' plans it is not known which one failed
		return "policy could not be evaluated"
	case act.deny || about.deny || whole.deny:
		return "policy denies it"
	case s.doc.labels["forbidden"] == "yes":
		return "its document is forbidden"
	case s.doc.labels["number"] == "many":
		return "rules fail on its document"
	case s.doc.gateway && s.doc.count < 0 && s.doc.minServing > 1+len(s.doc.addresses):
		return "its document asks for more than it leaves"
	case (act.hold || s.doc.labels["careful"] == "yes" && s.req.removes()) && !s.signed():
		return "policy holds it, and nobody approved"
	}
	// The call waits for its place in the bucket after the calendar was asked, and a
	// replica can be paused there.
	if why := s.p.office.closed(s.doc, s.sent); why != "" && s.p.office.closed(s.doc, s.sent.Add(-s.w.unlooked())) != "" {
		return why
	}
	return ""
}

// 12, its second half. The first is tested where the faults cease.
func isNotAfterTheEnd(s *step) string {
	if s.quiet {
		return "it comes after all had come to rest"
	}
	return ""
}

// 15. What is asked for lies in the resource's subnet, beside what AWS keeps there.
func asksInsideTheSubnet(s *step) string {
	if s.req.removes() {
		return ""
	}
	for _, ip := range s.req.addresses {
		for _, d := range s.tree.docs {
			if s.found && d.name != s.doc.name && d.target == s.a.target && d.wants(ip) {
				return fmt.Sprintf("%s is claimed by %s too", ip, d.name)
			}
		}
	}
	subnet := ""
	if g, ok := gateway(s.before, s.req.id); ok {
		subnet = g.SubnetID
	}
	if n, ok := networkInterface(s.before, s.req.id); ok {
		subnet = n.SubnetID
	}
	for _, sub := range s.before.Subnets {
		if sub.ID != subnet {
			continue
		}
		cidr := netip.MustParsePrefix(sub.CIDR)
		for _, text := range s.req.addresses {
			ip := netip.MustParseAddr(text)
			if last := ip.As4()[3]; !cidr.Contains(ip) || last < 4 || last == 255 { // all are /24
				return fmt.Sprintf("%s cannot lie in %s", ip, cidr)
			}
		}
	}
	return ""
}

// 15. The truth has each address once.
func holdsEachAddressOnce(e *effect) string {
	if !e.call.Effect {
		return ""
	}
	for ip, list := range holders(e.after) {
		if len(list) > 1 {
			return fmt.Sprintf("%s lies on %v", ip, list)
		}
	}
	return ""
}
