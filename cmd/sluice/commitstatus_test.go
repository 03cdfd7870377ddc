package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile"
)

func TestTheAppThatReadsTheSpecsSpeaksWithATokenOfItsOwn(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "app.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), 0o600); err != nil {
		t.Fatal(err)
	}
	told := make(chan string, 10)
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		var body struct {
			Permissions  map[string]string
			Repositories []string
			State        string
		}
		_ = json.NewDecoder(q.Body).Decode(&body)
		w.WriteHeader(http.StatusCreated)
		if q.URL.Path == "/app/installations/42/access_tokens" {
			told <- fmt.Sprint("token ", body.Repositories, body.Permissions)
			fmt.Fprintf(w, `{"token": "ghs_x", "expires_at": %q}`, time.Now().Add(time.Hour).Format(time.RFC3339))
			return
		}
		told <- q.Header.Get("Authorization") + " " + q.URL.Path + " " + body.State
		_, _ = io.WriteString(w, `{}`)
	}))
	defer host.Close()
	cfg := config.Default()
	cfg.Specs.Access.Auth.GitHubApp = &config.GitHubApp{AppID: 17, InstallationID: 42, PrivateKeyFile: file, APIURL: host.URL, Repository: "specs"}
	cfg.CommitStatus = &config.CommitStatus{Provider: "github", API: host.URL, Repository: "net/addresses", Name: "sluice"}
	a := &app{stderr: io.Discard, getenv: func(string) string { return "" }, now: time.Now}
	loop := reconcile.Config{Log: slog.New(slog.DiscardHandler)}
	flush, err := a.speak(t.Context(), cfg, &loop, newTellers(cfg))
	if err != nil {
		t.Fatal(err)
	}
	const commit = "18f3e63d05582537db6d183d9d557be09e1f90c8"
	for _, observe := range loop.Observers {
		observe(reconcile.Outcome{Commit: gitsource.Commit{ID: commit}, Target: "default", Mode: reconcile.Apply})
	}
	flush()
	close(told)
	want := []string{"token [addresses] map[statuses:write]", "Bearer ghs_x /repos/net/addresses/statuses/" + commit + " success"}
	for i := 0; ; i++ {
		got, more := <-told
		if !more {
			if i != len(want) {
				t.Errorf("%d requests", i)
			}
			return
		}
		if i >= len(want) || got != want[i] {
			t.Errorf("request %d: %q", i, got)
		}
	}
}
