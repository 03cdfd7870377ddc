package tracing

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/seed-6ca89210/sluice/reconcile"
)

const canary = "canary-4411"

// collector keeps the spans that it is sent.
type collector struct {
	t      *testing.T
	mu     sync.Mutex
	spans  []*tracepb.Span
	about  string // what the resource says
	calls  int
	answer http.HandlerFunc // in place of its own
}

func (c *collector) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	var got tracepb.TracesData
	if err != nil || proto.Unmarshal(body, &got) != nil || q.Header.Get("Content-Type") != "application/x-protobuf" || q.Header.Get("Authorization") != "Bearer "+canary {
		c.t.Errorf("%v %v", err, q.Header)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls++; c.answer != nil {
		c.answer(w, q)
		return
	}
	for _, r := range got.ResourceSpans {
		c.about = fmt.Sprint(r.Resource)
		for _, s := range r.ScopeSpans {
			c.spans = append(c.spans, s.Spans...)
		}
	}
}

// open starts a collector and a tracer that sends to it.
func open(t *testing.T) (*collector, *Tracer, *strings.Builder) {
	t.Helper()
	c := &collector{t: t}
	srv := httptest.NewServer(c)
	t.Cleanup(srv.Close)
	log := &strings.Builder{}
	tracer, err := New(t.Context(), Collector{URL: srv.URL + "/v1/traces", Token: func() (string, error) { return canary, nil }, Setting: "traces"},
		"v1.2.3", slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return c, tracer, log
}

// lines are the spans as "NAME in PARENT", by trace in the order of their ends.
func (c *collector) lines() map[string][]string {
	names := map[string]string{}
	for _, s := range c.spans {
		names[hex.EncodeToString(s.SpanId)] = s.Name
	}
	out := map[string][]string{}
	for _, s := range c.spans {
		text := s.Name
		if len(s.ParentSpanId) > 0 {
			text += " in " + names[hex.EncodeToString(s.ParentSpanId)]
		}
		for _, l := range s.Links {
			text += " linked to " + names[hex.EncodeToString(l.SpanId)]
		}
		if s.Status.GetMessage() != "" {
			text += ": " + s.Status.GetMessage()
		}
		id := hex.EncodeToString(s.TraceId)
		out[id] = append(out[id], text)
	}
	return out
}

// turn is a turn with one call that fails.
func turn(tracer *Tracer, settled bool) {
	p := reconcile.Part{Name: reconcile.PartTurn, Repository: "git.example.com/a", Commit: "c1", Settled: settled}
	ctx, endTurn := tracer.Around(context.Background(), p)
	p.Name = reconcile.PartObserve
	observing, endObserve := tracer.Around(ctx, p)
	tracer.Call(observing, Call{Target: "prod", Operation: "DescribeNatGateways", RequestID: "r-1", Began: time.Now(), Took: time.Second})
	tracer.Call(observing, Call{Target: "prod", Operation: "DescribeSubnets", Code: "RequestLimitExceeded", Began: time.Now()})
	endObserve(nil)
	endTurn(errors.New("the history is closed"))
}

func TestACommitIsOneTrace(t *testing.T) {
	c, tracer, log := open(t)
	_, end := tracer.Around(t.Context(), reconcile.Part{Name: reconcile.PartFetch, Repository: "git.example.com/a", Commit: "c1", Began: time.Now().Add(-time.Minute)})
	end(nil)
	turn(tracer, false)
	turn(tracer, true)
	tracer.Close()
	again, second, _ := open(t) // another process goes on
	turn(second, false)
	second.Close()
	c.spans = append(c.spans, again.spans...)

	commit := commitContext("git.example.com/a", "c1").TraceID().String()
	inTurn := []string{"ec2.DescribeNatGateways in observe", "ec2.DescribeSubnets in observe: RequestLimitExceeded", "observe in turn"}
	ofTurn := append(slices.Clone(inTurn), "turn in fetch: the history is closed")
	want := slices.Concat([]string{"fetch"}, ofTurn, ofTurn)
	got := c.lines()
	if !slices.Equal(got[commit], want) {
		t.Errorf("got %q", got[commit])
	}
	delete(got, commit)
	if len(got) != 1 {
		t.Errorf("%d more traces; a look for drift is one", len(got))
	}
	for _, later := range got {
		if want := append(inTurn, "turn linked to fetch: the history is closed"); !slices.Equal(later, want) {
			t.Errorf("got %q", later)
		}
	}
	if log.String() != "" || !strings.Contains(c.about, "sluice") || !strings.Contains(c.about, "v1.2.3") {
		t.Errorf("%s %s", log, c.about)
	}
}

func TestASpanSaysWhichCallAndHowLong(t *testing.T) {
	c, tracer, _ := open(t)
	turn(tracer, false)
	tracer.Close()
	var attributes []string
	for _, a := range c.spans[0].Attributes {
		attributes = append(attributes, a.Key+"="+a.Value.GetStringValue())
	}
	want := []string{"sluice.target=prod", "rpc.system=aws-api", "rpc.service=EC2", "rpc.method=DescribeNatGateways", "aws.request_id=r-1"}
	if took := time.Duration(c.spans[0].EndTimeUnixNano - c.spans[0].StartTimeUnixNano); !slices.Equal(attributes, want) || took != time.Second {
		t.Errorf("%q, %s", attributes, took)
	}
}

func TestTwoCommitsAndTwoRepositoriesAreOtherTraces(t *testing.T) {
	a, b, c := commitContext("a", "c1"), commitContext("a", "c2"), commitContext("b", "c1")
	if !a.IsValid() || a.TraceID() == b.TraceID() || a.TraceID() == c.TraceID() || a.TraceID() != commitContext("a", "c1").TraceID() {
		t.Errorf("%s %s %s", a.TraceID(), b.TraceID(), c.TraceID())
	}
}

func TestACollectorThatFailsIsLoggedOnceAndHoldsUpNothing(t *testing.T) {
	c, tracer, log := open(t)
	c.answer = func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "who is "+canary, http.StatusUnauthorized) }
	for range 3 {
		turn(tracer, false)
		_ = tracer.provider.ForceFlush(t.Context())
	}
	began := time.Now()
	for range 3 * mostWaiting { // more than there is room for
		tracer.Call(t.Context(), Call{Operation: "DescribeSubnets", Began: began})
	}
	tracer.Close()
	if strings.Count(log.String(), "traces were not sent") != 1 || !strings.Contains(log.String(), "refused it (401: who is ***); check traces") || strings.Contains(log.String(), canary) {
		t.Error(log)
	}
}

func TestABusyCollectorIsAskedAgain(t *testing.T) {
	c, tracer, log := open(t)
	c.answer = func(w http.ResponseWriter, _ *http.Request) {
		c.answer = nil
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	turn(tracer, false)
	tracer.Close()
	if c.calls != 2 || len(c.spans) != 4 || log.String() != "" {
		t.Errorf("%d calls, %d spans: %s", c.calls, len(c.spans), log)
	}
}

func TestATracerThatIsNotThereDoesNothing(t *testing.T) {
	var tracer *Tracer
	if _, end := tracer.Around(t.Context(), reconcile.Part{Name: reconcile.PartTurn}); end != nil {
		t.Error("there is something to end")
	}
	tracer.Call(t.Context(), Call{})
	tracer.Close()
}
