package tracing

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/seed-6ca89210/sluice/reconcile/outbox"
	"github.com/seed-6ca89210/sluice/reconcile/post"
)

// Collector is where traces go.
type Collector struct {
	URL     string                 // of the traces: by custom https://HOST:4318/v1/traces
	Token   func() (string, error) // a bearer token; nil: none
	Header  http.Header            // beside it
	CAFile  string                 // PEM, beside the system's authorities
	Proxy   string                 // a URL; when empty HTTPS_PROXY and NO_PROXY count
	Setting string                 // of the configuration, for errors
}

// client sends batches for OpenTelemetry's exporter.
type client struct {
	to  Collector
	log *slog.Logger

	mu   sync.Mutex
	told string // the error that was logged last
}

var _ otlptrace.Client = (*client)(nil)

func (c *client) Start(context.Context) error { return nil }
func (c *client) Stop(context.Context) error  { return nil }

// attempts to send one batch; meanwhile others wait in the queue.
const attempts = 3

// UploadTraces sends one batch. Its error is logged here, once, and not returned:
// OpenTelemetry would write it to standard error.
func (c *client) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	// The message of a request has the fields of TracesData; its own type comes with gRPC.
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return err
	}
	pause := time.Second
	for n := 1; ; n++ {
		err = c.send(ctx, body)
		var later *outbox.Later
		if err == nil || n == attempts || !errors.As(err, &later) || !sleep(ctx, max(pause, later.After)) {
			break
		}
		pause *= 2
	}
	c.tell(err)
	return nil
}

// Check sends an empty batch, and so learns whether a collector takes what comes from
// here. The error is of one attempt, and without secrets: of a token that cannot be
// read, or of [post.Send].
func Check(ctx context.Context, to Collector) error {
	c := client{to: to}
	return c.send(ctx, nil) // of a message without fields nothing is left
}

func (c *client) send(ctx context.Context, body []byte) error {
	l := post.Letter{URL: c.to.URL, ContentType: "application/x-protobuf", Header: c.to.Header, Body: body, CAFile: c.to.CAFile, Proxy: c.to.Proxy, Setting: c.to.Setting}
	if c.to.Token != nil {
		var err error
		if l.Token, err = c.to.Token(); err != nil {
			return err
		}
	}
	_, err := post.Send(ctx, l)
	return err
}

// tell logs an error once, until something was sent or the error is another one.
func (c *client) tell(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != "" && text != c.told {
		c.log.Error("traces were not sent", "error", err)
	}
	c.told = text
}

// sleep waits, and reports whether ctx is still alive then.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
