package tracing

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/seed-6ca89210/sluice/reconcile"
)

// The bounds of what waits. The deadline is that of one request.
const (
	mostWaiting = 2048
	flush       = 5 * time.Second
	deadline    = 10 * time.Second
)

// Tracer makes spans. A nil one makes none.
type Tracer struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer

	mu   sync.Mutex
	root string // the commit whose first span was made
}

// New makes a tracer and begins to send what it makes. version is sluice's.
// OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES and OTEL_TRACES_SAMPLER count. The error is
// OpenTelemetry's, of variables that it cannot read; whether the collector can be
// reached shows later, in log.
func New(ctx context.Context, to Collector, version string, log *slog.Logger) (*Tracer, error) {
	client := &client{to: to, log: log}
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "sluice"), attribute.String("service.version", version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, err
	}
	exporter, err := otlptrace.New(ctx, client)
	if err != nil {
		return nil, err
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithResource(about), sdktrace.WithIDGenerator(ids{}),
		sdktrace.WithBatcher(exporter, sdktrace.WithMaxQueueSize(mostWaiting), sdktrace.WithExportTimeout(deadline), sdktrace.WithBatchTimeout(5*time.Second)))
	return &Tracer{provider: provider, tracer: provider.Tracer("github.com/seed-6ca89210/sluice")}, nil
}

// Close sends what waits, for at most five seconds.
func (t *Tracer) Close() {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), flush)
	defer cancel()
	_ = t.provider.Shutdown(ctx) // the client has logged why
}

// Around makes a span of a part; it is a [reconcile.Around].
func (t *Tracer) Around(ctx context.Context, p reconcile.Part) (context.Context, func(error)) {
	if t == nil {
		return ctx, nil
	}
	var options []trace.SpanStartOption
	if p.Name == reconcile.PartFetch || p.Name == reconcile.PartTurn {
		ctx, options = t.begin(ctx, p)
	}
	if !p.Began.IsZero() {
		options = append(options, trace.WithTimestamp(p.Began))
	}
	ctx, span := t.tracer.Start(ctx, string(p.Name), options...)
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, err.Error())
		}
		span.End()
	}
}

// begin chooses the trace of what does not belong to a turn already.
func (t *Tracer) begin(ctx context.Context, p reconcile.Part) (context.Context, []trace.SpanStartOption) {
	commit := commitContext(p.Repository, p.Commit)
	options := []trace.SpanStartOption{trace.WithAttributes(
		attribute.String("vcs.repository.name", p.Repository), attribute.String("vcs.ref.head.revision", p.Commit), attribute.String("sluice.mode", string(p.Mode)))}
	switch {
	case p.Settled:
		return ctx, append(options, trace.WithNewRoot(), trace.WithLinks(trace.Link{SpanContext: commit}))
	case p.Name == reconcile.PartFetch && t.first(p):
		return context.WithValue(ctx, rootKey{}, commit), append(options, trace.WithNewRoot())
	}
	return trace.ContextWithRemoteSpanContext(ctx, commit), options
}

// first reports whether no fetch of this commit was told of. One that brings new
// policies for the same commit is not the first.
func (t *Tracer) first(p reconcile.Part) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := p.Repository + "\x00" + p.Commit
	if t.root == key {
		return false
	}
	t.root = key
	return true
}

// Call is one attempt of an EC2 call.
type Call struct {
	Target    string
	Operation string // of the API, such as DescribeNatGateways
	Code      string // EC2's, or the class of the failure; empty: success
	RequestID string // EC2's; may be empty
	Began     time.Time
	Took      time.Duration
}

// Call makes a span of an attempt that has ended, within that of ctx.
func (t *Tracer) Call(ctx context.Context, c Call) {
	if t == nil {
		return
	}
	attributes := []attribute.KeyValue{attribute.String("sluice.target", c.Target), attribute.String("rpc.system", "aws-api"),
		attribute.String("rpc.service", "EC2"), attribute.String("rpc.method", c.Operation)}
	if c.RequestID != "" {
		attributes = append(attributes, attribute.String("aws.request_id", c.RequestID))
	}
	if c.Code != "" {
		attributes = append(attributes, attribute.String("error.type", c.Code))
	}
	_, span := t.tracer.Start(ctx, "ec2."+c.Operation, trace.WithTimestamp(c.Began), trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes...))
	if c.Code != "" && c.Code != "DryRunOperation" { // with which EC2 says yes
		span.SetStatus(codes.Error, c.Code)
	}
	span.End(trace.WithTimestamp(c.Began.Add(c.Took)))
}
