package commitstatus

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/outbox"
)

const (
	canary = "canary-7f3a/+="
	sha    = "18f3e63d05582537db6d183d9d557be09e1f90c8"
)

// provider is how a host's API is documented.
type provider struct {
	base, path string // what the configuration says, and where the request must come
	header     string // that carries the token
	value      string
	name       string // the field of a status's name
	failure    string // the word for it
	repository string
}

var providers = map[string]provider{
	"github": {"/api/v3", "/api/v3/repos/net/addresses/statuses/" + sha, "Authorization", "Bearer " + canary, "context", "failure", "net/addresses"},
	"gitlab": {"/api/v4", "/api/v4/projects/net%2Fteam%2Faddresses/statuses/" + sha, "PRIVATE-TOKEN", canary, "name", "failed", "net/team/addresses"},
	"gitea":  {"", "/api/v1/repos/net/addresses/statuses/" + sha, "Authorization", "token " + canary, "context", "failure", "net/addresses"},
}

// statuses is a stand-in for a host: it refuses what its documentation does not know.
type statuses struct {
	t      *testing.T
	as     provider
	got    []string         // "STATE NAME: LINE"
	answer http.HandlerFunc // in place of its own
}

func (h *statuses) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	var body map[string]any
	err := json.NewDecoder(q.Body).Decode(&body)
	if q.Method != http.MethodPost || q.URL.EscapedPath() != h.as.path || q.Header.Get(h.as.header) != h.as.value || err != nil {
		h.t.Errorf("%s %s, %s: %q, %v", q.Method, q.URL.EscapedPath(), h.as.header, q.Header.Get(h.as.header), err)
	}
	if h.answer != nil {
		h.answer(w, q)
		return
	}
	allowed := []string{"state", h.as.name, "description", "target_url"}
	for field := range body {
		if !slices.Contains(allowed, field) {
			h.t.Errorf("field %s is not documented", field)
		}
	}
	h.got = append(h.got, fmt.Sprintf("%s %s: %s", body["state"], body[h.as.name], body["description"]))
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, `{"id": 1}`)
}

// stage is a host with a certificate of its own, and a speaker for it.
func stage(t *testing.T, name string) (*statuses, *Speaker, *strings.Builder) {
	h := &statuses{t: t, as: providers[name]}
	srv := httptest.NewTLSServer(h)
	t.Cleanup(srv.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	s, err := New(Config{Provider: name, API: srv.URL + h.as.base, Repository: h.as.repository, CAFile: ca,
		Token: func(context.Context, *http.Client) (string, error) { return canary, nil },
		Log:   slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return h, s, &log
}

var about = Subject{sha, "sluice/default"}

func TestEachHostGetsAStatusAsItsAPIDocuments(t *testing.T) {
	for name, as := range providers {
		t.Run(name, func(t *testing.T) {
			h, s, _ := stage(t, name)
			for _, status := range []Status{{Pending, "2 pending"}, {Success, "in sync: 2 resources"}, {Failure, "1 denied"}} {
				if err := s.send(t.Context(), about, status); err != nil {
					t.Fatal(err)
				}
			}
			want := []string{"pending sluice/default: 2 pending", "success sluice/default: in sync: 2 resources", as.failure + " sluice/default: 1 denied"}
			if !slices.Equal(h.got, want) {
				t.Errorf("got %q", h.got)
			}
		})
	}
}

func TestWhatAHostAnswersBecomesOneSentence(t *testing.T) {
	thief := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the token was taken to another host") }))
	defer thief.Close()
	code := func(code int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i+1 < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
			fmt.Fprintf(w, `{"message": "no\n\u001b[31m%s"}`, canary)
		}
	}
	later := func(d time.Duration) *time.Duration { return &d }
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		says   string
		later  *time.Duration // nil: it is not tried again
	}{
		"401":               {code(401), "does not know the token (401: no [31m***); it may have ended", nil},
		"403":               {code(403), "does not let the token set statuses (403: no [31m***); ", nil},
		"404":               {code(404), "has no repository ", nil},
		"422":               {code(422), "answered 422: no [31m***", nil},
		"429":               {code(429, "Retry-After", "7"), "answered 429", later(7 * time.Second)},
		"403 for too many":  {code(403, "Retry-After", "60"), "answered 403", later(time.Minute)},
		"403 until a time":  {code(403, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1"), "answered 403", later(0)},
		"500":               {code(500), "answered 500", later(0)},
		"503 with nonsense": {code(503, "Retry-After", "soon"), "answered 503", later(0)},
		"a redirect elsewhere": {func(w http.ResponseWriter, q *http.Request) {
			http.Redirect(w, q, thief.URL, http.StatusTemporaryRedirect)
		}, "redirects (307), which is not followed", nil},
		"a redirect within":        {func(w http.ResponseWriter, q *http.Request) { http.Redirect(w, q, "/x", http.StatusMovedPermanently) }, "redirects (301), which is not followed", nil},
		"a web page":               {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>"+canary) }, "something else than a status", nil},
		"a status with no end":     {func(w http.ResponseWriter, _ *http.Request) { endless(w, 200) }, "something else than a status", nil},
		"an error with no end":     {func(w http.ResponseWriter, _ *http.Request) { endless(w, 400) }, "answered 400", nil},
		"a connection that breaks": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "cannot be reached (EOF)", later(0)},
	} {
		for name2 := range providers {
			t.Run(name+" of "+name2, func(t *testing.T) {
				h, s, _ := stage(t, name2)
				h.answer = tt.answer
				err := s.send(t.Context(), about, Status{Pending, "x"})
				if err == nil || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), s.host.name) || strings.ContainsAny(err.Error(), "\n\x1b") {
					t.Fatalf("error %q", err)
				}
				if strings.Contains(err.Error(), "canary") {
					t.Errorf("the token is shown: %v", err)
				}
				var later *outbox.Later
				if errors.As(err, &later) != (tt.later != nil) || later != nil && later.After != *tt.later {
					t.Errorf("tried again: %+v", later)
				}
			})
		}
	}
}

// endless writes more than anybody should read.
func endless(w http.ResponseWriter, code int) {
	w.WriteHeader(code)
	chunk := []byte(`{"message": "` + strings.Repeat("x", 64<<10))
	for range 64 {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

func TestAHostThatHangsIsLeftWithItsContext(t *testing.T) {
	for name := range providers {
		h, s, _ := stage(t, name)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		left := make(chan struct{})
		h.answer = func(http.ResponseWriter, *http.Request) { <-left }
		err := s.send(ctx, about, Status{Pending, "x"})
		close(left)
		var later *outbox.Later
		if !errors.As(err, &later) || !strings.Contains(err.Error(), "no answer in time") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGitLabKeepsAStatusThatStaysPending(t *testing.T) {
	h, s, _ := stage(t, "gitlab")
	h.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"message": "Cannot transition status via :enqueue from :pending (Reason(s): Status cannot transition via \"enqueue\")"}`)
	}
	if err := s.send(t.Context(), about, Status{Pending, "another line"}); err != nil {
		t.Error(err)
	}
}

func TestAnErrorIsLoggedOnceUntilSomethingWasSaid(t *testing.T) {
	h, s, log := stage(t, "github")
	h.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }
	fail := func(line string) {
		s.gaveUp(about, Status{Pending, line}, s.send(t.Context(), about, Status{Pending, line}))
	}
	fail("1")
	fail("2")
	if n := strings.Count(log.String(), "Commit statuses: write"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, log)
	}
	refuse := h.answer
	h.answer = nil
	if err := s.send(t.Context(), about, Status{Pending, "3"}); err != nil {
		t.Fatal(err)
	}
	h.answer = refuse
	fail("4")
	if n := strings.Count(log.String(), "Commit statuses: write"); n != 2 {
		t.Errorf("logged %d times:\n%s", n, log)
	}
}

func TestATokenThatWasRefusedIsForgotten(t *testing.T) {
	h, s, _ := stage(t, "github")
	forgotten := 0
	s.cfg.Forget = func() { forgotten++ }
	h.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }
	_ = s.send(t.Context(), about, Status{Pending, "1"})
	h.answer = nil
	_ = s.send(t.Context(), about, Status{Pending, "2"})
	if forgotten != 1 {
		t.Errorf("forgotten %d times", forgotten)
	}
}

func TestTurnsAreToldOfOnceAndFoldersNever(t *testing.T) {
	h, s, _ := stage(t, "github")
	commit := gitsource.Commit{ID: sha}
	for _, o := range []reconcile.Outcome{
		{Commit: commit, Target: "default", Mode: reconcile.Apply},
		{Commit: commit, Target: "default", Mode: reconcile.Apply},
		{Commit: commit, Target: "other", Mode: reconcile.Apply},
		{Commit: gitsource.Commit{ID: "dir:" + sha[4:]}, Target: "default", Mode: reconcile.Apply},
	} {
		s.Observe(o)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.Run(ctx) // sends what waits
	slices.Sort(h.got)
	if want := []string{"success sluice/default: no spec is for this target", "success sluice/other: no spec is for this target"}; !slices.Equal(h.got, want) {
		t.Errorf("got %q", h.got)
	}
}

func TestPlacesThatAreRefused(t *testing.T) {
	good := Config{Provider: "github", API: "https://api.github.com", Repository: "net/addresses"}
	for says, change := range map[string]func(*Config){
		"provider must be github, gitlab or gitea": func(c *Config) { c.Provider = "bitbucket" },
		"url must be https://HOST/PATH":            func(c *Config) { c.API = "http://api.example.com" },
		"without a login":                          func(c *Config) { c.API = "https://canary@example.com" },
		"repository must be owner/name":            func(c *Config) { c.Repository = "../admin" },
		"as it stands in the repository's address": func(c *Config) { c.Repository = "net/a?x=1" },
		"(group/subgroup/name on gitlab)":          func(c *Config) { c.Repository = "net/team/addresses" },
	} {
		cfg := good
		change(&cfg)
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", says, err)
		}
	}
	if _, err := New(good); err != nil {
		t.Error(err)
	}
}
