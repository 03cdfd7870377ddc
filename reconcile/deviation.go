package reconcile

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// holding is what a resource held, besides its primary address, when a turn saw it
// as its spec says.
type holding struct {
	at    time.Time
	cidrs []string
}

// mostStrays bounds what one record says; no interface holds as many addresses.
const mostStrays = 256

// wanted is what a resource should hold, or nil where nobody knows: a count says
// which addresses only together with what was there when it was right.
func (h holding) wanted(doc spec.Document) (addresses, prefixes []string, known bool) {
	counted := doc.Secondary != nil && doc.Secondary.Count != nil || doc.Prefixes != nil && doc.Prefixes.Count != nil
	if counted {
		if h.at.IsZero() {
			return nil, nil, false
		}
		return h.cidrs, h.cidrs, true // texts of the two never look alike
	}
	if doc.Secondary != nil {
		for _, ip := range doc.Secondary.Addresses {
			addresses = append(addresses, ip.String())
		}
	}
	if doc.Prefixes != nil {
		for _, p := range doc.Prefixes.CIDRs {
			prefixes = append(prefixes, p.String())
		}
	}
	return addresses, prefixes, true
}

// deviation compares what a resource holds with what it should. Of the difference it
// leaves out what ours says to be an effect of sluice's own calls.
//
//	the address is…           wanted     not wanted
//	serving                   –          added
//	not there                 removed    –
//	in transition             changing   changing
//	failed, or the primary    –          –
func deviation(doc spec.Document, addresses []inventory.Address, prefixes []netip.Prefix, before holding, ours func(string) bool) []plan.Stray {
	wantAddresses, wantPrefixes, known := before.wanted(doc)
	if !known {
		return nil
	}
	var list []plan.Stray
	add := func(cidr string, change plan.Change) {
		if !ours(cidr) {
			list = append(list, plan.Stray{Address: cidr, Change: change})
		}
	}
	_, primaryKnown := inventory.Primary(addresses)
	there := map[string]bool{}
	for _, a := range addresses {
		cidr := a.IP.String()
		there[cidr] = true
		switch {
		case doc.Secondary == nil || a.Primary || !a.IP.IsValid() || a.Status == inventory.StatusFailed:
		case !a.Status.Settled():
			add(cidr, plan.Changing)
		case primaryKnown && !slices.Contains(wantAddresses, cidr):
			add(cidr, plan.Added)
		}
	}
	for _, p := range prefixes {
		there[p.String()] = true
		if doc.Prefixes != nil && !slices.Contains(wantPrefixes, p.String()) {
			add(p.String(), plan.Added)
		}
	}
	for _, cidr := range missing(doc, wantAddresses, wantPrefixes) {
		if !there[cidr] {
			add(cidr, plan.Removed)
		}
	}
	list = list[:min(len(list), mostStrays)]
	slices.SortFunc(list, func(a, b plan.Stray) int { return cmp.Compare(a.Address, b.Address) })
	return slices.CompactFunc(list, func(a, b plan.Stray) bool { return a.Address == b.Address })
}

// missing lists what may be missed: only what the spec manages.
func missing(doc spec.Document, addresses, prefixes []string) []string {
	var list []string
	if doc.Secondary != nil {
		list = append(list, addresses...)
	}
	if doc.Prefixes != nil {
		list = append(list, prefixes...)
	}
	return list
}

// strayed reports whether a resource was once as its spec says, and may differ now
// though the spec is the same.
func (l *Loop) strayed(d *Desired, r plan.Resource) bool {
	digest := d.digests[r.Spec]
	return (r.State == plan.Pending || r.State == plan.Converging || r.State == plan.Blocked) &&
		digest != "" && l.cfg.Ledger.Reached(resourceKey(r)) == digest
}

// observeDrift gives each resource that strayed its drift, and records what is news:
// addresses that were not known to differ, and resources that are right again. It comes
// before anything is set aside: what is left alone has drifted all the same. l.right is
// made anew, so that resources that no spec names any more are forgotten.
func (l *Loop) observeDrift(ctx context.Context, d *Desired, p *plan.Plan, seen sightings, now time.Time) error {
	now = now.UTC()
	docs := indexDocuments(d.Specs.Documents)
	right := map[string]holding{}
	for i := range p.Resources {
		r := &p.Resources[i]
		key := resourceKey(*r)
		held, found := seen[sighted{r.Target, r.ID}]
		if before, ok := l.right[key]; ok {
			right[key] = before
		}
		switch {
		case !found:
		case r.State == plan.InSync:
			right[key] = holding{now, secondaryTexts(held.addresses, held.prefixes)}
			if err := l.restored(ctx, *p, *r); err != nil {
				return err
			}
		case l.strayed(d, *r):
			found := deviation(docs[r.Spec], held.addresses, held.prefixes, right[key], l.ours(*r, now))
			if err := l.tellDrift(ctx, *p, r, docs[r.Spec], found, right[key], now); err != nil {
				return err
			}
		}
	}
	l.right = right
	return nil
}

func secondaryTexts(addresses []inventory.Address, prefixes []netip.Prefix) []string {
	var list []string
	for _, a := range addresses {
		if !a.Primary && a.Status != inventory.StatusFailed {
			list = append(list, a.IP.String())
		}
	}
	for _, p := range prefixes {
		list = append(list, p.String())
	}
	return list
}

// ours tells what may be an effect of calls that sluice made lately, or of a drain
// that it began.
func (l *Loop) ours(r plan.Resource, now time.Time) func(cidr string) bool {
	calls := map[string]bool{}
	for _, in := range l.journal.intents(now) {
		for _, c := range cidrs(in.Addresses, in.Prefixes) {
			if in.Target == r.Target && in.ID == r.ID {
				calls[cidrText(c)] = true
			}
		}
	}
	return func(cidr string) bool {
		if calls[cidr] {
			return true
		}
		ip, err := netip.ParseAddr(cidr)
		if err != nil {
			return false
		}
		until, ok := l.cfg.Ledger.DrainUntil(r.Target, r.ID, ip)
		return ok && until.After(now)
	}
}

// cidrText writes an address without its length, as EC2 does.
func cidrText(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// restored records that a drift is over.
func (l *Loop) restored(ctx context.Context, p plan.Plan, r plan.Resource) error {
	before, ok := l.cfg.Ledger.Drift(r.Target, string(r.Kind), r.ID)
	if !ok {
		return nil
	}
	rec := resourceRecord(history.KindRestored, p, r)
	rec.Message = "as the spec says again"
	rec.Addresses, rec.Prefixes = before.Addresses, before.Prefixes
	_, err := l.journal.append(ctx, rec)
	return err
}

// tellDrift gives a resource its drift: what is found now, with what is known of it
// since earlier turns. While EC2 carries out a correction, what was found last stands.
// News is an address that was not known to differ, or that now differs in another way;
// one that was in transition and has come to rest is none.
func (l *Loop) tellDrift(ctx context.Context, p plan.Plan, r *plan.Resource, doc spec.Document, found []plan.Stray, before holding, now time.Time) error {
	last, open := l.cfg.Ledger.Drift(r.Target, string(r.Kind), r.ID)
	known := strays(last.Drift)
	news := false
	rightAt := before.at
	if rightAt.IsZero() {
		rightAt = l.cfg.Ledger.RightAt(resourceKey(*r))
	}
	for i, s := range found {
		found[i].RightAt, found[i].Since = rightAt, now
		j := slices.IndexFunc(known, func(k plan.Stray) bool { return k.Address == s.Address })
		if j >= 0 {
			found[i].RightAt, found[i].Since, found[i].Who = known[j].RightAt, known[j].Since, known[j].Who
		}
		if found[i].Who == nil {
			found[i].Who = l.ownCall(*r, found[i])
		}
		news = news || j < 0 || known[j].Change != s.Change && known[j].Change != plan.Changing
	}
	if len(found) == 0 {
		if !open {
			return nil
		}
		found = known
	}
	r.Drift = &plan.Drift{Addresses: found, Rounds: l.rounds(*r), Adopt: l.adoption(doc, *r)}
	if unnamed(found) && !news {
		r.Drift.Note = cmp.Or(last.Outcome, l.who.note(r.Target))
	}
	if !news {
		return nil
	}
	rec := resourceRecord(history.KindDrift, p, *r)
	rec.Message = r.Reason
	if r.Drift.Adopt != "" {
		rec.Message += "; to keep it: " + r.Drift.Adopt
	}
	rec.Drift = strayRecords(found)
	rec.Addresses, rec.Prefixes = parseTexts(found)
	_, err := l.journal.append(ctx, rec)
	if unnamed(found) {
		r.Drift.Note = l.who.note(r.Target)
	}
	l.tell(Event{Kind: EventDrift, Resource: r})
	return err
}

// ownCall is the call of one's own record that made an address stray, as when
// another command of the same record went by other specs.
func (l *Loop) ownCall(r plan.Resource, s plan.Stray) *inventory.Actor {
	rec, ok := l.cfg.Ledger.Made(r.Target, string(r.Kind), r.ID, s.Address, s.RightAt)
	verb := inventory.Verb(rec.Verb)
	if !ok || (s.Change == plan.Removed) != (verb == inventory.VerbUnassign) || s.Change == plan.Changing {
		return nil
	}
	op := inventory.Call{Kind: r.Kind, Verb: verb}.Operation()
	return &inventory.Actor{Principal: "sluice", Sluice: true, Operation: op, Time: rec.Time, RequestID: rec.RequestID, Commit: rec.Commit}
}

// rounds are the corrections of a resource under this commit.
func (l *Loop) rounds(r plan.Resource) []plan.Round {
	var list []plan.Round
	for _, c := range l.cfg.Ledger.Corrections(r.Target, string(r.Kind), r.ID) {
		list = append(list, plan.Round{Action: c.Action, Corrected: c.Corrected, Undone: c.Undone, Who: (*inventory.Actor)(c.Who)})
	}
	return list
}

// driftOf is a resource's drift. Of what a count chose no address is known to have
// drifted.
func (l *Loop) driftOf(r *plan.Resource) *plan.Drift {
	if r.Drift == nil {
		r.Drift = &plan.Drift{Addresses: []plan.Stray{}, Rounds: l.rounds(*r)}
	}
	return r.Drift
}

// adoption is the command that writes the spec for what is live, where drift is to be
// adopted; else "".
func (l *Loop) adoption(doc spec.Document, r plan.Resource) string {
	i := l.cfg.Calendar.ScheduleOf(doc)
	if i < 0 || l.cfg.AdoptCommand == nil || l.cfg.Calendar.Schedules[i].Correct || !l.cfg.Calendar.Schedules[i].Adopt {
		return ""
	}
	return l.cfg.AdoptCommand(r.Target, r.ID)
}
