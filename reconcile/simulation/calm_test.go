package simulation

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// The bounds of invariants 12 and 13. The longest drain that the last commit meets is
// the one that is under way: 4000 s at most.
const (
	convergesWithin = 4 * time.Hour
	restsFor        = 40 * time.Minute
	othersWithin    = 12 * time.Minute
)

// cease ends all faults and brings the process up in order.
func (w *world) cease() {
	w.calm.Store(true)
	w.add("faults cease")
	w.heal()
	w.full.Store(false)
	w.specs.cut(false)
	w.rules.cut(false)
	for _, a := range w.accounts {
		a.sim.Edit(func(world *ec2sim.World) {
			world.Timing.Assign, world.Faults = ec2sim.Duration(3*time.Second), nil
		})
	}
	w.stopAll()
	w.office.decree(func(o *office) { o.stop, o.broken, o.cap = false, false, 4000 })
	w.startAll()
}

// applied is the commit that was applied last, by the history's file.
func (w *world) applied() string {
	w.checker.mu.Lock()
	defer w.checker.mu.Unlock()
	last := ""
	for _, record := range w.checker.all() {
		if err := record.read(); err != nil {
			w.fail(16, "%v", err)
		}
		here := ""
		for _, r := range record.records {
			if r.Kind == history.KindIntent || r.Kind == history.KindAcknowledged || r.Kind == history.KindConverged && r.Decision == "" {
				here = r.Commit
			}
		}
		if last == "" || here != "" && w.specs.descends(here, last) {
			last = here
		}
	}
	return last
}

// converge is the second part: what the last commit says comes true, and then nothing
// happens any more.
func (w *world) converge() {
	w.cease()
	if !w.sleep(15 * time.Second) {
		return
	}
	on := w.applied()
	if on == "" {
		on = w.author.on
	}
	last := w.author.last(on)
	if !w.until(last, convergesWithin, 12, "converge") || !w.sleep(20*time.Minute) {
		return
	}
	w.checker.hush(true)
	if !w.sleep(restsFor) {
		return
	}
	reads := w.checker.hush(false)
	// A run of the schedule, and one more at the edge, each with a read of gateways and
	// one of interfaces in each target.
	most := (int(restsFor/(15*time.Minute)) + 1) * len(targets) * 2
	if w.proc.office.cron == "" {
		most = 0
	}
	if reads > most {
		w.fail(12, "at rest EC2 was read %d times in %s; the schedule needs %d", reads, restsFor, most)
	}
	if wrong := w.wrong(last); wrong != "" {
		w.fail(12, "at rest: %s", wrong)
	}
	if w.drift(last); !w.failed() {
		w.swapAll(last)
	}
}

// swapAll changes all addresses of a full gateway, which cannot be done in one go: none
// can be added before some are removed, and some must serve all the time.
func (w *world) swapAll(t tree) {
	const name = "west-gateway-0"
	for i, serving := range []int{1, 3} {
		next := t.clone()
		d, ok := next.docs[name]
		if !ok {
			return // deleted
		}
		d.count, d.addresses, d.drain, d.minServing = -1, nil, 5, serving
		for k := range 7 {
			d.addresses = append(d.addresses, w.accounts[d.target].ip(d.subnet, 60+10*i+k))
		}
		next.docs[name] = d
		w.author.good = next
		w.author.commit("a full gateway", next)
		if !w.until(next, time.Hour, 12, "a full gateway") {
			return
		}
	}
}

// drift takes something away by hand, which a run of the schedule must find.
func (w *world) drift(t tree) {
	if w.proc.office.cron == "" {
		return
	}
	d := t.docs["west-interface-1"]
	n, _ := networkInterface(w.accounts[d.target].sim.World(), d.id)
	if len(n.Secondary) == 0 {
		return
	}
	code := w.accounts[d.target].byHand("UnassignPrivateIpAddresses", url.Values{"NetworkInterfaceId": {d.id}, "PrivateIpAddress.1": {n.Secondary[0]}})
	w.add("somebody takes %s away from %s %s", n.Secondary[0], d.id, code)
	w.until(t, 17*time.Minute, 12, "the correction of drift")
}

// hush says that nothing may happen from now on, and returns how often EC2 was read
// since it was said last.
func (c *checker) hush(quiet bool) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	reads := c.reads
	c.quiet, c.reads = quiet, 0
	return reads
}

// until waits for the truth to be as the specs of a tree say.
func (w *world) until(t tree, bound time.Duration, invariant int, what string, only ...string) bool {
	for end := time.Now().Add(bound); ; {
		wrong := w.wrong(t, only...)
		if wrong == "" {
			w.add("%s: done", what)
			return true
		}
		if !time.Now().Before(end) {
			w.fail(invariant, "%s: after %s %s", what, bound, wrong)
			return false
		}
		if !w.sleep(30 * time.Second) {
			return false
		}
		w.office.approve()
	}
}

// wrong says what is not as a tree says, or "". Of the documents only the named ones
// count, if any are.
func (w *world) wrong(t tree, only ...string) string {
	for _, name := range t.names() {
		if len(only) > 0 && !slices.Contains(only, name) {
			continue
		}
		d := t.docs[name]
		live := w.accounts[d.target].sim.World()
		var have []string
		if d.gateway {
			g, ok := w.author.find(live, d)
			if !ok {
				return d.name + " has no gateway"
			}
			have = g.Secondary
			if len(g.Transitions) > 0 {
				return fmt.Sprintf("%s has transitions %v", d.name, g.Transitions)
			}
		} else {
			n, _ := networkInterface(live, d.id)
			have = n.Secondary
		}
		if d.count >= 0 {
			if len(have) != d.count {
				return fmt.Sprintf("%s holds %v, and should hold %d", d.name, have, d.count)
			}
			continue
		}
		have, want := slices.Sorted(slices.Values(have)), slices.Sorted(slices.Values(d.addresses))
		if !slices.Equal(have, want) {
			return fmt.Sprintf("%s holds %v, and should hold %v", d.name, have, want)
		}
	}
	return ""
}

// oneSick is the third part: while something is sick, the others go on.
func (w *world) oneSick() {
	next := w.author.good.clone()
	names := next.names()
	sick := pick(w.dice, names, "sick")
	target := next.docs[sick].target
	d := next.docs[sick]
	d.comment = "sick"
	kind := pick(w.dice, []string{"spec", "account", "gateway", "claims"}, "sickness")
	w.add("sick: %s, %s", kind, sick)
	skip := func(o doc) bool { return o.name == sick }
	switch kind {
	case "spec":
		d.labels = map[string]string{"env": "prod", "number": "many"}
	case "account":
		w.accounts[target].fall(func(i *illnesses) { i.sick = true })
		skip = func(o doc) bool { return o.target == target }
	case "gateway":
		w.accounts[target].fall(func(i *illnesses) { i.busy = d.id })
	case "claims":
		next.raw["specs/again.yaml"] = d.yaml()
	}
	if ip := w.author.free(next, d, "sick", sick); ip != "" && d.count < 0 && len(d.addresses) < 7 {
		d.addresses = append(slices.Clone(d.addresses), ip)
	}
	next.docs[sick] = d
	var well []string
	for _, name := range names {
		o := next.docs[name]
		if ip := w.author.free(next, o, "well", name); !skip(o) && ip != "" && o.count < 0 && len(o.addresses) < 7 {
			o.addresses, o.comment = append(slices.Clone(o.addresses), ip), "well"
			next.docs[name] = o
			well = append(well, name)
		}
	}
	w.author.commit("one is sick", next)
	if !w.until(next, othersWithin, 13, "the others of a sick "+kind, well...) {
		return
	}
	w.heal()
	if kind == "account" || kind == "gateway" {
		w.until(next, time.Hour, 12, "what was sick")
	}
}
