package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/web/access"
	"github.com/seed-6ca89210/sluice/reconcile/web/feed"
	"github.com/seed-6ca89210/sluice/reconcile/web/live"
)

var now = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)

// records is a record of two, the second of which may be an error.
type records struct{ broken error }

func (r records) Records(_ context.Context, from uint64) history.Records {
	return func(yield func(history.Record, error) bool) {
		if from <= 1 && !yield(history.Record{Seq: 1, Kind: history.KindCommit}, nil) {
			return
		}
		yield(history.Record{Seq: 2, Kind: history.KindIntent}, r.broken)
	}
}

func (r records) Before(_ context.Context, _ uint64) history.Records {
	return func(yield func(history.Record, error) bool) {
		_ = yield(history.Record{Seq: 2, Kind: history.KindIntent}, r.broken) && yield(history.Record{Seq: 1, Kind: history.KindCommit}, nil)
	}
}

func (r records) Head(context.Context) (history.Head, error) { return history.Head{Seq: 2}, r.broken }

// config serves a status, to everybody who names a loopback host.
func config(t *testing.T, s reconcile.Status, broken error) Config {
	t.Helper()
	guard, err := access.New(access.Config{LoopbackOnly: true, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	status := func() reconcile.Status { return s }
	return Config{
		Status: status, Metrics: http.NotFoundHandler(), Now: func() time.Time { return now }, Guard: guard, Events: live.NewHub(),
		Feed: feed.New(feed.Config{Status: status, Record: records{broken}, Now: func() time.Time { return now }}),
	}
}

func handler(t *testing.T, s reconcile.Status, broken error) http.Handler {
	return Handler(config(t, s, broken))
}

func (r records) Checkpoint(context.Context) (*history.Checkpoint, error) {
	return &history.Checkpoint{Exported: "s3://kept/1.jsonl"}, r.broken
}

func get(t *testing.T, h http.Handler, host, path string) (int, string) {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	req.Host = host
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	body, err := io.ReadAll(rec.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return rec.Code, string(body)
}

func TestHealthAndReadinessFollowTheLoop(t *testing.T) {
	tests := []struct {
		name           string
		status         reconcile.Status
		healthy, ready int
	}{
		{"before anything", reconcile.Status{}, 503, 503},
		{"a turn ended a moment ago", reconcile.Status{LastBeat: now.Add(-time.Second), LastPoll: now, Turns: 1, Interval: time.Minute}, 200, 200},
		{"Git fails but the loop beats", reconcile.Status{LastBeat: now.Add(-time.Minute), LastPoll: now, GitError: "unreachable", Interval: time.Minute}, 200, 503},
		{"the loop hangs", reconcile.Status{LastBeat: now.Add(-time.Hour), LastPoll: now, Turns: 9, Interval: time.Minute}, 503, 200},
		{"the reader of Git hangs", reconcile.Status{LastBeat: now, LastPoll: now.Add(-time.Hour), Turns: 9, Interval: time.Minute}, 503, 200},
		{"a long interval is no hang", reconcile.Status{LastBeat: now.Add(-time.Hour), LastPoll: now.Add(-time.Hour), Turns: 9, Interval: time.Hour}, 200, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := handler(t, tt.status, nil)
			if code, _ := get(t, h, "127.0.0.1:8080", "/healthz"); code != tt.healthy {
				t.Errorf("healthz %d, want %d", code, tt.healthy)
			}
			if code, _ := get(t, h, "127.0.0.1:8080", "/readyz"); code != tt.ready {
				t.Errorf("readyz %d, want %d", code, tt.ready)
			}
		})
	}
}

func TestOnlyLoopbackHostsAreAnswered(t *testing.T) {
	h := handler(t, reconcile.Status{}, nil)
	for host, want := range map[string]int{
		"127.0.0.1:8080": 200, "localhost:1": 200, "[::1]:8080": 200, "127.9.9.9": 200,
		"evil.example:8080": 403, "10.0.0.1:8080": 403, "": 403, "localhost.evil.example": 403,
	} {
		if code, _ := get(t, h, host, "/api/v1/status"); code != want {
			t.Errorf("host %q: %d, want %d", host, code, want)
		}
	}
}

func TestOnlyWebhooksAreAnsweredUnderAnyName(t *testing.T) {
	cfg := config(t, reconcile.Status{}, nil)
	cfg.Webhooks = map[string]http.Handler{"/webhook/github": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) })}
	h := Handler(cfg)
	for _, host := range []string{"hooks.example.com", "localhost", ""} {
		if code, _ := get(t, h, host, "/webhook/github"); code != http.StatusTeapot {
			t.Errorf("host %q: %d", host, code)
		}
		unknown, words := get(t, h, host, "/nonsense")
		for _, path := range []string{"/webhook/gitlab", "/webhook/", "/webhook", "/webhook/github/", "/webhook/github/x", "/webhook/GitHub"} {
			if code, got := get(t, h, host, path); code != unknown || got != words {
				t.Errorf("host %q, %s: %d %q; a path that does not exist: %d %q", host, path, code, got, unknown, words)
			}
		}
	}
	for _, path := range []string{"/api/v1/status", "/api/v1/history", "/metrics", "/healthz"} {
		if code, _ := get(t, h, "hooks.example.com", path); code != http.StatusForbidden {
			t.Errorf("%s: %d", path, code)
		}
	}
}

func TestHistoryIsJSONLinesAndAFailureIsItsLastLine(t *testing.T) {
	h := handler(t, reconcile.Status{}, nil)
	if _, body := get(t, h, "localhost", "/api/v1/history"); strings.Count(body, "\n") != 2 || !strings.Contains(body, `"seq":1`) {
		t.Errorf("body %q", body)
	}
	if _, body := get(t, h, "localhost", "/api/v1/history?from=2"); strings.Count(body, "\n") != 1 || !strings.Contains(body, `"seq":2`) {
		t.Errorf("body %q", body)
	}
	if code, body := get(t, h, "localhost", "/api/v1/history/checkpoint"); code != 200 || !strings.Contains(body, `"exported":"s3://kept/1.jsonl"`) {
		t.Errorf("checkpoint: %d %q", code, body)
	}
	if code, _ := get(t, h, "localhost", "/api/v1/history?from=x"); code != 400 {
		t.Errorf("status %d", code)
	}
	_, body := get(t, handler(t, reconcile.Status{}, errors.New("disk gone")), "localhost", "/api/v1/history")
	lines := strings.Split(strings.TrimSpace(body), "\n")
	var last struct{ Error string }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.Error != "disk gone" {
		t.Errorf("last line %q: %v", lines[len(lines)-1], err)
	}
}
