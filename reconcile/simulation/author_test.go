package simulation

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
)

// author writes specs: good ones mostly.
type author struct {
	w       *world
	good    tree            // what is meant, bad commits apart
	commits map[string]tree // by id
	on      string          // the commit that the next one is put on
	n       int
}

// newAuthor begins with specs for what there is.
func newAuthor(w *world) *author {
	au := &author{w: w, good: tree{docs: map[string]doc{}, raw: map[string]string{}}, commits: map[string]tree{}}
	for _, target := range targets {
		a := w.accounts[target]
		live := a.sim.World()
		for n := range gateways - 1 {
			d := doc{name: fmt.Sprintf("%s-gateway-%d", target, n), target: target, gateway: true, id: gatewayID(a.number, n), subnet: n % 2, count: -1,
				drain: 5 + w.below(120, "drain", target, n), minServing: 1, addresses: slices.Clone(live.NatGateways[n].Secondary), labels: map[string]string{"env": "prod"}}
			if n == 1 {
				d.id, d.tag = "", gatewayName(n)
			}
			if n == 2 {
				d.drain = 600 + w.below(1200, "long drain", target)
			}
			au.good.docs[d.name] = d
		}
		for n := range interfaces - 1 {
			d := doc{name: fmt.Sprintf("%s-interface-%d", target, n), target: target, id: interfaceID(a.number, n), subnet: n % 2, count: -1,
				addresses: slices.Clone(live.NetworkInterfaces[n].Secondary), reassign: n != 2, labels: map[string]string{"env": "test"}}
			au.good.docs[d.name] = d
		}
	}
	au.commit("the first specs", au.good)
	return au
}

func (au *author) commit(message string, t tree) string {
	id := au.w.specs.commit(t.files(), au.on, message, "ada")
	au.commits[id] = t.clone()
	au.on = id
	return id
}

// work makes one good commit of one to three changes.
func (au *author) work() {
	au.n++
	next := au.good.clone()
	message := ""
	for i := range 1 + au.w.below(3, "changes", au.n) {
		message += au.change(next, au.n, i) + "; "
	}
	au.good = next
	au.commit(message, next)
}

// change alters one document of a tree, and says what it did.
func (au *author) change(t tree, n, i int) string {
	w := au.w
	about := []any{"change", n, i}
	name := pick(w.dice, t.names(), about...)
	d := t.docs[name]
	d.comment = fmt.Sprintf("change %d.%d", n, i)
	d.labels = maps.Clone(d.labels)
	d.addresses = slices.Clone(d.addresses)
	says := name
	switch w.below(18, append(about, "what")...) {
	case 0, 1, 2:
		if ip := au.free(t, d, about...); ip != "" && d.count < 0 && len(d.addresses) < 7 {
			d.addresses = append(d.addresses, ip)
			says += " adds " + ip
		}
	case 3, 4:
		if len(d.addresses) > 0 && d.count < 0 {
			says += " drops " + d.addresses[0]
			d.addresses = d.addresses[1:]
		}
	case 5, 6, 7:
		if ip := au.free(t, d, about...); ip != "" && len(d.addresses) > 0 && d.count < 0 {
			says += " swaps " + d.addresses[0] + " for " + ip
			d.addresses[0] = ip
		}
	case 8:
		if d.gateway {
			d.count, d.addresses = w.below(5, append(about, "count")...), nil
			says += fmt.Sprintf(" counts %d", d.count)
		}
	case 9:
		d.count = -1
		d.addresses = nil
		for k := range 1 + w.below(7, append(about, "many")...) {
			t.docs[name] = d
			if ip := au.free(t, d, append(about, k)...); ip != "" {
				d.addresses = append(d.addresses, ip)
			}
		}
		says += fmt.Sprintf(" takes %v instead", d.addresses)
	case 10:
		if d.gateway {
			d.drain = pick(w.dice, []int{1, 30, 350, 900, 1800, 4000}, append(about, "drain")...)
			d.minServing = 1 + w.below(3, append(about, "serving")...)
			says += fmt.Sprintf(" drains %ds, serves %d", d.drain, d.minServing)
		}
	case 11:
		for _, label := range []string{"careful", "forbidden", "number"} {
			delete(d.labels, label)
		}
		switch w.below(4, append(about, "label")...) {
		case 0, 1:
			d.labels["careful"] = "yes"
		case 2:
			d.labels["forbidden"] = "yes"
		case 3:
			d.labels["number"] = "many"
		}
		says += fmt.Sprintf(" has labels %v", d.labels)
	case 12:
		d.suspended = time.Time{}
		if w.strikes(suspended, 0.5, about...) {
			d.suspended = w.now().Add(w.between(2*time.Minute, 40*time.Minute, about...)).Truncate(time.Second)
			says += " is suspended"
		}
	case 13, 16, 17:
		says = au.move(t, about...)
		d = t.docs[name]
	case 15:
		if d.count < 0 && len(d.addresses) > 0 { // a slip that EC2 would refuse
			d.addresses[0] = pick(w.dice, []string{w.accounts[d.target].ip(7, 20), w.accounts[d.target].ip(d.subnet, 2)}, append(about, "slip")...)
			says += " lists " + d.addresses[0]
		}
	case 14:
		if !d.gateway {
			d.prefixes = []string{}
			if w.chance(0.6, append(about, "prefix")...) {
				d.prefixes = []string{fmt.Sprintf("10.%d.%d.%d/28", w.accounts[d.target].number+1, d.subnet, 240-16*(2+w.below(3, append(about, "which")...))+32)}
			}
			says += fmt.Sprintf(" has prefixes %v", d.prefixes)
		}
	}
	t.docs[name] = d
	return says
}

// move takes an address from one interface's spec to another's of the same subnet.
func (au *author) move(t tree, about ...any) string {
	target := pick(au.w.dice, targets, append(about, "target")...)
	from, to := t.docs[target+"-interface-0"], t.docs[target+"-interface-2"]
	if au.w.chance(0.5, append(about, "way")...) {
		from, to = to, from
	}
	if len(from.addresses) == 0 || from.count >= 0 || to.count >= 0 || len(to.addresses) > 5 {
		return "nothing moves"
	}
	ip := from.addresses[len(from.addresses)-1]
	from.addresses, to.addresses = slices.Clone(from.addresses[:len(from.addresses)-1]), append(slices.Clone(to.addresses), ip)
	to.reassign = au.w.chance(0.6, append(about, "reassign")...)
	t.docs[from.name], t.docs[to.name] = from, to
	return fmt.Sprintf("%s moves from %s to %s", ip, from.name, to.name)
}

// free is an address of the document's subnet that no document names and, mostly,
// nobody holds.
func (au *author) free(t tree, d doc, about ...any) string {
	a := au.w.accounts[d.target]
	held := holders(a.sim.World())
	for try := range 40 {
		ip := a.ip(d.subnet, 20+au.w.below(40, append(about, "free", try)...))
		named := false
		for _, other := range t.docs {
			named = named || other.wants(ip)
		}
		if !named && len(held[ip]) == 0 {
			return ip
		}
	}
	return ""
}

// last makes the commit that the world must come to in the end: whole, and possible
// from where things are. It is put on the commit that was applied last.
func (au *author) last(on string) tree {
	w := au.w
	t := tree{docs: map[string]doc{}, raw: map[string]string{}}
	for _, name := range au.good.names() {
		d := au.good.docs[name]
		live := w.accounts[d.target].sim.World()
		held := []string{}
		if d.gateway {
			g, ok := au.find(live, d)
			if !ok {
				continue // there is none any more
			}
			held = g.Secondary
			d.drain, d.minServing = 20+w.below(200, "last drain", name), 1+w.below(2, "last serving", name)
		} else if n, ok := networkInterface(live, d.id); ok {
			held = n.Secondary
		}
		d.count, d.prefixes, d.suspended, d.comment = -1, nil, time.Time{}, "the last"
		d.labels = map[string]string{"env": "prod"}
		d.addresses = nil
		keeps, takes := 0.6, 1+w.below(2, "last takes", name)
		if w.chance(0.25, "last swaps all", name) {
			keeps, takes = 0, 7 // all that a gateway holds, for as many others
		}
		for i, ip := range held {
			if len(d.addresses) < 4 && w.chance(keeps, "last keeps", name, i) {
				d.addresses = append(d.addresses, ip)
			}
		}
		if d.gateway && w.chance(0.2, "last counts", name) {
			d.count, d.addresses, takes = 1+w.below(4, "last count", name), nil, 0
		}
		t.docs[name] = d
		for i := range takes {
			if ip := au.free(t, d, "last", name, i); ip != "" {
				d.addresses = append(d.addresses, ip)
				t.docs[name] = d
			}
		}
	}
	au.good, au.on = t, on
	au.commit("the last", t)
	return t
}

// find is the live gateway that a document means.
func (au *author) find(live ec2sim.World, d doc) (ec2sim.NatGateway, bool) {
	for _, g := range live.NatGateways {
		if alive(g) && (d.id != "" && g.ID == d.id || d.tag != "" && g.Name == d.tag) {
			return g, true
		}
	}
	return ec2sim.NatGateway{}, false
}
