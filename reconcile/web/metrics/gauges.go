package metrics

import (
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/calendar"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// gauges reads how things stand whenever it is asked.
type gauges struct {
	from    Source
	targets []string
}

// gauge is one metric of them.
type gauge struct {
	desc  *prometheus.Desc
	value prometheus.ValueType
	read  func(g *gauges, s reconcile.Status, emit emit)
}

type emit func(value float64, labels ...string)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

func list() []gauge {
	const now, total = prometheus.GaugeValue, prometheus.CounterValue
	return []gauge{
		{describe("sluice_resources", "Resources by state (waiting: held only until a window opens, or a freeze or suspend ends); the target is empty for specs that name none that is configured.", "target", "state"), now, (*gauges).resources},
		{describe("sluice_drifted_addresses", "Addresses and prefixes that differ though no commit asked for it, by change (added, removed, changing: in transition), until they are corrected.", "target", "change"), now, func(_ *gauges, s reconcile.Status, emit emit) {
			for key, n := range s.Drifted() {
				emit(float64(n), key.Target, string(key.Change))
			}
		}},
		{describe("sluice_draining_addresses", "Addresses that drain now.", "target"), now, (*gauges).draining},
		{describe("sluice_drain_left_seconds", "Until the last drain of sluice's in the target ends at the latest; 0: none.", "target"), now, (*gauges).drainLeft},
		{describe("sluice_removal_budget_left", "Addresses that specs may still take away in the target without an approval.", "target"), now, (*gauges).budget},
		{describe("sluice_policy_verdicts", "What rules say of the current plan: resources by rule and decision.", "rule", "decision"), now, (*gauges).verdicts},
		{describe("sluice_turns_total", "Turns of the loop that ended well."), total, func(_ *gauges, s reconcile.Status, emit emit) { emit(float64(s.Turns)) }},
		{describe("sluice_last_turn_timestamp_seconds", "When a turn last ended well; 0: never."), now, func(_ *gauges, s reconcile.Status, emit emit) { emit(seconds(s.LastTurn)) }},
		{describe("sluice_last_git_read_timestamp_seconds", "When Git was last read; 0: never."), now, func(_ *gauges, s reconcile.Status, emit emit) { emit(seconds(s.LastLook)) }},
		{describe("sluice_commit_held", "1 while the newest commit is held as a whole: where it comes from, or who signed it."), now, func(_ *gauges, s reconcile.Status, emit emit) { emit(bit(s.Plan.Hold != "")) }},
		{describe("sluice_failing", "1 while the last look at Git, the last turn, or the last export of old records failed.", "what"), now, func(_ *gauges, s reconcile.Status, emit emit) {
			emit(bit(s.GitError != ""), "git")
			emit(bit(s.TurnError != ""), "turn")
			emit(bit(s.ExportError != ""), "export")
		}},
		{describe("sluice_leases_held", "1 while this replica holds the target's lease, where several share the targets in a table.", "target"), now, func(_ *gauges, s reconcile.Status, emit emit) {
			for _, l := range s.Leases {
				emit(bit(l.Here), l.Target)
			}
		}},
		{describe("sluice_lease_losses_total", "Leases of the target that this replica lost, rather than gave back.", "target"), total, func(_ *gauges, s reconcile.Status, emit emit) {
			for _, l := range s.Leases {
				emit(float64(l.Lost), l.Target)
			}
		}},
		{describe("sluice_config_last_reload_successful", "0 while the last configuration that was read is refused, and an older one in force."), now, func(_ *gauges, s reconcile.Status, emit emit) { emit(bit(s.Config.Error == "")) }},
		{describe("sluice_config_last_reload_success_timestamp_seconds", "When the configuration in force was read."), now, func(_ *gauges, s reconcile.Status, emit emit) { emit(seconds(s.Config.Loaded)) }},
	}
}

// waiting is held by nothing but the calendar: it goes on without a person.
const waiting plan.State = "waiting"

// byCalendar reports whether the calendar alone holds a resource: what waits for a
// person too says so first.
func byCalendar(r plan.Resource) bool {
	return slices.ContainsFunc([]string{calendar.WindowRule, calendar.FreezeRule, calendar.SuspendRule}, func(rule string) bool {
		return strings.HasPrefix(r.Reason, rule+": ")
	})
}

var states = []plan.State{waiting, plan.InSync, plan.Pending, plan.Converging, plan.Blocked, plan.Held, plan.Denied, plan.Error}

func (g *gauges) resources(s reconcile.Status, emit emit) {
	count := map[[2]string]int{}
	for _, r := range s.Plan.Resources {
		target := r.Target
		if !slices.Contains(g.targets, target) { // whoever writes specs must not make up labels
			target = ""
		}
		state := r.State
		if state == plan.Held && byCalendar(r) {
			state = waiting
		}
		count[[2]string{target, string(state)}]++
	}
	for _, target := range append(slices.Clone(g.targets), "") {
		for _, state := range states {
			emit(float64(count[[2]string{target, string(state)}]), target, string(state))
		}
	}
}

func (g *gauges) draining(s reconcile.Status, emit emit) {
	for target, list := range g.drains(s) {
		emit(float64(len(list)), target)
	}
}

func (g *gauges) drainLeft(s reconcile.Status, emit emit) {
	now := g.from.Now()
	for target, list := range g.drains(s) {
		left := time.Duration(0)
		for _, until := range list {
			left = max(left, until.Sub(now))
		}
		emit(left.Seconds(), target)
	}
}

// drains lists by target when each draining address is gone at the latest; the zero
// time for a drain that somebody else began.
func (g *gauges) drains(s reconcile.Status) map[string][]time.Time {
	of := map[string][]time.Time{}
	for _, target := range g.targets {
		of[target] = nil
	}
	for _, inv := range s.Inventories {
		for _, gateway := range inv.NatGateways {
			for _, a := range gateway.Addresses {
				if a.Status == inventory.StatusUnassigning {
					until, _ := g.from.DrainUntil(inv.Target, gateway.ID, a.IP)
					of[inv.Target] = append(of[inv.Target], until)
				}
			}
		}
	}
	return of
}

func (g *gauges) budget(s reconcile.Status, emit emit) {
	for _, target := range g.targets {
		if left, known := s.BudgetLeft[target]; known {
			emit(float64(left), target)
		}
	}
}

func (g *gauges) verdicts(s reconcile.Status, emit emit) {
	count := map[[2]string]int{}
	for _, r := range s.Plan.Resources {
		here := map[[2]string]bool{}
		for _, v := range r.Verdicts {
			here[[2]string{v.Rule, v.Decision}] = true
		}
		for key := range here {
			count[key]++
		}
	}
	for key, n := range count {
		emit(float64(n), key[0], key[1])
	}
}

func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

func bit(on bool) float64 {
	if on {
		return 1
	}
	return 0
}

// Describe is part of prometheus.Collector.
func (g *gauges) Describe(ch chan<- *prometheus.Desc) {
	for _, one := range list() {
		ch <- one.desc
	}
}

// Collect is part of prometheus.Collector.
func (g *gauges) Collect(ch chan<- prometheus.Metric) {
	s := g.from.Status()
	for _, one := range list() {
		one.read(g, s, func(value float64, labels ...string) {
			ch <- prometheus.MustNewConstMetric(one.desc, one.value, value, labels...)
		})
	}
}
