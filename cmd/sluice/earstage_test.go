package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// earsToken is what a request must show, in its path or as a bearer token.
const earsToken = "canary-ears"

// ears hear what sluice tells: a Slack (/api, /hook), a receiver of CloudEvents
// (/events) and a collector of traces (/v1/traces).
type ears struct {
	mu    sync.Mutex
	lines []string
	spans []*tracepb.Span
}

// startEars is the command ears.
func startEars(ts *testscript.TestScript, args []string) {
	if len(args) != 0 {
		ts.Fatalf("usage: ears")
	}
	e := &ears{}
	srv := httptest.NewServer(e)
	ts.Defer(srv.Close)
	stageOf(ts).ears = e
	ts.Setenv("EARS_URL", srv.URL)
}

func (e *ears) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	var fields map[string]any
	_ = json.Unmarshal(body, &fields)
	word := func(name string) string {
		text, _ := fields[name].(string)
		return strings.ReplaceAll(text, "\n", " / ")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	bearer := q.Header.Get("Authorization") == "Bearer "+earsToken
	switch path := q.URL.Path; {
	case path == "/v1/traces" && q.Header.Get("X-Key") == earsToken:
		var got tracepb.TracesData
		if proto.Unmarshal(body, &got) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		for _, r := range got.ResourceSpans {
			for _, s := range r.ScopeSpans {
				e.spans = append(e.spans, s.Spans...)
			}
		}
	case path == "/hook/"+earsToken:
		e.lines = append(e.lines, "hook: "+word("text"))
	case path == "/events" && bearer:
		e.lines = append(e.lines, fmt.Sprintf("event: %s %s of %s", word("type"), word("source"), word("subject")[:7]))
	case path == "/api/chat.postMessage" && bearer && word("thread_ts") != "":
		e.lines = append(e.lines, "reply: "+word("text"))
	case path == "/api/chat.postMessage" && bearer:
		e.lines = append(e.lines, "post: "+word("text"))
	case path == "/api/chat.update" && bearer:
		e.lines = append(e.lines, "edit: "+word("text"))
	default:
		http.Error(w, "who are you? "+earsToken, http.StatusUnauthorized)
		return
	}
	fmt.Fprintf(w, `{"ok": true, "channel": "C1", "ts": "%d.1"}`, len(e.lines))
}

// text is what was said, and one line for each trace: the names of its spans, sorted,
// and how many there are of each.
func (e *ears) text() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	lines := slices.Clone(e.lines)
	traces, names := map[string]map[string]int{}, map[string][]string{}
	for _, s := range e.spans {
		id := hex.EncodeToString(s.TraceId)
		if traces[id] == nil {
			traces[id] = map[string]int{}
		}
		if traces[id][s.Name]++; traces[id][s.Name] == 1 {
			names[id] = append(names[id], s.Name)
		}
	}
	var told []string
	for id, list := range names {
		slices.Sort(list)
		line := "trace:"
		for _, name := range list {
			line += fmt.Sprintf(" %s*%d", name, traces[id][name])
		}
		told = append(told, line)
	}
	slices.Sort(told)
	return strings.Join(append(append(lines, told...), ""), "\n")
}

// heard prints what was heard, and forgets it.
func heard(ts *testscript.TestScript, _ []string) {
	e := stageOf(ts).ears
	fmt.Fprint(ts.Stdout(), e.text())
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lines, e.spans = nil, nil
}
