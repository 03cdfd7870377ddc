package main

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
)

func TestWithATokenStrangersSeeNothingAndCommandsStillReadTheRecord(t *testing.T) {
	const token = "0123456789abcdef-the-token"
	d := startWatchedDaemon(t, token)
	ask := func(method, path, shown string) (int, string, http.Header) {
		req, err := http.NewRequestWithContext(t.Context(), method, d.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if shown != "" {
			req.Header.Set("Authorization", "Bearer "+shown)
		}
		resp, err := http.DefaultTransport.RoundTrip(req) // follows nothing
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body), resp.Header
	}
	for path, want := range map[string]int{
		"/healthz": 200, "/readyz": 200, "/login": 200, "/": 303, "/plan": 303, "/history": 303, "/rules": 303, "/nonsense": 303,
		"/metrics": 401, "/api/v1/status": 401, "/api/v1/history": 401, "/api/v1/events": 401, "/api/v1/openapi.yaml": 401, "/api/v1/nonsense": 401,
	} {
		code, body, head := ask(http.MethodGet, path, "")
		if code != want || strings.Contains(body, "egress") || strings.Contains(body, "nat-0ee3") {
			t.Errorf("a stranger asks for %s: %d %s", path, code, body)
		}
		if head.Get("Content-Security-Policy") != "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'" ||
			head.Get("X-Content-Type-Options") != "nosniff" || head.Get("Referrer-Policy") != "no-referrer" || head.Get("Cross-Origin-Opener-Policy") != "same-origin" {
			t.Errorf("%s: the headers are %v", path, head)
		}
	}
	for path, want := range map[string]int{"/": 200, "/metrics": 200, "/api/v1/status": 200, "/api/v1/history": 200} {
		if code, body, _ := ask(http.MethodGet, path, token); code != want || strings.Contains(body, token) {
			t.Errorf("the holder of the token asks for %s: %d", path, code)
		}
	}
	for _, path := range []string{"/look", "/api/v1/look"} {
		if code, _, _ := ask(http.MethodPost, path, "0123456789abcdef-another"); code != 303 && code != 401 {
			t.Errorf("POST %s with another token: %d", path, code)
		}
	}
	before := d.looks(t)
	if code, _, _ := ask(http.MethodPost, "/api/v1/look", token); code != http.StatusAccepted {
		t.Errorf("POST /api/v1/look: %d", code)
	}
	d.until(t, func(s daemonStatus) bool { return s.LastPoll.After(before) })

	holder := filepath.Join(d.dir, "h.db.holder")
	if info, err := os.Stat(holder); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the side file: %v %v", info, err)
	}
	data, err := os.ReadFile(holder)
	if err != nil || strings.Contains(string(data), token) || !strings.Contains(string(data), `"token"`) {
		t.Errorf("the side file holds %s (%v)", data, err)
	}
	if out, stderr, status := execute(t, "history", "--history", filepath.Join(d.dir, "h.db")); status != exitDone || !strings.Contains(out, "commit") {
		t.Errorf("history beside the daemon: status %d, %s%s", status, out, stderr)
	}
	beside := holderAPI(holder)
	if _, code, err := fetch(beside + "/api/v1/history"); err != nil || code != http.StatusUnauthorized {
		t.Errorf("the way beside, without its token: %d, %v", code, err)
	}
}

func TestWithoutATokenThereIsNoAction(t *testing.T) {
	d := startWatchedDaemon(t, "")
	for _, path := range []string{"/look", "/api/v1/look", "/login", "/logout"} {
		resp, err := http.Post(d.url+path, "application/x-www-form-urlencoded", strings.NewReader("token="))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusNotFound && resp.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %s", path, resp.Status)
		}
	}
	if body, _, err := fetch(d.url + "/"); err != nil || strings.Contains(body, "<button>Look") || strings.Contains(body, "Log in") {
		t.Errorf("the page offers what there is not (%v)", err)
	}
}

func TestMutualTLSLetsInWhoShowsACertificateOfTheAuthority(t *testing.T) {
	dir := t.TempDir()
	server, client, stranger := certificate(t, dir, "server"), certificate(t, dir, "client"), certificate(t, dir, "stranger")
	cfg := config.Default()
	cfg.Listen = "127.0.0.1:0"
	cfg.Web.TLS = &config.TLS{CertFile: filepath.Join(dir, "server.pem"), KeyFile: filepath.Join(dir, "server.key"), ClientCAFile: filepath.Join(dir, "client.pem")}
	a := &app{stdout: io.Discard, stderr: io.Discard, getenv: os.Getenv, now: time.Now}
	s, err := a.openSite(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	answer := func(code int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
	}
	mux := http.NewServeMux()
	mux.Handle("/read", s.guard.Reading(answer(200), answer(401)))
	mux.Handle("/look", s.guard.Action(answer(200), answer(401)))
	go func() { _ = http.Serve(s.listener, mux) }()
	roots := x509.NewCertPool()
	roots.AddCert(server.Leaf)
	ask := func(path string, shown ...tls.Certificate) int {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: shown}}
		defer transport.CloseIdleConnections()
		resp, err := (&http.Client{Transport: transport}).Get(s.url + path)
		if err != nil {
			return 0
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if got := ask("/read", client); got != 200 {
		t.Errorf("with a certificate: %d", got)
	}
	if got := ask("/look", client); got != 404 {
		t.Errorf("an action, without any token: %d", got)
	}
	if got := ask("/read"); got != 401 {
		t.Errorf("without a certificate: %d", got)
	}
	if got := ask("/read", stranger); got == 200 {
		t.Errorf("with a certificate of another authority: %d", got)
	}
	if !strings.HasPrefix(s.url, "https://") || s.beside == nil {
		t.Errorf("url %s, beside %v", s.url, s.beside)
	}

	// Files that are replaced count at the next connection; a key that does not fit the
	// certificate leaves what was there.
	_ = certificate(t, dir, "next")
	move := func(from, to string) {
		t.Helper()
		if err := os.Rename(filepath.Join(dir, from), filepath.Join(dir, to)); err != nil {
			t.Fatal(err)
		}
	}
	move("next.key", "server.key")
	if got := ask("/read", client); got != 200 {
		t.Errorf("while only the key is the next: %d", got)
	}
	move("next.pem", "server.pem")
	if got := ask("/read", client); got != 0 {
		t.Errorf("the old certificate is still shown: %d", got)
	}
	next, err := os.ReadFile(filepath.Join(dir, "server.pem"))
	if err != nil || !roots.AppendCertsFromPEM(next) {
		t.Fatal(err)
	}
	move("stranger.pem", "client.pem")
	if here, there := ask("/read", stranger), ask("/read", client); here != 200 || there == 200 {
		t.Errorf("under another authority: its own %d, the one before %d", here, there)
	}
}

func TestASiteThatCannotBeOpenedSaysWhy(t *testing.T) {
	dir := t.TempDir()
	certificate(t, dir, "server")
	file := func(name string) string { return filepath.Join(dir, name) }
	write(t, file("short"), []byte("hunter2"))
	write(t, file("no.pem"), []byte("nothing"))
	for _, tt := range []struct {
		name string
		web  config.Web
		want string
	}{
		{"no token file", config.Web{Token: &config.Secret{File: file("none")}}, "web: tokenFile: no such file"},
		{"no token variable", config.Web{Token: &config.Secret{Env: "SLUICE_TEST_NONE"}}, "web: tokenEnv: "},
		{"a short token", config.Web{Token: &config.Secret{File: file("short")}}, "web: the token is shorter"},
		{"no certificate", config.Web{TLS: &config.TLS{CertFile: file("none"), KeyFile: file("server.key")}}, "web.tls: "},
		{"an authority that is none", config.Web{TLS: &config.TLS{CertFile: file("server.pem"), KeyFile: file("server.key"), ClientCAFile: file("no.pem")}}, "holds no certificate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := config.Default()
			cfg.Listen, cfg.Web = "127.0.0.1:0", tt.web
			a := &app{stdout: io.Discard, stderr: io.Discard, getenv: os.Getenv, now: time.Now}
			_, err := a.openSite(cfg, slog.New(slog.DiscardHandler))
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %v", err)
			}
		})
	}
}

// certificate writes a certificate that is its own authority, and its key.
func certificate(t *testing.T, dir, name string) tls.Certificate {
	t.Helper()
	pair, cert, key := selfSigned(func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}, name, nil)
	write(t, filepath.Join(dir, name+".pem"), cert)
	write(t, filepath.Join(dir, name+".key"), key)
	return pair
}
