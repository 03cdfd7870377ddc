package access

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// FuzzStranger: without the token nobody reads or acts, whatever is in the headers; and no
// name but loopback's is answered where only that listens.
func FuzzStranger(f *testing.F) {
	f.Add("Bearer 0123456789abcdef-the-toke", "sluice=x.y; __Host-sluice=1.2", "127.0.0.1:8080", "/next")
	f.Add("bearer  ", "", "localhost", "//evil.example")
	f.Add("Basic x", "a=b; ;;=", "[::1]:80", "/\\evil.example")
	f.Add("", "", "127.0.0.1.evil.example", "https://evil.example/")
	f.Fuzz(func(t *testing.T, authorization, cookie, host, next string) {
		if strings.Contains(authorization+cookie, token) {
			return // no stranger knows it
		}
		g, err := New(Config{Token: said(token), Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		r := &http.Request{Method: http.MethodGet, URL: httptest.NewRequest("GET", "/", nil).URL, Host: host, Header: http.Header{"Authorization": {authorization}, "Cookie": {cookie}}}
		if code := answer(g.Reading(status(200), status(401)), r); code != http.StatusUnauthorized {
			t.Errorf("%d for a stranger", code)
		}
		local, err := New(Config{LoopbackOnly: true, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		name := strings.ToLower(host)
		if code := answer(local.Reading(status(200), status(401)), r); code == http.StatusOK && !strings.Contains(name, "localhost") && !strings.Contains(name, "127.") && !strings.Contains(name, ":1") && !strings.Contains(name, "::") {
			t.Errorf("%q is answered on loopback", host)
		}
		if path := LocalPath(next); !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.HasPrefix(path, `/\`) {
			t.Errorf("%q leads to %q", next, path)
		}
	})
}
