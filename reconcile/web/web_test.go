package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

var now = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)

// handler serves a status and two records, the second of which may be an error.
func handler(s reconcile.Status, broken error) http.Handler {
	return Handler(Config{
		Status:  func() reconcile.Status { return s },
		Log:     record{broken},
		Metrics: NewMetrics(), Now: func() time.Time { return now },
	})
}

// record is a log of two records.
type record struct{ broken error }

func (l record) Checkpoint(context.Context) (*history.Checkpoint, error) {
	return &history.Checkpoint{Exported: "s3://kept/1.jsonl"}, l.broken
}

func (l record) Records(_ context.Context, from uint64) history.Records {
	return func(yield func(history.Record, error) bool) {
		if from <= 1 && !yield(history.Record{Seq: 1, Kind: history.KindCommit}, nil) {
			return
		}
		yield(history.Record{Seq: 2, Kind: history.KindIntent}, l.broken)
	}
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
			h := handler(tt.status, nil)
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
	h := handler(reconcile.Status{}, nil)
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
	h := Handler(Config{
		Status: func() reconcile.Status { return reconcile.Status{} }, Metrics: NewMetrics(), Now: func() time.Time { return now },
		Webhooks: map[string]http.Handler{"/webhook/github": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) })},
	})
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
	h := handler(reconcile.Status{}, nil)
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
	_, body := get(t, handler(reconcile.Status{}, errors.New("disk gone")), "localhost", "/api/v1/history")
	lines := strings.Split(strings.TrimSpace(body), "\n")
	var last struct{ Error string }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.Error != "disk gone" {
		t.Errorf("last line %q: %v", lines[len(lines)-1], err)
	}
}

func TestMetricsAreReadFromTheStatus(t *testing.T) {
	s := reconcile.Status{Turns: 3, LastTurn: now, GitError: "x", Config: reconcile.ConfigStatus{Loaded: now, Error: "sluice.yaml:3:1: no"}}
	s.Plan.Summary = plan.Summary{InSync: 5, Denied: 1}
	s.Inventories = []inventory.Inventory{{Target: "prod", NatGateways: []inventory.NatGateway{{Addresses: []inventory.Address{{Status: inventory.StatusUnassigning}}}}}}
	m := NewMetrics()
	h := Handler(Config{Status: func() reconcile.Status { return s }, Metrics: m, Now: func() time.Time { return now }})
	m.Call("prod", "DescribeNatGateways", "", time.Second)
	m.Webhook("github", "refused")
	_, body := get(t, h, "localhost", "/metrics")
	for _, line := range []string{
		`sluice_resources{state="in-sync"} 5`, `sluice_resources{state="denied"} 1`, `sluice_turns_total 3`,
		`sluice_draining_addresses{target="prod"} 1`, `sluice_failing{what="git"} 1`, `sluice_failing{what="turn"} 0`,
		`sluice_ec2_calls_total{code="",operation="DescribeNatGateways",target="prod"} 1`,
		`sluice_webhook_requests_total{outcome="refused",provider="github"} 1`,
		`sluice_config_last_reload_successful 0`, fmt.Sprintf("sluice_config_last_reload_success_timestamp_seconds %g", float64(now.Unix())),
	} {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
}
