package gitsource

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"

	"github.com/seed-6ca89210/sluice/gitsource/words"
)

// serveTLS serves one repository over https, for requests that are let in.
func serveTLS(t testing.TB, lets func(*http.Request) bool) (*httptest.Server, Config) {
	r := newRepo(t)
	r.commit("main", map[string]node{"a.yaml": file("1")})
	inner := goHandler(t, r)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if !lets(q) {
			http.Error(w, "no "+q.Header.Get("Authorization"), http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(w, q)
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	return srv, Config{URL: srv.URL + "/specs.git", CAFile: write(t, ca)}
}

// given is a Login that never changes.
func given(l Login) func(context.Context, *http.Client) (Login, error) {
	return func(context.Context, *http.Client) (Login, error) { return l, nil }
}

// clientCert makes a certificate that signs itself.
func clientCert(t testing.TB, name string) (cert, key []byte) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	template.Subject.CommonName = name
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	check(t, err)
	text, err := x509.MarshalPKCS8PrivateKey(private)
	check(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text})
}

func subject(q *http.Request) string {
	if q.TLS == nil || len(q.TLS.PeerCertificates) == 0 {
		return ""
	}
	return q.TLS.PeerCertificates[0].Subject.CommonName
}

func TestALoginIsAskedForAnewBeforeEachConversation(t *testing.T) {
	var accepts atomic.Value
	_, cfg := serveTLS(t, func(q *http.Request) bool { return q.Header.Get("Authorization") == accepts.Load() })
	token := write(t, []byte("first-"+canary))
	cfg.Login = func(context.Context, *http.Client) (Login, error) {
		data, err := os.ReadFile(token)
		return Login{Bearer: string(data)}, err
	}
	s := open(t, cfg)
	accepts.Store("Bearer first-" + canary)
	_, err := s.Snapshot(t.Context(), nil)
	check(t, err)

	accepts.Store("Bearer second-" + canary)
	_, err = s.Head(t.Context())
	wantError(t, err, ErrUnreachable, "refused the login (401)")
	wantSilent(t, s, err)
	check(t, os.WriteFile(token, []byte("second-"+canary), 0o600))
	_, err = s.Head(t.Context())
	check(t, err)
	_, err = s.Fetch(t.Context(), "")
	check(t, err)
}

func TestALoginThatFailedIsForgotten(t *testing.T) {
	ok := true
	_, cfg := serveTLS(t, func(*http.Request) bool { return ok })
	forgotten := 0
	cfg.Login = given(Login{User: "x", Password: canary, Forget: func() { forgotten++ }})
	s := open(t, cfg)
	_, err := s.Snapshot(t.Context(), nil)
	check(t, err)
	if forgotten != 0 {
		t.Error("a login that worked was forgotten")
	}
	ok = false
	_, err = s.Head(t.Context())
	wantError(t, err, ErrUnreachable, "(401)")
	_, err = s.Fetch(t.Context(), "")
	wantError(t, err, ErrUnreachable, "(401)")
	if forgotten != 2 {
		t.Errorf("forgotten %d times", forgotten)
	}
}

func TestWhenThereIsNoLoginNothingIsAsked(t *testing.T) {
	asked := 0
	_, cfg := serveTLS(t, func(*http.Request) bool { asked++; return true })
	cfg.Login = func(context.Context, *http.Client) (Login, error) {
		return Login{}, errors.New("tokenFile: it is empty;\x1b write the token into it, and read this sentence to its end " + strings.Repeat("x", words.MaxQuoted))
	}
	_, err := open(t, cfg).Head(t.Context())
	wantError(t, err, ErrUnreachable, "tokenFile: it is empty; write the token", strings.Repeat("x", words.MaxQuoted))
	if asked != 0 || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("asked %d times: %q", asked, err)
	}
}

func TestTheClientOfALoginTrustsAndFollowsLikeTheSource(t *testing.T) {
	cert, key := clientCert(t, "ada")
	var shown string
	srv, cfg := serveTLS(t, func(q *http.Request) bool {
		if q.URL.Path == "/token" {
			shown = subject(q)
		}
		return true
	})
	cfg.ClientCert = ClientCert{write(t, cert), write(t, key)}
	elsewhere := httptest.NewServer(http.RedirectHandler(srv.URL, http.StatusFound))
	defer elsewhere.Close()
	cfg.Login = func(ctx context.Context, client *http.Client) (Login, error) {
		for url, want := range map[string]int{srv.URL + "/token": http.StatusNotFound, elsewhere.URL: http.StatusFound} {
			q, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
			check(t, err)
			res, err := client.Do(q)
			if err != nil {
				return Login{}, err
			}
			defer res.Body.Close()
			if res.StatusCode != want {
				return Login{}, fmt.Errorf("%s answered %s", url, res.Status)
			}
		}
		return Login{}, nil
	}
	_, err := open(t, cfg).Head(t.Context())
	check(t, err)
	if shown != "" {
		t.Errorf("the client certificate of %s was shown to the service of tokens", shown)
	}
}

func TestAClientCertificateIsShownAndReadAnew(t *testing.T) {
	accepts := "ada"
	_, cfg := serveTLS(t, func(q *http.Request) bool { return subject(q) == accepts })
	cert, key := clientCert(t, "ada")
	cfg.ClientCert = ClientCert{write(t, cert), write(t, key)}
	s := open(t, cfg)
	_, err := s.Snapshot(t.Context(), nil)
	check(t, err)

	accepts = "bob"
	_, err = s.Head(t.Context())
	wantError(t, err, ErrUnreachable, "wants a login (401)")
	cert, key = clientCert(t, "bob")
	check(t, os.WriteFile(cfg.ClientCert.CertFile, cert, 0o600))
	_, err = s.Head(t.Context()) // in the middle of the change
	wantError(t, err, ErrUnreachable, "are not a certificate and its key")
	check(t, os.WriteFile(cfg.ClientCert.KeyFile, key, 0o600))
	_, err = s.Head(t.Context())
	check(t, err)
}

func TestWhatAServerRepeatsOfALoginIsMasked(t *testing.T) {
	for name, login := range map[string]Login{
		"basic":             {User: "ada", Password: canary + "/+ %"},
		"a token as a user": {User: canary + "/+ %"},
		"a password alone":  {Password: canary + "/+ %"},
		"bearer":            {Bearer: canary},
	} {
		t.Run(name, func(t *testing.T) {
			var sent string
			url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				sent = strings.TrimPrefix(strings.TrimPrefix(q.Header.Get("Authorization"), "Basic "), "Bearer ")
				w.Header().Set("Content-Type", advertType)
				_ = pktline.NewEncoder(w).EncodeString("ERR not with " + login.Bearer + " " + login.Password + " or " + sent + "\n")
			}))
			s := open(t, Config{URL: url, Login: given(login)})
			_, err := s.Head(t.Context())
			wantError(t, err, ErrUnreachable, "not with", "or ***")
			wantSilent(t, s, err)
			if sent == "" || strings.Contains(err.Error(), sent) {
				t.Errorf("the header %q is shown: %v", sent, err)
			}
		})
	}
}

func TestNewAuthoritiesCountAtTheNextLook(t *testing.T) {
	_, cfg := serveTLS(t, func(*http.Request) bool { return true })
	right, err := os.ReadFile(cfg.CAFile)
	check(t, err)
	other, _ := clientCert(t, "another authority")
	check(t, os.WriteFile(cfg.CAFile, other, 0o600))
	s := open(t, cfg)
	_, err = s.Head(t.Context())
	wantError(t, err, ErrUnreachable, "unknown authority; set caFile")
	check(t, os.WriteFile(cfg.CAFile, right, 0o600))
	_, err = s.Head(t.Context())
	check(t, err)
}

func TestWhatIsShownToOneServerIsTakenToNoOther(t *testing.T) {
	cert, key := clientCert(t, "ada")
	certFiles := ClientCert{write(t, cert), write(t, key)}
	for name, carry := range map[string]func(*Config){
		"userinfo":             func(c *Config) { c.URL = withUser(c.URL) },
		"basic":                func(c *Config) { c.Login = given(Login{User: "ada", Password: canary}) },
		"bearer":               func(c *Config) { c.Login = given(Login{Bearer: canary}) },
		"a client certificate": func(c *Config) { c.ClientCert = certFiles },
	} {
		for _, code := range []int{301, 302, 303, 307, 308} {
			t.Run(fmt.Sprint(name, " ", code), func(t *testing.T) {
				var reached atomic.Int32
				thief, other := serveTLS(t, func(*http.Request) bool { reached.Add(1); return true })
				target, says := thief.URL, "a login is taken to no other server"
				if code == 302 { // the same host, in plain text
					says = "redirects to plain http, which is not followed"
					target = strings.TrimSuffix(serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) })), "/specs.git")
				}
				first := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
					http.Redirect(w, q, target+q.URL.RequestURI(), code)
				}))
				defer first.Close()
				cfg := Config{URL: first.URL + "/specs.git", CAFile: other.CAFile} // one certificate for all of httptest
				carry(&cfg)
				s := open(t, cfg)
				_, err := s.Snapshot(t.Context(), nil)
				wantError(t, err, ErrUnreachable, says)
				wantSilent(t, s, err)
				if reached.Load() != 0 {
					t.Error("the other server was reached")
				}
			})
		}
	}
	t.Run("nothing to carry", func(t *testing.T) {
		thief, other := serveTLS(t, func(q *http.Request) bool { return q.Header.Get("Authorization") == "" })
		first := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			http.Redirect(w, q, thief.URL+q.URL.RequestURI(), http.StatusFound)
		}))
		defer first.Close()
		_, err := open(t, Config{URL: first.URL + "/specs.git", CAFile: other.CAFile}).Snapshot(t.Context(), nil)
		check(t, err)
	})
	t.Run("another path on the same server", func(t *testing.T) {
		r := newRepo(t)
		r.commit("main", map[string]node{"a.yaml": file("1")})
		inner := goHandler(t, r)
		url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			if moved, ok := strings.CutPrefix(q.URL.Path, "/old"); ok {
				http.Redirect(w, q, moved+"?"+q.URL.RawQuery, http.StatusMovedPermanently)
				return
			}
			if _, password, _ := q.BasicAuth(); password != canary {
				http.Error(w, "no", http.StatusUnauthorized)
				return
			}
			inner.ServeHTTP(w, q)
		}))
		cfg := Config{URL: strings.Replace(url, "/specs.git", "/old/specs.git", 1), Login: given(Login{Password: canary})}
		_, err := open(t, cfg).Snapshot(t.Context(), nil)
		check(t, err)
	})
}

func TestWhatAConversationNeedsIsPlainValues(t *testing.T) {
	cert, key := clientCert(t, "ada")
	_, web := serveTLS(t, func(*http.Request) bool { return true })
	web.ClientCert = ClientCert{write(t, cert), write(t, key)}
	web.Login = given(Login{User: "u", Password: "p"})
	web.Proxy = "http://proxy.example.com:3128"
	for _, cfg := range []Config{web, newSSH(t, nil, false).config()} {
		ready, _, err := open(t, cfg).back.(*remote).resolve(t.Context())
		check(t, err)
		text, err := json.Marshal(ready.as)
		check(t, err)
		var back access
		check(t, json.Unmarshal(text, &back))
		if !reflect.DeepEqual(back, ready.as) || reflect.DeepEqual(back, access{}) {
			t.Errorf("got %+v back from %+v", back, ready.as)
		}
	}
}

func TestSettingsOfAccessThatCannotWorkAreRefusedAtOnce(t *testing.T) {
	const web, secure = "https://git.example.com/x.git", "git@git.example.com:x.git"
	cert, key := clientCert(t, "ada")
	_, other := clientCert(t, "bob")
	for name, tt := range map[string]struct {
		cfg  Config
		says string
	}{
		"two logins":                 {Config{URL: "https://u:" + canary + "@git.example.com/x", Login: given(Login{})}, "two logins"},
		"a login for ssh":            {Config{URL: secure, Login: given(Login{})}, "are for https, and this is ssh"},
		"a proxy for ssh":            {Config{URL: secure, Proxy: "http://p:1"}, "are for https, and this is ssh"},
		"a CA for plain http":        {Config{URL: "http://localhost/x", CAFile: "ca.pem"}, "are for https; write https://"},
		"a certificate without key":  {Config{URL: web, ClientCert: ClientCert{CertFile: "c"}}, "give both certFile and keyFile"},
		"a certificate that is none": {Config{URL: web, ClientCert: ClientCert{write(t, []byte(canary)), write(t, key)}}, "are not a certificate and its key"},
		"the key of another":         {Config{URL: web, ClientCert: ClientCert{write(t, cert), write(t, other)}}, "are not a certificate and its key"},
		"a file that is a folder":    {Config{URL: web, CAFile: t.TempDir()}, "is not a regular file"},
		"a proxy that is none":       {Config{URL: web, Proxy: "ftp://u:" + canary + "@proxy:1"}, "it is not the URL of a proxy"},
		"a proxy with a path":        {Config{URL: web, Proxy: "http://u:" + canary + "@proxy:1/x"}, "it is not the URL of a proxy"},
		"a certificate and a tls proxy": {Config{URL: web, Proxy: "https://u:" + canary + "@proxy:1", ClientCert: ClientCert{write(t, cert), write(t, key)}},
			"would be shown the client certificate too"},
		"pins and known_hosts":         {Config{URL: secure, SSH: SSH{KnownHosts: "f", HostKeys: []string{"SHA256:x"}}}, "keep one"},
		"half a fingerprint":           {Config{URL: secure, SSH: SSH{HostKeys: []string{"SHA256:abcd"}}}, "hostKeys[0] is not a whole SHA256"},
		"an MD5 fingerprint":           {Config{URL: secure, SSH: SSH{HostKeys: []string{"MD5:16:27:ac"}}}, "hostKeys[0] is neither a public key"},
		"a line of known_hosts":        {Config{URL: secure, SSH: SSH{HostKeys: []string{"git.example.com " + publicLine(t)}}}, "leave the host's name out"},
		"several keys in one pin":      {Config{URL: secure, SSH: SSH{HostKeys: []string{publicLine(t) + "\n" + publicLine(t)}}}, "is neither a public key"},
		"a passphrase that is nowhere": {Config{URL: secure, SSH: SSH{KeyFile: write(t, key), Passphrase: func() (string, error) { return "", errors.New("not set") }}}, "not set"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(tt.cfg)
			wantError(t, err, nil, tt.says)
			if strings.Contains(err.Error(), canary) {
				t.Errorf("a secret is shown: %v", err)
			}
		})
	}
}
