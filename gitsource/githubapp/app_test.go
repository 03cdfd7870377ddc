package githubapp

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const canary = "canary-7f3a"

var start = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// github is GitHub's service of tokens: it checks the JWT and the wish.
type github struct {
	t    *testing.T
	key  *rsa.PrivateKey
	now  time.Time
	made int

	answer http.HandlerFunc // in place of a token
}

func (g *github) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	signed, _ := strings.CutPrefix(q.Header.Get("Authorization"), "Bearer ")
	var claims jwt.RegisteredClaims
	_, err := jwt.ParseWithClaims(signed, &claims, func(*jwt.Token) (any, error) { return g.key.Public(), nil },
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer("17"), jwt.WithIssuedAt(), jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(func() time.Time { return g.now }))
	var asked wish
	_ = json.NewDecoder(q.Body).Decode(&asked)
	switch {
	case g.answer != nil:
		g.answer(w, q)
	case q.Method != http.MethodPost || q.URL.Path != "/api/v3/app/installations/42/access_tokens":
		http.NotFound(w, q)
	case err != nil || claims.ExpiresAt.Sub(g.now) > 10*time.Minute:
		http.Error(w, fmt.Sprint(err), http.StatusUnauthorized)
	case len(asked.Repositories) != 1 || asked.Repositories[0] != "addresses" || len(asked.Permissions) != 1 || asked.Permissions["contents"] != "read":
		http.Error(w, "too much", http.StatusUnprocessableEntity)
	default:
		g.made++
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"token": "ghs_%s%d", "expires_at": %q, "permissions": {"contents": "read"}}`, canary, g.made, g.now.Add(time.Hour).Format(time.RFC3339))
	}
}

func pemOf(key *rsa.PrivateKey) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
}

// newApp is an app whose GitHub runs on loopback with TLS.
func newApp(t *testing.T) (*github, *httptest.Server, Config, *http.Client) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	g := &github{t: t, key: key, now: start}
	srv := httptest.NewTLSServer(g)
	t.Cleanup(srv.Close)
	client := srv.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return g, srv, Config{AppID: 17, InstallationID: 42, API: srv.URL + "/api/v3/", Repository: "addresses",
		Key: func() ([]byte, error) { return pemOf(key), nil }, Now: func() time.Time { return g.now }}, client
}

func TestATokenIsKeptUntilShortlyBeforeItEnds(t *testing.T) {
	g, _, cfg, client := newApp(t)
	a, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		after time.Duration
		want  string
	}{{0, "1"}, {54 * time.Minute, "1"}, {2 * time.Minute, "2"}, {54 * time.Minute, "2"}, {3 * time.Hour, "3"}} {
		g.now = g.now.Add(step.after)
		if got, err := a.Token(t.Context(), client); err != nil || got != "ghs_"+canary+step.want {
			t.Errorf("at %s: %q, %v", g.now, got, err)
		}
	}
	a.Forget()
	if got, err := a.Token(t.Context(), client); err != nil || got != "ghs_"+canary+"4" {
		t.Errorf("after Forget: %q, %v", got, err)
	}
}

func TestManyAskAtOnceAndOneTokenIsMade(t *testing.T) {
	g, _, cfg, client := newApp(t)
	a, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := a.Token(t.Context(), client); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if g.made != 1 {
		t.Errorf("%d tokens were made", g.made)
	}
}

func TestANewPrivateKeyCountsAtTheNextToken(t *testing.T) {
	g, _, cfg, client := newApp(t)
	current := pemOf(g.key)
	cfg.Key = func() ([]byte, error) { return current, nil }
	a, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if g.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	if _, err = a.Token(t.Context(), client); err == nil || !strings.Contains(err.Error(), "(401 Unauthorized): check appId, that the private key") {
		t.Errorf("with the old key: %v", err)
	}
	pkcs8, _ := x509.MarshalPKCS8PrivateKey(g.key)
	current = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	if _, err = a.Token(t.Context(), client); err != nil {
		t.Error(err)
	}
}

func TestWhatGitHubAnswersBecomesOneSentence(t *testing.T) {
	thief := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the JWT was taken to another host") }))
	defer thief.Close()
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, q *http.Request) { http.Error(w, q.Header.Get("Authorization"), code) }
	}
	body := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, text)
		}
	}
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"401": {status(401), "check appId"},
		"403": {status(403), "may be suspended"},
		"404": {status(404), "app 17 has no installation 42"},
		"422": {status(422), `must include the repository "addresses"`},
		"500": {status(500), "try again later"},
		"a redirect": {func(w http.ResponseWriter, q *http.Request) {
			http.Redirect(w, q, thief.URL, http.StatusTemporaryRedirect)
		}, "redirects, which is not followed"},
		"a web page":      {body("<html>" + canary), "holds no token"},
		"no token":        {body(`{"expires_at": "2030-01-01T00:00:00Z"}`), "holds no token"},
		"two lines":       {body(`{"token": "` + canary + `\nx", "expires_at": "2030-01-01T00:00:00Z"}`), "holds no token"},
		"an endless page": {body(`{"token": "` + strings.Repeat("x", maxAnswer)), "holds no token"},
		"no end":          {body(`{"token": "` + canary + `"}`), "set the clock"},
		"one that ended":  {body(`{"token": "` + canary + `", "expires_at": "2026-11-22T09:59:59Z"}`), "set the clock"},
	} {
		t.Run(name, func(t *testing.T) {
			g, srv, cfg, client := newApp(t)
			g.answer = tt.answer
			a, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			_, err = a.Token(t.Context(), client)
			if err == nil || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), strings.TrimPrefix(srv.URL, "https://")) {
				t.Fatalf("error %v", err)
			}
			if strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), "eyJ") {
				t.Errorf("a secret is shown: %v", err)
			}
		})
	}
}

func TestAServerThatHangsIsLeftWithItsContext(t *testing.T) {
	g, _, cfg, client := newApp(t)
	ctx, cancel := context.WithCancel(t.Context())
	g.answer = func(_ http.ResponseWriter, q *http.Request) {
		cancel()
		<-q.Context().Done()
	}
	a, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Token(ctx, client); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestSettingsThatCannotWork(t *testing.T) {
	_, _, good, _ := newApp(t)
	for says, change := range map[string]func(*Config){
		"appId and installationId": func(c *Config) { c.AppID = 0 },
		"must be positive":         func(c *Config) { c.InstallationID = -1 },
		"apiUrl must be https":     func(c *Config) { c.API = "http://github.example.com/api/v3" },
		"without a login":          func(c *Config) { c.API = "https://u:" + canary + "@github.example.com" },
		"holds":                    func(c *Config) { c.Key = func() ([]byte, error) { return nil, errors.New("nobody holds it") } },
		"does not hold an RSA":     func(c *Config) { c.Key = func() ([]byte, error) { return []byte(canary), nil } },
	} {
		cfg := good
		change(&cfg)
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), canary) {
			t.Errorf("%q: %v", says, err)
		}
	}
	good.API = ""
	a, err := New(good)
	if err != nil || a.url != "https://api.github.com/app/installations/42/access_tokens" {
		t.Errorf("%v %v", a, err)
	}
}

func TestATokenMayDoWhatWasAskedForAndNoMore(t *testing.T) {
	g, _, cfg, client := newApp(t)
	cfg.Permissions = map[string]string{"statuses": "write"}
	var asked wish
	g.answer = func(w http.ResponseWriter, q *http.Request) {
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"token": "t", "expires_at": %q}`, g.now.Add(time.Hour).Format(time.RFC3339))
	}
	transport := client.Transport
	client.Transport = roundTrip(func(q *http.Request) (*http.Response, error) {
		body, err := q.GetBody()
		if err != nil {
			return nil, err
		}
		if err := json.NewDecoder(body).Decode(&asked); err != nil {
			return nil, err
		}
		return transport.RoundTrip(q)
	})
	a, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Token(t.Context(), client); err != nil || len(asked.Permissions) != 1 || asked.Permissions["statuses"] != "write" {
		t.Errorf("asked for %v, %v", asked.Permissions, err)
	}
	for _, code := range []int{http.StatusForbidden, http.StatusUnprocessableEntity} { // what the app lacks is what was asked for
		a.Forget()
		g.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
		if _, err := a.Token(t.Context(), client); err == nil || !strings.Contains(err.Error(), "permission statuses: write") {
			t.Errorf("%d: %v", code, err)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(q *http.Request) (*http.Response, error) { return f(q) }
