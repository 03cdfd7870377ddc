package metrics

import (
	"context"
	"net/http"
	"net/netip"
	"regexp"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/seed-6ca89210/sluice/reconcile"
)

// Metrics holds what is counted as it happens, in a registry of its own.
type Metrics struct {
	registry *prometheus.Registry
	targets  []string

	calls, callSeconds                *prometheus.CounterVec
	webhooks, notifications, statuses *prometheus.CounterVec
	events                            *prometheus.CounterVec
	cycles, applied                   *prometheus.HistogramVec
	decisions                         *prometheus.CounterVec
	success                           *prometheus.GaugeVec

	codes codes

	mu    sync.Mutex
	known map[string]*known // what was found last, by target
}

// Source is where it is read how things stand.
type Source struct {
	Status func() reconcile.Status
	// DrainUntil says when an address that sluice drains is gone at the latest.
	DrainUntil func(target, id string, addr netip.Addr) (time.Time, bool)
	Now        func() time.Time
}

// The buckets, in seconds: a turn takes as long as EC2's answers and a few calls, a
// commit as long as drains, of which EC2's longest is 4,000.
var (
	cycleBuckets  = []float64{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300}
	commitBuckets = []float64{5, 15, 30, 60, 120, 300, 600, 1200, 2400, 4800, 3600 * 3, 3600 * 12, 3600 * 48}
)

// New makes the metrics of targets.
func New(targets []string) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), targets: targets, known: map[string]*known{}}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		m.registry.MustRegister(v)
		return v
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
		m.registry.MustRegister(v)
		return v
	}
	m.calls = counter("sluice_ec2_calls_total", "EC2 calls, each attempt, by operation and error code (empty: success).", "target", "operation", "code")
	m.callSeconds = counter("sluice_ec2_call_seconds_total", "Time spent in EC2 calls.", "target", "operation", "code")
	m.webhooks = counter("sluice_webhook_requests_total", "Webhook requests by provider and outcome.", "provider", "outcome")
	m.events = counter("sluice_event_messages_total", "Messages of the queue of events by what they were (hint, other, bad), and calls of it that failed.", "outcome")
	m.notifications = counter("sluice_notifications_total", "Notifications by kind of destination (slack, cloudevents) and outcome (sent, failed: given up).", "destination", "outcome")
	m.statuses = counter("sluice_commit_statuses_total", "Commit statuses for the Git host by outcome (sent, failed: given up).", "outcome")
	m.cycles = histogram("sluice_cycle_duration_seconds", "How long turns of the loop took, by outcome (ok, failed).", cycleBuckets, "outcome")
	m.applied = histogram("sluice_commit_applied_seconds", "From the look at Git that saw a commit to everything in the target being as it says. Mode apply; each commit that this process saw first, once.", commitBuckets, "target")
	m.decisions = counter("sluice_policy_decisions_total", "Decisions of rules about resources, counted when they are new, by rule and decision.", "rule", "decision")
	m.success = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "sluice_last_success_timestamp_seconds", Help: "When a turn last ended that read all of the target and in which EC2 refused no call there; 0: never.",
	}, []string{"target"})
	m.registry.MustRegister(m.success, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, target := range targets {
		m.success.WithLabelValues(target)
		m.applied.WithLabelValues(target)
	}
	m.cycles.WithLabelValues("ok")
	m.cycles.WithLabelValues("failed")
	return m
}

// Read adds what is read from a source. It is called once.
func (m *Metrics) Read(from Source) { m.registry.MustRegister(&gauges{from, m.targets}) }

// Handler answers in the formats of Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Call counts one attempt of an EC2 call.
func (m *Metrics) Call(target, operation, code string, took time.Duration) {
	code = m.codes.bounded(code)
	m.calls.WithLabelValues(target, operation, code).Inc()
	m.callSeconds.WithLabelValues(target, operation, code).Add(took.Seconds())
}

// Webhook counts one request to a webhook's path.
func (m *Metrics) Webhook(provider, outcome string) {
	m.webhooks.WithLabelValues(provider, outcome).Inc()
}

// Event counts one message of the queue of events, or one call of it that failed.
func (m *Metrics) Event(outcome string) { m.events.WithLabelValues(outcome).Inc() }

// Notified counts a notification that was sent or, with an error, given up.
func (m *Metrics) Notified(destination string, err error) {
	m.notifications.WithLabelValues(destination, sent(err)).Inc()
}

// Told counts a commit status that was sent or, with an error, given up.
func (m *Metrics) Told(err error) { m.statuses.WithLabelValues(sent(err)).Inc() }

func sent(err error) string {
	if err != nil {
		return "failed"
	}
	return "sent"
}

// Around measures turns; it is a [reconcile.Around].
func (m *Metrics) Around(ctx context.Context, p reconcile.Part) (context.Context, func(error)) {
	if p.Name != reconcile.PartTurn {
		return ctx, nil
	}
	began := time.Now()
	return ctx, func(err error) {
		outcome := "ok"
		if err != nil {
			outcome = "failed"
		}
		m.cycles.WithLabelValues(outcome).Observe(time.Since(began).Seconds())
	}
}

// codes keeps an endpoint that makes up error codes from filling the memory.
type codes struct {
	mu   sync.Mutex
	seen map[string]bool
}

const mostCodes = 100

var plainCode = regexp.MustCompile(`^[A-Za-z0-9._-]{0,80}$`)

// bounded returns the code, or other when it is none or one too many.
func (c *codes) bounded(code string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.seen[code]:
		return code
	case len(c.seen) >= mostCodes || !plainCode.MatchString(code):
		return "other"
	case c.seen == nil:
		c.seen = map[string]bool{}
	}
	c.seen[code] = true
	return code
}
