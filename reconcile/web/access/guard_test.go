package access

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

const token = "0123456789abcdef-the-token"

var now = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

func said(text string) func() (string, error) {
	return func() (string, error) { return text, nil }
}

func guard(t *testing.T, cfg Config) *Guard {
	t.Helper()
	if cfg.Now == nil {
		cfg.Now = func() time.Time { return now }
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	g, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// status is a handler that answers with one.
func status(code int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
}

func request(method string, change func(*http.Request)) *http.Request {
	r := httptest.NewRequest(method, "http://sluice.example.com/", nil)
	r.Host = "127.0.0.1:8080"
	if change != nil {
		change(r)
	}
	return r
}

func answer(h http.Handler, r *http.Request) int {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec.Code
}

func bearer(text string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+text) }
}

func certified(r *http.Request) {
	r.TLS = &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{{}}}}
}

func TestWhoMayReadAndWhoMayAct(t *testing.T) {
	open, tokened, certs := Config{LoopbackOnly: true}, Config{Token: said(token)}, Config{Certificates: true}
	both := Config{Token: said(token), Certificates: true}
	const ok, stranger, missing = http.StatusOK, http.StatusUnauthorized, http.StatusNotFound
	for _, tt := range []struct {
		name    string
		cfg     Config
		change  func(*http.Request)
		read    int
		act     int
		foreign bool // the action comes from a page of another site
	}{
		{"open: anybody on loopback reads, nobody acts", open, nil, ok, missing, false},
		{"open: no action even with some token", open, bearer(token), ok, missing, false},
		{"token: a stranger", tokened, nil, stranger, stranger, false},
		{"token: the holder", tokened, bearer(token), ok, ok, false},
		{"token: another one", tokened, bearer(token + "x"), stranger, stranger, false},
		{"token: an empty one", tokened, bearer(""), stranger, stranger, false},
		{"token: a part of it", tokened, bearer(token[:10]), stranger, stranger, false},
		{"token: the holder, in a page of another site", tokened, bearer(token), ok, http.StatusForbidden, true},
		{"token: a certificate counts for nothing there", tokened, certified, stranger, stranger, false},
		{"certificates: a stranger", certs, nil, stranger, missing, false},
		{"certificates: who shows one reads", certs, certified, ok, missing, false},
		{"certificates: TLS without one", certs, func(r *http.Request) { r.TLS = &tls.ConnectionState{} }, stranger, missing, false},
		{"both: a certificate reads, and does not act", both, certified, ok, stranger, false},
		{"both: the token does both", both, bearer(token), ok, ok, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := guard(t, tt.cfg)
			if got := answer(g.Reading(status(200), status(401)), request(http.MethodGet, tt.change)); got != tt.read {
				t.Errorf("reading: %d, want %d", got, tt.read)
			}
			r := request(http.MethodPost, tt.change)
			if tt.foreign {
				r.Header.Set("Sec-Fetch-Site", "cross-site")
			}
			if got := answer(g.Action(status(200), status(401)), r); got != tt.act {
				t.Errorf("acting: %d, want %d", got, tt.act)
			}
		})
	}
}

func TestOnALoopbackListenerOnlyLoopbackNamesAreAnswered(t *testing.T) {
	for host, want := range map[string]int{
		"127.0.0.1:8080": 200, "localhost:1": 200, "[::1]:8080": 200, "127.9.9.9": 200,
		"evil.example:8080": 403, "10.0.0.1:8080": 403, "": 403, "localhost.evil.example": 403, "127.0.0.1.evil.example": 403,
	} {
		named := func(r *http.Request) { r.Host = host; bearer(token)(r) }
		g := guard(t, Config{LoopbackOnly: true, Token: said(token)})
		for what, h := range map[string]http.Handler{"reading": g.Reading(status(200), status(401)), "acting": g.Action(status(200), status(401))} {
			if got := answer(h, request(http.MethodPost, named)); got != want {
				t.Errorf("%s under %q: %d, want %d", what, host, got, want)
			}
		}
		if got := answer(guard(t, Config{Token: said(token)}).Reading(status(200), status(401)), request(http.MethodGet, named)); got != 200 {
			t.Errorf("elsewhere, under %q: %d", host, got)
		}
	}
}

func TestABadTokenIsToldAtTheStartAndNeverShown(t *testing.T) {
	for _, tt := range []struct {
		name string
		read func() (string, error)
		want string
	}{
		{"too short", said("hunter2"), "shorter than 20"},
		{"two words", said("0123456789abcdef 0123456789abcdef"), "one word"},
		{"empty", said("\n"), "shorter than 20"},
		{"unreadable", func() (string, error) { return "", errors.New("tokenFile: no such file") }, "no such file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New(Config{Token: tt.read})
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "abcdef") {
				t.Errorf("error %v", err)
			}
		})
	}
}

// login sends the form and returns the answer's cookie.
func login(t *testing.T, g *Guard, shown string, change func(*http.Request)) (*http.Cookie, bool) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8080/login", strings.NewReader(url.Values{"token": {shown}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Host = "127.0.0.1:8080"
	if change != nil {
		change(r)
	}
	rec, let := httptest.NewRecorder(), false
	g.Login(func(_ http.ResponseWriter, _ *http.Request, ok bool) { let = ok }).ServeHTTP(rec, r)
	for _, c := range rec.Result().Cookies() {
		return c, let
	}
	return nil, let
}

func TestASessionIsTheTokensUntilItEnds(t *testing.T) {
	current, clock := token, now
	g := guard(t, Config{Token: func() (string, error) { return current, nil }, Now: func() time.Time { return clock }})
	if c, ok := login(t, g, "wrong", nil); c != nil || ok {
		t.Errorf("a wrong token gives %v", c)
	}
	cookie, ok := login(t, g, token, nil)
	if !ok || cookie == nil || !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" || cookie.Secure || strings.Contains(cookie.Value, token) {
		t.Fatalf("cookie %+v", cookie)
	}
	reads := func(c *http.Cookie) int {
		return answer(g.Reading(status(200), status(401)), request(http.MethodGet, func(r *http.Request) { r.AddCookie(c) }))
	}
	if got := reads(cookie); got != 200 {
		t.Fatalf("the session reads %d", got)
	}
	if got := answer(g.Action(status(200), status(401)), request(http.MethodPost, func(r *http.Request) { r.AddCookie(cookie) })); got != 200 {
		t.Errorf("the session acts %d", got)
	}
	_, proof, _ := strings.Cut(cookie.Value, ".")
	for _, forged := range []string{"", ".", "99999999999." + proof, cookie.Value + "x", "99999999999.", strings.Replace(cookie.Value, ".", ".A", 1)} {
		if got := reads(&http.Cookie{Name: cookie.Name, Value: forged}); got != 401 {
			t.Errorf("a forged session %q reads %d", forged, got)
		}
	}
	other := guard(t, Config{Token: said(token)})
	if got := answer(other.Reading(status(200), status(401)), request(http.MethodGet, func(r *http.Request) { r.AddCookie(cookie) })); got != 401 {
		t.Errorf("the session of an earlier process reads %d", got)
	}
	current = token + "-the-next"
	if got := reads(cookie); got != 401 {
		t.Errorf("the session of a token that was replaced reads %d", got)
	}
	current, clock = token, now.Add(sessionTime)
	if got := reads(cookie); got != 401 {
		t.Errorf("a session that has ended reads %d", got)
	}
}

func TestOverTLSTheCookieIsBoundToTheHost(t *testing.T) {
	for name, c := range map[string]struct {
		cfg    Config
		change func(*http.Request)
	}{
		"TLS":     {Config{Token: said(token)}, func(r *http.Request) { r.TLS = &tls.ConnectionState{} }},
		"a proxy": {Config{Token: said(token), Secure: true}, nil},
	} {
		cookie, _ := login(t, guard(t, c.cfg), token, c.change)
		if cookie == nil || !cookie.Secure || !strings.HasPrefix(cookie.Name, "__Host-") {
			t.Errorf("%s: %+v", name, cookie)
		}
	}
}

func TestAnotherSiteCannotLogAnybodyIn(t *testing.T) {
	foreign := func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }
	if c, ok := login(t, guard(t, Config{Token: said(token)}), token, foreign); c != nil || ok {
		t.Errorf("a form of another site gives %v", c)
	}
}

func TestALoginLeadsToNoOtherSite(t *testing.T) {
	for text, want := range map[string]string{
		"/history?kind=commit": "/history?kind=commit", "/resources/a%2Fb/c": "/resources/a%2Fb/c", "": "/", "//evil.example": "/", "https://evil.example/": "/",
		`/\evil.example`: "/", "javascript:alert(1)": "/", "/a\r\nSet-Cookie: x": "/", "evil": "/", "/ok#part": "/ok",
	} {
		if got := LocalPath(text); got != want {
			t.Errorf("%q leads to %q, want %q", text, got, want)
		}
	}
}

func TestATokenThatCannotBeReadLetsNobodyInAndIsToldOnce(t *testing.T) {
	broken := false
	var log strings.Builder
	g := guard(t, Config{Log: slog.New(slog.NewTextHandler(&log, nil)), Token: func() (string, error) {
		if broken {
			return "", errors.New("tokenFile: gone")
		}
		return token, nil
	}})
	broken = true
	for range 3 {
		if got := answer(g.Reading(status(200), status(401)), request(http.MethodGet, bearer(token))); got != 401 {
			t.Errorf("reading: %d", got)
		}
	}
	if strings.Count(log.String(), "tokenFile: gone") != 1 || strings.Contains(log.String(), token) {
		t.Errorf("the log says\n%s", log.String())
	}
}
