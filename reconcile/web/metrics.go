package web

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// Metrics holds what is counted as it happens; the rest is read from the status
// when it is asked for.
type Metrics struct {
	registry *prometheus.Registry
	calls    *prometheus.CounterVec
	seconds  *prometheus.CounterVec
	webhooks *prometheus.CounterVec
	events   *prometheus.CounterVec
	status   atomic.Pointer[func() reconcile.Status]
}

// NewMetrics makes an own registry: nothing global.
func NewMetrics() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	labels := []string{"target", "operation", "code"}
	m.calls = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sluice_ec2_calls_total", Help: "EC2 calls by operation and error code (empty: success).",
	}, labels)
	m.seconds = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sluice_ec2_call_seconds_total", Help: "Time spent in EC2 calls.",
	}, labels)
	m.webhooks = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sluice_webhook_requests_total", Help: "Webhook requests by provider and outcome.",
	}, []string{"provider", "outcome"})
	m.events = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sluice_event_messages_total", Help: "Messages of the queue of events by what they were (hint, other, bad), and calls of it that failed.",
	}, []string{"outcome"})
	m.registry.MustRegister(m.calls, m.seconds, m.webhooks, m.events, m,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Call counts one EC2 call.
func (m *Metrics) Call(target, operation, code string, took time.Duration) {
	m.calls.WithLabelValues(target, operation, code).Inc()
	m.seconds.WithLabelValues(target, operation, code).Add(took.Seconds())
}

// Webhook counts one request to a webhook's path.
func (m *Metrics) Webhook(provider, outcome string) {
	m.webhooks.WithLabelValues(provider, outcome).Inc()
}

// Event counts one message of the queue of events, or one call of it that failed.
func (m *Metrics) Event(outcome string) { m.events.WithLabelValues(outcome).Inc() }

// gauge is a metric that is read from the status.
type gauge struct {
	desc *prometheus.Desc
	read func(s reconcile.Status, emit func(value float64, labels ...string))
}

func gauges() []gauge {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return []gauge{
		{desc("sluice_resources", "Resources by state.", "state"), func(s reconcile.Status, emit func(float64, ...string)) {
			count := s.Plan.Summary
			for state, n := range map[plan.State]int{
				plan.InSync: count.InSync, plan.Pending: count.Pending, plan.Converging: count.Converging, plan.Blocked: count.Blocked,
				plan.Held: count.Held, plan.Denied: count.Denied, plan.Error: count.Error,
			} {
				emit(float64(n), string(state))
			}
		}},
		{desc("sluice_draining_addresses", "Addresses that drain now.", "target"), func(s reconcile.Status, emit func(float64, ...string)) {
			for _, inv := range s.Inventories {
				emit(float64(draining(inv)), inv.Target)
			}
		}},
		{desc("sluice_drifted_addresses", "Addresses and prefixes that differ though no commit asked for it.", "target", "change"), func(s reconcile.Status, emit func(float64, ...string)) {
			for key, n := range s.Drifted() {
				emit(float64(n), key.Target, string(key.Change))
			}
		}},
		{desc("sluice_turns_total", "Turns of the loop that ended well."), func(s reconcile.Status, emit func(float64, ...string)) {
			emit(float64(s.Turns))
		}},
		{desc("sluice_last_turn_timestamp_seconds", "When a turn last ended well."), func(s reconcile.Status, emit func(float64, ...string)) {
			emit(seconds(s.LastTurn))
		}},
		{desc("sluice_last_git_read_timestamp_seconds", "When Git was last read."), func(s reconcile.Status, emit func(float64, ...string)) {
			emit(seconds(s.LastLook))
		}},
		{desc("sluice_commit_held", "1 while the newest commit is held as a whole: where it comes from, or who signed it."), func(s reconcile.Status, emit func(float64, ...string)) {
			emit(flag(s.Plan.Hold != ""))
		}},
		{desc("sluice_failing", "1 while the last look at Git, or the last turn, failed.", "what"), func(s reconcile.Status, emit func(float64, ...string)) {
			emit(flag(s.GitError != ""), "git")
			emit(flag(s.TurnError != ""), "turn")
		}},
		{desc("sluice_config_last_reload_successful", "0 while the last configuration that was read is refused, and an older one in force."), func(s reconcile.Status, emit func(float64, ...string)) {
			emit(flag(s.Config.Error == ""))
		}},
		{desc("sluice_config_last_reload_success_timestamp_seconds", "When the configuration in force was read."), func(s reconcile.Status, emit func(float64, ...string)) {
			emit(seconds(s.Config.Loaded))
		}},
	}
}

func draining(inv inventory.Inventory) int {
	n := 0
	for _, g := range inv.NatGateways {
		for _, a := range g.Addresses {
			if a.Status == inventory.StatusUnassigning {
				n++
			}
		}
	}
	return n
}

func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.Unix())
}

func flag(on bool) float64 {
	if on {
		return 1
	}
	return 0
}

// Describe is part of prometheus.Collector.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, g := range gauges() {
		ch <- g.desc
	}
}

// Collect is part of prometheus.Collector.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	status := m.status.Load()
	if status == nil {
		return
	}
	s := (*status)()
	for _, g := range gauges() {
		g.read(s, func(value float64, labels ...string) {
			ch <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, value, labels...)
		})
	}
}
