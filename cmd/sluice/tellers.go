package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/ec2"
	"github.com/seed-6ca89210/sluice/reconcile/notify"
	"github.com/seed-6ca89210/sluice/reconcile/tracing"
	"github.com/seed-6ca89210/sluice/reconcile/web/metrics"
)

// tellers tell elsewhere what the loop does.
type tellers struct {
	metrics *metrics.Metrics
	tracer  *tracing.Tracer // nil: nobody wants traces
}

func newTellers(cfg config.Config) *tellers {
	return &tellers{metrics: metrics.New(slices.Sorted(maps.Keys(cfg.Targets)))}
}

// call hears of every EC2 call.
func (t *tellers) call(ctx context.Context, target string, a ec2.Attempt) {
	t.metrics.Call(target, a.Operation, a.Code, a.Took)
	t.tracer.Call(ctx, tracing.Call{Target: target, Operation: a.Operation, Code: a.Code, RequestID: a.RequestID, Began: a.Began, Took: a.Took})
}

// speak makes a loop's configuration tell all that are to hear of it, and starts
// those who send. The function that it returns sends what still waits, within a bounded
// time. The end of ctx alone ends nothing: the loop has its last word after it.
func (a *app) speak(ctx context.Context, cfg config.Config, loop *reconcile.Config, t *tellers) (func(), error) {
	loop.Observers = append(loop.Observers, t.metrics.Observe)
	loop.Around = append(loop.Around, t.metrics.Around)
	statuses, err := a.commitStatuses(cfg, loop, t.metrics.Told)
	if err != nil {
		return nil, err
	}
	notifier, err := a.notifier(cfg, loop.Log, t.metrics.Notified)
	if err != nil {
		return nil, err
	}
	if t.tracer, err = a.newTracer(ctx, cfg, loop.Log); err != nil {
		return nil, err
	}
	ends := []func(){t.tracer.Close}
	if t.tracer != nil {
		loop.Around = append(loop.Around, t.tracer.Around)
	}
	for _, run := range []func(context.Context){statuses, notifier.Run} {
		ends = append(ends, background(context.WithoutCancel(ctx), run))
	}
	loop.Observers = append(loop.Observers, notifier.Observe)
	return func() {
		var wg sync.WaitGroup
		for _, end := range ends {
			wg.Go(end)
		}
		wg.Wait()
	}, nil
}

// notifier makes who tells the receivers of notify.
func (a *app) notifier(cfg config.Config, log *slog.Logger, told func(string, error)) (*notify.Notifier, error) {
	out := notify.Config{Log: log, Told: told}
	for i, n := range cfg.Notify {
		d := notify.Destination{Targets: n.Targets, Setting: "notify[" + strconv.Itoa(i) + "]"}
		for _, kind := range n.On {
			d.On = append(d.On, notify.Kind(kind))
		}
		var err error
		switch s := n.Slack; {
		case s == nil:
			d.Events = &notify.CloudEvents{URL: n.CloudEvents.URL, CAFile: n.CloudEvents.CAFile}
			d.Events.Token, err = a.optional(n.CloudEvents.Token)
		case s.Channel != "":
			d.Bot = &notify.SlackBot{API: s.API, Channel: s.Channel, CAFile: s.CAFile}
			d.Bot.Token, err = a.secret("token", s.Token)
		default:
			d.Hook = &notify.SlackHook{CAFile: s.CAFile}
			d.Hook.URL, err = a.secret("url", s.URL)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.Setting, err)
		}
		out.Destinations = append(out.Destinations, d)
	}
	return notify.New(out), nil
}

// optional is a secret, or nil where none is configured.
func (a *app) optional(s config.Secret) (func() (string, error), error) {
	if s == (config.Secret{}) {
		return nil, nil
	}
	return a.secret("token", s)
}

// newTracer makes who sends traces, where the configuration or, as OpenTelemetry has
// it, the environment asks for them; else nil.
func (a *app) newTracer(ctx context.Context, cfg config.Config, log *slog.Logger) (*tracing.Tracer, error) {
	to, err := a.collector(cfg)
	if err != nil {
		return nil, err
	}
	if to.URL == "" || strings.EqualFold(a.getenv("OTEL_SDK_DISABLED"), "true") {
		return nil, nil
	}
	tracer, err := tracing.New(ctx, to, version(), log)
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	return tracer, nil
}

// collector is where traces go; without a URL nowhere.
func (a *app) collector(cfg config.Config) (tracing.Collector, error) {
	if c := cfg.Traces; c != nil {
		token, err := a.optional(c.Token)
		if err != nil {
			return tracing.Collector{}, fmt.Errorf("traces: %w", err)
		}
		return tracing.Collector{URL: c.URL, Token: token, CAFile: c.CAFile, Setting: "traces"}, nil
	}
	if a.getenv("OTEL_TRACES_EXPORTER") == "none" {
		return tracing.Collector{}, nil
	}
	first := func(names ...string) (name, value string) {
		for _, name := range names {
			if value := a.getenv(name); value != "" {
				return name, value
			}
		}
		return names[0], ""
	}
	name, base := first("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
	if base == "" {
		return tracing.Collector{}, nil
	}
	if name == "OTEL_EXPORTER_OTLP_ENDPOINT" {
		base = strings.TrimSuffix(base, "/") + "/v1/traces"
	}
	if setting, protocol := first("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"); protocol != "" && protocol != "http/protobuf" {
		return tracing.Collector{}, fmt.Errorf("%s: sluice speaks http/protobuf only; unset it, or set it to that, and give the address of the collector's HTTP port", setting)
	}
	setting, text := first("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
	header, err := otlpHeaders(text)
	if err != nil {
		return tracing.Collector{}, fmt.Errorf("%s: %w", setting, err)
	}
	return tracing.Collector{URL: base, Header: header, Setting: name}, nil
}

// otlpHeaders reads name=value pairs with commas between them; values may be escaped
// as in URLs. Errors quote nothing, since values are secrets.
func otlpHeaders(text string) (http.Header, error) {
	if text == "" {
		return nil, nil
	}
	h := http.Header{}
	for _, pair := range strings.Split(text, ",") {
		name, value, ok := strings.Cut(pair, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if name = strings.TrimSpace(name); !ok || err != nil || name == "" || strings.ContainsAny(name+value, "\r\n\x00") {
			return nil, errors.New("it must be name=value pairs with commas between them")
		}
		h.Set(name, value)
	}
	return h, nil
}
