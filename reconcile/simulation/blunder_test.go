package simulation

import (
	"slices"
)

// blunder commits something bad.
func (au *author) blunder(f fault) {
	au.n++
	t := au.good.clone()
	t.bad = f
	name := pick(au.w.dice, t.names(), "blunder", au.n)
	d := t.docs[name]
	switch f {
	case badYAML:
		delete(t.docs, name)
		t.raw["specs/"+name+".yaml"] = "apiVersion: sluice/v1\nkind: [\n  metadata: {name: x\n"
	case badClaims:
		d, o, ok := au.neighbours(t)
		if !ok {
			return
		}
		ip := o.addresses[0]
		if fresh := au.free(t, d, "blunder", au.n); fresh != "" && o.count < 0 && au.w.chance(0.6, "blunder afresh", au.n) {
			ip = fresh // which nobody holds yet, so that both could take it
			o.addresses = append(slices.Clone(o.addresses), ip)
			t.docs[o.name] = o
		}
		d.addresses = append(slices.Clone(d.addresses), ip)
		t.docs[d.name] = d
	case badPrimary:
		g := au.w.accounts[d.target].sim.World().NatGateways[d.subnet]
		if d.count >= 0 || g.Primary == "" {
			return
		}
		d.addresses = append(slices.Clone(d.addresses), g.Primary)
		t.docs[name] = d
	case badGone:
		t.docs = map[string]doc{}
	}
	au.w.fired(f)
	au.commit(string(f), t)
}

// neighbours are two documents of a subnet, of which the first could list what the second
// does. Often the second one's gateway is gone: what it lists is nobody's to take either.
func (au *author) neighbours(t tree) (d, o doc, ok bool) {
	var all, gone [][2]doc
	for _, name := range t.names() {
		for _, other := range t.names() {
			d, o := t.docs[name], t.docs[other]
			if name == other || o.target != d.target || o.subnet != d.subnet || len(o.addresses) == 0 || d.count >= 0 {
				continue
			}
			all = append(all, [2]doc{d, o})
			if _, lives := au.find(au.w.accounts[o.target].sim.World(), o); o.gateway && !lives {
				gone = append(gone, [2]doc{d, o})
			}
		}
	}
	if len(gone) > 0 && au.w.chance(0.5, "blunder with what is gone", au.n) {
		all = gone
	}
	if len(all) == 0 {
		return doc{}, doc{}, false
	}
	both := pick(au.w.dice, all, "blunder with", au.n)
	return both[0], both[1], true
}

// force pushes a branch that does not go on from where it was.
func (au *author) force() {
	au.n++
	line := au.w.specs.line(au.on)
	if len(line) < 3 {
		return
	}
	old := au.on
	au.on = line[1+au.w.below(min(3, len(line)-1), "force", au.n)]
	next := au.good.clone()
	message := "rewritten: " + au.change(next, au.n, 0)
	au.w.fired(forcePush)
	au.commit(message, next)
	if au.w.chance(0.6, "force back", au.n) {
		au.on = old // the next commit goes on from the old branch
	} else {
		au.good = next
	}
}
