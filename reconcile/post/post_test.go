package post

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/outbox"
)

const canary = "canary-55c1"

// letter is one to a server with a certificate of its own, which answers so.
func letter(t *testing.T, answer http.HandlerFunc) Letter {
	t.Helper()
	srv := httptest.NewTLSServer(answer)
	t.Cleanup(srv.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return Letter{URL: srv.URL + "/hook/" + canary, Secret: true, ContentType: "text/plain", Token: canary, Body: []byte("hello"), CAFile: ca, Setting: "notify[0]"}
}

func TestALetterArrives(t *testing.T) {
	l := letter(t, func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		if q.Method != http.MethodPost || string(body) != "hello" || q.Header.Get("Authorization") != "Bearer "+canary || q.Header.Get("Content-Type") != "text/plain" || q.Header.Get("X-A") != "b" {
			t.Errorf("%s %q %v", q.Method, body, q.Header)
		}
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, "thanks")
	})
	l.Header = http.Header{"X-A": {"b"}}
	if a, err := Send(t.Context(), l); err != nil || a.Code != 202 || string(a.Body) != "thanks" {
		t.Errorf("%+v %v", a, err)
	}
}

func TestWhatAServerAnswersBecomesOneSentence(t *testing.T) {
	thief := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was taken to another host") }))
	defer thief.Close()
	code := func(code int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, q *http.Request) {
			for i := 0; i+1 < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
			fmt.Fprintf(w, "no\n\x1b[31m %s, %s", q.URL.Path, canary)
		}
	}
	later := func(d time.Duration) *time.Duration { return &d }
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		says   string
		later  *time.Duration // nil: it is not tried again
	}{
		"401": {code(401), "refused it (401: no [31m ***, ***); check notify[0]", nil},
		"404": {code(404), "refused it (404", nil},
		"429": {code(429, "Retry-After", "7"), "answered 429: no [31m ***, ***", later(7 * time.Second)},
		"503": {code(503), "answered 503", later(0)},
		"a redirect": {func(w http.ResponseWriter, q *http.Request) {
			http.Redirect(w, q, thief.URL, http.StatusTemporaryRedirect)
		}, "redirects (307), which is not followed", nil},
		"a web page": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403); fmt.Fprint(w, " <html>"+canary) }, "refused it (403); check", nil},
		"no end": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(400)
			for range 4 * maxAnswer / 1000 {
				fmt.Fprint(w, strings.Repeat("x", 1000))
			}
		}, "refused it (400: xxx", nil},
		"a connection that breaks": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "cannot be reached (EOF); check notify[0]", later(0)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Send(t.Context(), letter(t, tt.answer))
			if err == nil || !strings.Contains(err.Error(), tt.says) || len(err.Error()) > 400 || strings.ContainsAny(err.Error(), "\n\x1b") || strings.Contains(err.Error(), "canary") {
				t.Fatalf("error %q", err)
			}
			var l *outbox.Later
			if errors.As(err, &l) != (tt.later != nil) || l != nil && l.After != *tt.later {
				t.Errorf("tried again: %+v", l)
			}
		})
	}
}

func TestAServerThatHangsIsLeftWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := Send(ctx, letter(t, func(_ http.ResponseWriter, q *http.Request) {
		_, _ = io.ReadAll(q.Body)
		<-q.Context().Done()
	}))
	var l *outbox.Later
	if !errors.As(err, &l) || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("%v", err)
	}
}

func TestASecretGoesOverHTTPSOnly(t *testing.T) {
	for raw, tt := range map[string]struct{ plain, secret bool }{
		"https://h.example.com/x": {true, true}, "http://127.0.0.1:1/x": {true, true}, "http://localhost/x": {true, true}, "http://[::1]/x": {true, true},
		"http://collector:4318/v1/traces": {true, false}, "https://ada:pw@h/x": {}, "ftp://h/x": {}, "/x": {}, "": {}, "https://h/x#y": {}, "http://localhost.evil.example/": {true, false},
	} {
		for secret, want := range map[bool]bool{false: tt.plain, true: tt.secret} {
			if _, err := CheckURL(raw, secret); (err == nil) != want || err != nil && strings.Contains(err.Error(), "pw") {
				t.Errorf("%s, secret %t: %v", raw, secret, err)
			}
		}
	}
	for name, l := range map[string]Letter{"a token": {Token: "t"}, "a header": {Header: http.Header{"X-Key": {"k"}}}, "an address": {Secret: true}} {
		l.URL, l.Setting = "http://h.example.com/"+canary, "notify[0]"
		if _, err := Send(t.Context(), l); err == nil || !strings.HasPrefix(err.Error(), "notify[0]: it must be https") || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsSecretOfHeadersAndQueriesIsNotRepeated(t *testing.T) {
	l := letter(t, func(w http.ResponseWriter, q *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, "%s; %s; %s; %s", q.Header.Get("X-Api-Key"), strings.TrimPrefix(q.Header.Get("X-Auth"), "Bearer "), q.URL.RawQuery, q.URL.Query().Get("key"))
	})
	l.Header = http.Header{"X-Api-Key": {canary + "-1"}, "X-Auth": {"Bearer " + canary + "-2"}}
	l.URL += "?key=a%2F" + canary + "-3"
	_, err := Send(t.Context(), l)
	if err == nil || !strings.Contains(err.Error(), "401: ***; ***; ***; ***") {
		t.Errorf("error %q", err)
	}
}
