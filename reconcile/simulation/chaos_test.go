package simulation

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// chaosLasts is how long faults strike, in the world's time.
const chaosLasts = 80 * time.Minute

// chaos is the first part of a run: something happens every minute or so.
func (w *world) chaos() {
	w.startAll()
	for n, end := 1, time.Now().Add(chaosLasts); time.Now().Before(end); n++ {
		if !w.sleep(w.between(2*time.Second, 60*time.Second, "until the next", n)) {
			return
		}
		w.happens(n)
		w.revive(n)
	}
}

// event is something that may happen to the world. How often is its weight.
type event struct {
	weight int
	name   string
	do     func(w *world, n int)
}

func (w *world) events() []event {
	list := []event{
		{14, "work", func(w *world, n int) { w.author.work() }},
		{4, "blunder", (*world).blunder},
		{3, "force", func(w *world, n int) {
			if !w.pair && w.strikes(forcePush, 0.5, n) { // two logs would stand on two branches
				w.author.force()
			}
		}},
		{12, "rival", (*world).meddle},
		{2, "gateway", (*world).loseGateway},
		{10, "illness", (*world).fallIll},
		{8, "health", func(w *world, n int) { w.heal() }},
		{8, "approve", func(w *world, n int) { w.office.approve() }},
		{4, "rules", (*world).decree},
		{3, "disk", func(w *world, n int) {
			if w.strikes(diskFull, 0.5, n) {
				w.full.Store(true)
				w.sleep(w.between(20*time.Second, 4*time.Minute, "full", n))
				w.full.Store(false)
			}
		}},
		{3, "clock", (*world).jump},
		{4, "settings", (*world).change},
		{4, "end", (*world).stopProcess},
		{2, "git", func(w *world, n int) {
			if w.strikes(gitDown, 0.5, n) {
				w.specs.cut(true)
				w.sleep(w.between(time.Minute, 8*time.Minute, "down", n))
				w.specs.cut(false)
			}
		}},
	}
	if w.pair {
		list = append(list, event{10, "pause", (*world).pause}, event{6, "table", (*world).cutOff}, event{14, "work", func(w *world, n int) { w.author.work() }})
	}
	return list
}

// happens lets one event happen.
func (w *world) happens(n int) {
	total := 0
	for _, e := range w.events() {
		total += e.weight
	}
	at := w.below(total, "event", n)
	for _, e := range w.events() {
		if at -= e.weight; at < 0 {
			w.add("event: %s", e.name)
			e.do(w, n)
			return
		}
	}
}

// revive starts the process again when it is no more.
func (w *world) revive(n int) {
	if w.pair {
		w.reviveReplicas(n)
		return
	}
	if !w.proc.dead() {
		return
	}
	w.proc.stop()
	w.sleep(w.between(time.Second, 40*time.Second, "revive", n))
	if w.chance(0.3, "acknowledge", n) {
		w.acknowledge()
	}
	w.start(w.proc.settings)
}

// settings of a configuration, the n-th.
func (w *world) settings(n int) settings {
	s := settings{mode: reconcile.Apply}
	if w.calm.Load() {
		s.office.cron, s.office.correct = pick(w.dice, []string{"", "*/15 * * * *"}, "calm cron"), true
		return s
	}
	if !w.pair && w.strikes(modeChanged, 0.25, n) {
		s.mode = pick(w.dice, []reconcile.Mode{reconcile.Observe, reconcile.DryRun}, "mode", n)
		w.fired(modeChanged)
	}
	t := &s.office
	t.cron = pick(w.dice, []string{"", "*/5 * * * *", "*/10 * * * *"}, "cron", n)
	t.correct = w.chance(0.8, "correct", n)
	if w.strikes(frozen, 0.3, n) {
		from := w.now().Add(w.between(-10*time.Minute, 20*time.Minute, "freeze", n))
		t.freezes = append(t.freezes, span{from, from.Add(w.between(5*time.Minute, 40*time.Minute, "thaw", n)), pick(w.dice, []string{"prod", "test"}, "frozen", n)})
	}
	if w.strikes(windowed, 0.2, n) {
		t.window, t.hours = pick(w.dice, targets, "window", n), 1+w.below(3, "hours", n)
		t.opens = (w.now().UTC().Hour() + w.below(2, "opens", n)) % 24
	}
	return s
}

// change gives the process another configuration, by SIGHUP or by another start.
func (w *world) change(n int) {
	s := w.settings(n)
	p := w.oneOf(n)
	if !w.pair && w.chance(0.5, "reload", n) && w.strikes(reloaded, 1, n) {
		p.reload(s)
		return
	}
	w.add("process %d stops", p.number)
	p.stop()
	w.again(p, s)
}

// stopProcess ends a process in order, or kills it while it does what it does just now.
func (w *world) stopProcess(n int) {
	p := w.oneOf(n)
	if w.chance(0.5, "kill", n) && w.strikes(killIdle, 1, n) {
		p.kill(killIdle)
		return
	}
	if !w.strikes(stopped, 0.8, n) {
		return
	}
	w.fired(stopped)
	w.add("process %d stops", p.number)
	p.stop()
	s := p.settings
	w.sleep(w.between(time.Second, 3*time.Minute, "stopped", n))
	w.again(p, s)
}

// acknowledge does what `sluice ack` does, while no process runs.
func (w *world) acknowledge() {
	file, err := history.Open(w.historyFile(), history.Holder{PID: 1, Command: "sluice ack"})
	if err != nil {
		w.fail(16, "the history does not open: %v", err)
		return
	}
	defer file.Close()
	ledger := history.NewLedger()
	if err := history.Fold(w.t.Context(), file, ledger); err != nil {
		w.fail(16, "the history cannot be read back: %v", err)
		return
	}
	if held, _ := ledger.Held(); held != "" && held == w.specs.tip() && held != ledger.Base() {
		w.fired(acknowledged)
		w.add("somebody acknowledges %.8s", held)
		if _, err := file.Append(w.t.Context(), history.Record{Kind: history.KindAcknowledged, Time: w.now().UTC(), Commit: held, Author: "ops@host"}); err != nil {
			w.t.Error(err)
		}
	}
}

func (w *world) blunder(n int) {
	f := pick(w.dice, []fault{badYAML, badEmpty, badClaims, badPrimary, badGone}, "blunder", n)
	if w.strikes(f, 0.8, n) {
		w.author.blunder(f)
	}
}

func (w *world) decree(n int) {
	w.office.decree(func(o *office) {
		o.cap = pick(w.dice, []int{600, 4000, 4000}, "cap", n)
		o.stop = w.strikes(policyDenies, 0.2, n)
		o.broken = w.strikes(policyBroken, 0.3, n)
	})
	if w.office.broken { // that is noticed soon
		w.sleep(w.between(time.Minute, 5*time.Minute, "mended", n))
		w.office.decree(func(o *office) { o.broken = false })
	}
}

// fallIll gives an account an illness for a while.
func (w *world) fallIll(n int) {
	a := w.accounts[pick(w.dice, targets, "ill", n)]
	d := w.between(time.Second, 25*time.Second, "lag", n)
	a.fall(func(i *illnesses) {
		switch {
		case w.strikes(readLag, 0.3, n):
			i.lag = d
		case w.strikes(flapping, 0.3, n):
			i.flap = d
		case w.strikes(denied, 0.3, n):
			i.deny = pick(w.dice, []string{"AssignPrivateNatGatewayAddress", "UnassignPrivateNatGatewayAddress", "AssignPrivateIpAddresses",
				"UnassignPrivateIpAddresses", "DescribeNatGateways", "DescribeSubnets"}, "deny", n)
		case w.strikes(expired, 0.3, n):
			i.expired = true
		case w.strikes(serverError, 0.3, n):
			i.failing = true
		case w.strikes(throttled, 0.4, n):
			i.crowded = true
		}
		w.add("%s is ill: %+v", a.target, *i)
	})
	slow := ec2sim.Duration(3 * time.Second)
	if w.strikes(slowAssign, 0.3, n) {
		slow = ec2sim.Duration(w.between(time.Minute, 12*time.Minute, "slow", n))
	}
	a.sim.Edit(func(world *ec2sim.World) { world.Timing.Assign = slow })
}

func (w *world) heal() {
	for _, target := range targets {
		w.accounts[target].fall(func(i *illnesses) { *i = illnesses{} })
	}
	w.add("all are well")
}

// meddle is a rival who changes addresses by hand.
func (w *world) meddle(n int) {
	if !w.strikes(rival, 0.7, n) {
		return
	}
	a := w.accounts[pick(w.dice, targets, "rival", n)]
	live := a.sim.World()
	form, id, action := url.Values{}, "", ""
	if w.chance(0.5, "rival gateway", n) {
		g := pick(w.dice, live.NatGateways, "rival which", n)
		id = g.ID
		form.Set("NatGatewayId", id)
		action = "AssignPrivateNatGatewayAddress"
		if len(g.Secondary) > 0 && w.chance(0.5, "rival takes", n) {
			action = "UnassignPrivateNatGatewayAddress"
			form.Set("PrivateIpAddress.1", g.Secondary[0])
			form.Set("MaxDrainDurationSeconds", fmt.Sprint(1+w.below(200, "rival drain", n)))
		}
		a.rivalAddress(form, g.SubnetID, n)
	} else {
		e := pick(w.dice, live.NetworkInterfaces, "rival which", n)
		id = e.ID
		form.Set("NetworkInterfaceId", id)
		action = "AssignPrivateIpAddresses"
		if len(e.Secondary) > 0 && w.chance(0.5, "rival takes", n) {
			action = "UnassignPrivateIpAddresses"
			form.Set("PrivateIpAddress.1", e.Secondary[0])
		}
		a.rivalAddress(form, e.SubnetID, n)
	}
	code := a.byHand(action, form)
	a.meddle(id)
	w.add("rival: %s %s %v %s", action, id, form["PrivateIpAddress.1"], code)
	if code == "" {
		w.fired(rival)
	}
}

func (a *account) rivalAddress(form url.Values, subnet string, n int) {
	if form.Get("PrivateIpAddress.1") == "" {
		form.Set("PrivateIpAddress.1", a.ip(int(subnet[len(subnet)-1]-'0'), 20+a.w.below(40, "rival address", n)))
	}
}

// loseGateway deletes a gateway, and perhaps makes another one of the same name.
func (w *world) loseGateway(n int) {
	f := pick(w.dice, []fault{deleted, replaced}, "gateway", n)
	if !w.strikes(f, 0.5, n) {
		return
	}
	a := w.accounts[pick(w.dice, targets, "gateway", n)]
	a.made++
	a.sim.Edit(func(world *ec2sim.World) {
		var list []int
		for i, g := range world.NatGateways {
			if alive(g) {
				list = append(list, i)
			}
		}
		if len(list) < 3 {
			return
		}
		g := &world.NatGateways[pick(w.dice, list, "gateway", n)]
		w.fired(f)
		w.add("%s: %s is %s", a.target, g.ID, f)
		a.meddle(g.ID)
		old := *g
		g.State, g.Secondary, g.Transitions = "deleted", nil, nil
		if f == replaced {
			next := ec2sim.NatGateway{ID: gatewayID(a.number, 100+a.made), Name: old.Name, SubnetID: old.SubnetID, Primary: a.ip(int(old.SubnetID[len(old.SubnetID)-1]-'0'), 230+a.made%20)}
			a.meddle(next.ID)
			world.NatGateways = append(slices.Clone(world.NatGateways), next)
			for _, d := range w.author.good.docs { // somebody mends the spec later
				if d.id == old.ID {
					d.id = next.ID
					w.author.good.docs[d.name] = d
				}
			}
		}
	})
}
