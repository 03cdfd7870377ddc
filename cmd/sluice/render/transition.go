package render

import (
	"net/netip"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// transition is an address that EC2 is at work on.
type transition struct {
	target, id, name string
	addr             netip.Addr
	status           inventory.Status
	since            time.Time // when it was first seen so
	end              time.Time // of a drain, at the latest; zero when it is not known
}

// verb is EC2's status, but an unassigning address is called draining, which is
// what it does.
func (m transition) verb() string {
	if m.status == inventory.StatusUnassigning {
		return "draining"
	}
	return string(m.status)
}

// address is empty in EC2's answer for a moment after an assign by count.
func (m transition) address() string {
	if !m.addr.IsValid() {
		return "an address"
	}
	return m.addr.String()
}

// is reports whether o is the same address in the same transition.
func (m transition) is(o transition) bool {
	return m.target == o.target && m.id == o.id && m.addr == o.addr && m.status == o.status
}

// verbsOf lists the verbs in the order of their first transition.
func verbsOf(list []transition) []string {
	var verbs []string
	for _, m := range list {
		if !slices.Contains(verbs, m.verb()) {
			verbs = append(verbs, m.verb())
		}
	}
	return verbs
}

// transitions compares what is in transition with what was before, and tells
// which transitions ended and, where there is no live line, which began.
func (p *Progress) transitions(t *reconcile.Turn) {
	before := p.moves
	p.moves = nil
	var tell []func()
	for _, r := range t.Plan().Resources {
		addresses, read := addressesOf(t.Inventories, r)
		for _, m := range before {
			if m.target != r.Target || m.id != r.ID {
				continue
			}
			if !read {
				p.moves = append(p.moves, m) // nothing is known this time
			} else if a, found := inventory.Find(addresses, m.addr); !found || a.Status != m.status {
				tell = append(tell, func() { p.ended(m, a, found) })
			}
		}
		for _, a := range addresses {
			if a.Status.Settled() {
				continue
			}
			m := p.transition(r, a)
			if i := slices.IndexFunc(before, m.is); i >= 0 {
				m.since = before[i].since
			} else if !p.style.live {
				tell = append(tell, func() { p.began(m) })
			}
			p.moves = append(p.moves, m)
		}
	}
	for _, f := range tell {
		f()
	}
}

// transition makes one of an address that EC2 reports. Only a drain has a known end.
func (p *Progress) transition(r plan.Resource, a inventory.Address) transition {
	m := transition{target: r.Target, id: r.ID, name: resourceName(r), addr: a.IP, status: a.Status, since: p.now()}
	if end, ok := p.deadline(r.Target, r.ID, a.IP); ok && a.Status == inventory.StatusUnassigning {
		m.end = end
	}
	return m
}

// began tells that a transition was first seen.
func (p *Progress) began(m transition) {
	p.write(false, func(pg *page) {
		p.stamp(pg, span{moving, m.verb()})
		text := m.address() + " of " + m.name
		if !m.end.IsZero() {
			text += ", " + timeLeft(m.end.Sub(p.now()))
		}
		pg.flow(span{plain, text})
	})
}

// ended tells what became of a transition.
func (p *Progress) ended(m transition, now inventory.Address, found bool) {
	word, rest := span{good, "serving"}, "on "+m.name+p.took(m, " after ")
	switch {
	case !found && m.status == inventory.StatusUnassigning:
		word, rest = span{good, "drained"}, "from "+m.name+p.took(m, " in ")
	case !found:
		word, rest = span{due, "gone"}, "from "+m.name
	case now.Status == inventory.StatusFailed:
		word, rest = span{worst, "failed"}, "on "+m.name+": "+now.FailureMessage
	case !now.Status.Settled():
		return // another transition follows, and is told by itself
	}
	p.told.active = true
	p.write(false, func(pg *page) {
		p.stamp(pg, word)
		pg.flow(span{plain, m.address() + " " + rest})
	})
}

// took says how long a transition was seen, if that is worth saying.
func (p *Progress) took(m transition, word string) string {
	d := p.now().Sub(m.since).Round(time.Second)
	if d <= 0 {
		return ""
	}
	return word + formatDuration(d)
}

// addressesOf finds what EC2 reports of a resource; false when it was not read.
func addressesOf(inventories []inventory.Inventory, r plan.Resource) ([]inventory.Address, bool) {
	for i := range inventories {
		if inventories[i].Target != r.Target {
			continue
		}
		if g, ok := inventories[i].NatGateway(r.ID); ok {
			return g.Addresses, true
		}
		if n, ok := inventories[i].NetworkInterface(r.ID); ok {
			return n.Addresses, true
		}
	}
	return nil, false
}
