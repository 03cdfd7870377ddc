package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

const canary = "canary-8e1d"

var began = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)

// outcome is what a turn finds of a commit with one resource in a state.
func outcome(commit string, state plan.State, changes ...func(*reconcile.Outcome)) reconcile.Outcome {
	o := reconcile.Outcome{At: began, Target: "prod", Mode: reconcile.Apply, Repository: "git.example.com/net/addresses"}
	o.Commit = gitsource.Commit{ID: commit, Message: "egress: .22 for .20\n\nlong", Author: gitsource.Person{Name: "Ada"}}
	r := plan.Resource{Target: "prod", Kind: inventory.KindNatGateway, ID: "nat-1", Spec: plan.SpecRef{Name: "egress", File: "a.yaml", Line: 3}, State: state}
	if state != plan.InSync {
		r.Waves = [][]plan.Action{{{Verb: inventory.VerbAssign, Addresses: []netip.Addr{netip.MustParseAddr("10.0.1.22")}}}}
	}
	o.Resources = []plan.Resource{r}
	for _, change := range changes {
		change(&o)
	}
	o.Summary = plan.Summarize(o.Resources)
	return o
}

// by is a rule that stopped the resource.
func by(rule, decision string) func(*reconcile.Outcome) {
	return func(o *reconcile.Outcome) {
		o.Resources[0].Verdicts = append(o.Resources[0].Verdicts, plan.Verdict{Rule: rule, Decision: decision, Msg: "at " + time.Now().String()})
	}
}

func strayed(contested bool) func(*reconcile.Outcome) {
	return func(o *reconcile.Outcome) {
		d := &plan.Drift{Addresses: []plan.Stray{{Address: "10.0.1.22", Change: plan.Removed}, {Address: "10.0.1.99", Change: plan.Added}}, Contested: contested}
		if o.Resources[0].State == plan.Converging {
			d.Addresses = d.Addresses[1:] // a part is corrected
		}
		o.Resources[0].Drift = d
	}
}

// receiver keeps what it is sent: METHOD-OR-TYPE and text, one a request.
type receiver struct {
	t   *testing.T
	url string

	mu     sync.Mutex
	got    []string
	bodies []string
	answer http.HandlerFunc // in place of its own
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{t: t}
	srv := httptest.NewServer(r)
	t.Cleanup(srv.Close)
	r.url = srv.URL
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	data, _ := io.ReadAll(q.Body)
	var body map[string]any
	if json.Unmarshal(data, &body) != nil || q.Method != http.MethodPost {
		r.t.Errorf("%s %s", q.Method, data)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.answer != nil {
		r.answer(w, q)
		return
	}
	text := func(field string) string { s, _ := body[field].(string); return s }
	switch {
	case strings.HasSuffix(q.URL.Path, "/chat.postMessage") && body["thread_ts"] != nil:
		r.got = append(r.got, fmt.Sprintf("reply to %s: %s", text("thread_ts"), text("text")))
	case strings.HasSuffix(q.URL.Path, "/chat.postMessage"):
		r.got = append(r.got, fmt.Sprintf("post to %s: %s", text("channel"), text("text")))
	case strings.HasSuffix(q.URL.Path, "/chat.update"):
		r.got = append(r.got, fmt.Sprintf("edit %s in %s: %s", text("ts"), text("channel"), text("text")))
	case body["specversion"] != nil:
		r.got = append(r.got, text("type"))
	default:
		r.got = append(r.got, text("text"))
	}
	r.bodies = append(r.bodies, string(data))
	fmt.Fprintf(w, `{"ok": true, "channel": "C1", "ts": "%d.1"}`, len(r.got))
}

// wants compares the beginnings of what was sent.
func (r *receiver) wants(t *testing.T, want ...string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	ok := len(r.got) == len(want)
	for i := range r.got {
		ok = ok && strings.HasPrefix(r.got[i], want[i])
	}
	if !ok {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(r.got, "\n---\n"), strings.Join(want, "\n---\n"))
	}
}

func constant(s string) func() (string, error) { return func() (string, error) { return s, nil } }

func (r *receiver) hook() Destination {
	return Destination{Hook: &SlackHook{URL: constant(r.url + "/services/" + canary)}, Setting: "notify[0]"}
}

func (r *receiver) bot() Destination {
	return Destination{Bot: &SlackBot{API: r.url + "/api", Channel: "net", Token: constant(canary)}, Setting: "notify[0]"}
}

func (r *receiver) events() Destination {
	return Destination{Events: &CloudEvents{URL: r.url + "/events", Token: constant(canary)}, Setting: "notify[0]"}
}

// tell lets a destination hear outcomes one after the other, each sent before the next
// comes, and returns what was logged.
func tell(t *testing.T, d Destination, outcomes ...reconcile.Outcome) string {
	t.Helper()
	var log strings.Builder
	n := New(Config{Destinations: []Destination{d}, Log: slog.New(slog.NewTextHandler(&log, nil))})
	for i, o := range outcomes {
		o.At = o.At.Add(time.Duration(i) * time.Minute)
		n.Observe(o)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		n.Run(ended) // sends what waits
	}
	return log.String()
}
