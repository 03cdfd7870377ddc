package bundle

import (
	"crypto/elliptic"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const secret = "s3cret-of-the-tester"

func wantNoSecret(t *testing.T, err error) {
	t.Helper()
	if err != nil && strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a secret is in %v", err)
	}
}

// stage is a server with TLS, and what is asked of it.
type stage struct {
	t     *testing.T
	key   pair
	url   string
	ca    string
	asked atomic.Int64

	server *httptest.Server
}

func newStage(t *testing.T, serve func(s *stage, w http.ResponseWriter, r *http.Request)) *stage {
	t.Helper()
	s := &stage{t: t, key: ecPair(t, elliptic.P256(), "ES256")}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		serve(s, w, r)
	}))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // one test is about a handshake that fails
	server.StartTLS()
	t.Cleanup(server.Close)
	s.url, s.server = server.URL, server
	s.ca = filepath.Join(t.TempDir(), "ca.pem")
	data := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(s.ca, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// open opens the server's bundle, changed by f.
func (s *stage) open(f func(*Config)) *Source {
	s.t.Helper()
	cfg := Config{URL: s.url + "/policy.tar.gz", CAFile: s.ca, Keys: map[string][]byte{"ci": []byte(s.key.public)},
		Token: func() (string, error) { return secret + "\n", nil }}
	if f != nil {
		f(&cfg)
	}
	src, err := Open(cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	return src
}

func TestAnUnchangedBundleIsOneSmallAnswer(t *testing.T) {
	version, sent := atomic.Int64{}, atomic.Int64{}
	s := newStage(t, func(s *stage, w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer "+secret {
			t.Errorf("authorization %q", got)
		}
		etag := fmt.Sprintf("%q", fmt.Sprint(version.Load()))
		w.Header().Set("ETag", etag)
		if r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		sent.Add(1)
		_, _ = w.Write(built(t, s.key)) // EC signatures differ each time
	})
	src := s.open(nil)
	first, err := src.Read(t.Context(), nil)
	if err != nil || first.Key != "ci" || len(first.Files) != 2 {
		t.Fatalf("%+v, %v", first, err)
	}
	again, err := src.Read(t.Context(), first)
	if err != nil || again != first || sent.Load() != 1 || s.asked.Load() != 2 {
		t.Errorf("the same: %v, %v; asked %d times, sent %d times", again == first, err, s.asked.Load(), sent.Load())
	}
	version.Add(1)
	other, err := src.Read(t.Context(), first)
	if err != nil || other == first || other.ID == first.ID || sent.Load() != 2 {
		t.Errorf("another one: %v, %v; sent %d times", other != first, err, sent.Load())
	}
	// Whoever has nothing gets everything, whatever was asked before.
	if all, err := src.Read(t.Context(), nil); err != nil || all == nil || len(all.Files) != 2 || sent.Load() != 3 {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestTheSameBytesAreTheSameBundleWithoutAnETag(t *testing.T) {
	var packed []byte
	s := newStage(t, func(s *stage, w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(packed) })
	packed = built(t, s.key)
	src := s.open(nil)
	first, err := src.Read(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := src.Read(t.Context(), first); err != nil || again != first {
		t.Errorf("the same: %v, %v", again == first, err)
	}
}

func TestAServerIsNotBelievedWhen(t *testing.T) {
	elsewhere := newStage(t, func(s *stage, w http.ResponseWriter, _ *http.Request) { t.Error("the other host was asked") })
	for _, tc := range []struct {
		name  string
		serve func(s *stage, w http.ResponseWriter, r *http.Request)
		want  string
	}{
		{"it has no such bundle", func(_ *stage, w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }, "the server answered 404 Not Found; check the URL"},
		{"it refuses the token", func(_ *stage, w http.ResponseWriter, _ *http.Request) { http.Error(w, secret, http.StatusUnauthorized) }, "the server answered 401 Unauthorized; check tokenEnv or tokenFile"},
		{"it fails", func(_ *stage, w http.ResponseWriter, _ *http.Request) {
			http.Error(w, secret, http.StatusInternalServerError)
		}, "the server answered 500 Internal Server Error"},
		{"it says unchanged and was not asked", func(_ *stage, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) }, "the server answered 304"},
		{"it sends nothing", func(*stage, http.ResponseWriter, *http.Request) {}, "it is no gzip'd tar"},
		{"it sends a page", func(_ *stage, w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }, "it is no gzip'd tar"},
		{"it sends an unsigned bundle", func(_ *stage, w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(built(t, pair{})) }, "it is not signed"},
		{"it announces a huge file", func(_ *stage, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9000000")
		}, "it has 9000000 bytes, more than 8388608"},
		{"it sends without an end", func(_ *stage, w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		}, "it has more than 8388608 bytes"},
		{"it sends to another host", func(_ *stage, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.url+"/policy.tar.gz", http.StatusFound)
		}, "the server sends to another host"},
		{"it sends to plain http", func(s *stage, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, strings.Replace(s.url, "https", "http", 1)+"/policy.tar.gz", http.StatusFound)
		}, "the server sends to another host"},
		{"it sends round and round", func(s *stage, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/policy.tar.gz", http.StatusFound)
		}, "the server sends to another host"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newStage(t, tc.serve)
			b, err := s.open(nil).Read(t.Context(), nil)
			wantError(t, err, s.url+"/policy.tar.gz: "+tc.want)
			wantNoSecret(t, err)
			if b != nil {
				t.Error("it was read nevertheless")
			}
		})
	}
}

func TestARedirectOnTheSameHostIsFollowed(t *testing.T) {
	s := newStage(t, func(s *stage, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v2" {
			http.Redirect(w, r, "/v2", http.StatusFound)
			return
		}
		_, _ = w.Write(built(t, s.key))
	})
	if b, err := s.open(nil).Read(t.Context(), nil); err != nil || len(b.Files) != 2 {
		t.Errorf("%+v, %v", b, err)
	}
}

func TestASlowServerEndsAtTheDeadline(t *testing.T) {
	for name, serve := range map[string]func(s *stage, w http.ResponseWriter, r *http.Request){
		"before it answers": func(_ *stage, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"byte by byte": func(_ *stage, w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil { // each byte comes in time, and there is no end
				_, _ = w.Write([]byte{0x1f})
				_ = http.NewResponseController(w).Flush()
				select {
				case <-r.Context().Done():
				case <-time.After(time.Millisecond):
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, serve)
			_, err := s.open(func(c *Config) { c.Timeout = 100 * time.Millisecond }).Read(t.Context(), nil)
			wantError(t, err, "no complete answer within 100ms")
		})
	}
}

func TestACertificateThatNobodyTrustsIsRefused(t *testing.T) {
	s := newStage(t, func(*stage, http.ResponseWriter, *http.Request) { t.Error("a request came through") })
	_, err := s.open(func(c *Config) { c.CAFile = "" }).Read(t.Context(), nil)
	wantError(t, err, "give the authority's certificate as caFile")
}

func TestATokenThatCannotBeSentIsNotShown(t *testing.T) {
	s := newStage(t, func(*stage, http.ResponseWriter, *http.Request) { t.Error("a request was made") })
	for name, token := range map[string]func() (string, error){
		"it is empty":         func() (string, error) { return " \n", nil },
		"it is two lines":     func() (string, error) { return secret + "\nX-Evil: 1", nil },
		"it is not ASCII":     func() (string, error) { return secret + "é", nil },
		"it cannot be looked": func() (string, error) { return "", errors.New("the token is empty, as the test says") },
	} {
		_, err := s.open(func(c *Config) { c.Token = token }).Read(t.Context(), nil)
		if err == nil || !strings.Contains(err.Error(), "the token is empty") {
			t.Errorf("%s: %v", name, err)
		}
		wantNoSecret(t, err)
	}
}

func TestPlainHTTPIsForLoopbackAlone(t *testing.T) {
	k := edPair(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(built(t, k)) }))
	t.Cleanup(server.Close)
	s, err := Open(Config{URL: server.URL + "/p.tar.gz", Keys: map[string][]byte{"ci": []byte(k.public)}})
	if err != nil {
		t.Fatal(err)
	}
	if b, err := s.Read(t.Context(), nil); err != nil || len(b.Files) != 2 {
		t.Errorf("%+v, %v", b, err)
	}
}
