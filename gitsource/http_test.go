package gitsource

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
)

// canary stands for every secret: no error and no log may hold it.
const canary = "canary-7f3a"

// withUser puts userinfo into a URL.
func withUser(url string) string {
	return strings.Replace(url, "://", "://user-"+canary+":pass-"+canary+"@", 1)
}

// wantSilent fails if the secret is in the error or the Source's name.
func wantSilent(t *testing.T, s *Source, err error) {
	t.Helper()
	if strings.Contains(s.String(), canary) || (err != nil && strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), canary)) {
		t.Errorf("a secret is shown: %s: %v", s, err)
	}
}

func TestWhatAWebServerAnswersBecomesOneSentence(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, q *http.Request) {
			user, pass, _ := q.BasicAuth()
			http.Error(w, "the body repeats "+user+pass, code)
		}
	}
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		login  bool
		says   string
	}{
		"401 without a login": {status(401), false, "wants a login (401)"},
		"401 with a login":    {status(401), true, "refused the login (401)"},
		"403":                 {status(403), true, "forbids it (403)"},
		"404":                 {status(404), true, "no such repository (404)"},
		"500":                 {status(500), true, "answered 500 Internal Server Error"},
		"a web page": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<html>sign in</html>")
		}, true, "not from a Git server but of type \"text/html"},
		"a dumb server": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			fmt.Fprint(w, strings.Repeat("ab", 20)+"\trefs/heads/main\n")
		}, true, "not from a Git server"},
		"nonsense of the right type": {func(w http.ResponseWriter, q *http.Request) {
			_, pass, _ := q.BasicAuth()
			w.Header().Set("Content-Type", advertType)
			fmt.Fprint(w, "zzzz"+pass)
		}, true, "the conversation with the server broke off"},
		"an error in Git's own words": {func(w http.ResponseWriter, q *http.Request) {
			_, pass, _ := q.BasicAuth()
			w.Header().Set("Content-Type", advertType)
			_ = pktline.NewEncoder(w).EncodeString("ERR access denied to " + pass + "\n")
		}, true, "broke off"},
		"a redirect to plain http": {func(w http.ResponseWriter, q *http.Request) {
			http.Redirect(w, q, "http://git.example.com/x/info/refs?service=git-upload-pack", http.StatusFound)
		}, true, "redirects to plain http"},
	} {
		t.Run(name, func(t *testing.T) {
			url := serve(t, tt.answer)
			cfg := Config{URL: url}
			if tt.login {
				cfg.URL = withUser(url)
			}
			s := open(t, cfg)
			_, err := s.Snapshot(context.Background(), nil)
			wantError(t, err, ErrUnreachable, tt.says, url)
			wantSilent(t, s, err)
			if strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("the error has control characters: %q", err)
			}
		})
	}
}

func TestTheLoginIsSentFromTheURLOrElseFromTheConfig(t *testing.T) {
	r := newRepo(t)
	r.commit("main", map[string]node{"a.yaml": file("1")})
	inner := goHandler(t, r)
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if user, pass, _ := q.BasicAuth(); user+":"+pass != "u:p@ss" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(w, q)
	}))
	inURL := strings.Replace(url, "://", "://u:p%40ss@", 1)
	for _, cfg := range []Config{{URL: inURL}, {URL: url, Username: "u", Password: "p@ss"}, {URL: inURL, Username: "other", Password: "other"}} {
		_, err := open(t, cfg).Snapshot(context.Background(), nil)
		check(t, err)
	}
	_, err := open(t, Config{URL: url, Password: "p@ss"}).Head(context.Background())
	wantError(t, err, ErrUnreachable, "refused the login") // user git
}

func TestTLSIsChecked(t *testing.T) {
	r := newRepo(t)
	r.commit("main", map[string]node{"a.yaml": file("1")})
	srv := httptest.NewUnstartedServer(goHandler(t, r))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	ca := write(t, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}))
	s := open(t, Config{URL: withUser(srv.URL + "/specs.git")})
	_, err := s.Head(context.Background())
	wantError(t, err, ErrUnreachable, "unknown authority", "set caFile")
	wantSilent(t, s, err)
	_, err = open(t, Config{URL: srv.URL + "/specs.git", CAFile: ca}).Snapshot(context.Background(), nil)
	check(t, err)
	named := strings.Replace(srv.URL, "127.0.0.1", "localhost", 1) + "/specs.git"
	_, err = open(t, Config{URL: named, CAFile: ca}).Head(context.Background())
	wantError(t, err, ErrUnreachable, "certificate of localhost is not valid")
	plain := strings.Replace(serve(t, goHandler(t, r)), "http://", "https://", 1)
	_, err = open(t, Config{URL: plain}).Head(context.Background())
	wantError(t, err, ErrUnreachable, "check the port")
	_, err = Open(Config{URL: named, CAFile: write(t, []byte("no PEM"))})
	wantError(t, err, nil, "holds no certificate")
}

func TestAServerThatCannotBeReachedIsNamed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	addr := l.Addr().String()
	check(t, l.Close())
	s := open(t, Config{URL: withUser("https://" + addr + "/x.git")})
	_, err = s.Head(context.Background())
	wantError(t, err, ErrUnreachable, "https://"+addr+"/x.git", "the connection to 127.0.0.1 was refused", "that the server runs")
	wantSilent(t, s, err)

	// The resolver's answer, without asking a resolver.
	for _, url := range []string{"https://none.example.com/x.git", "none.example.com:x.git"} {
		s = open(t, Config{URL: url, SSH: SSH{KnownHosts: write(t, nil)}})
		back := s.back.(*remote)
		back.cfg.SSH.KeyFile = newSSH(t, nil, false).keyFile
		back.dial = func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "none.example.com", IsNotFound: true}}
		}
		_, err = s.Head(context.Background())
		wantError(t, err, ErrUnreachable, "none.example.com cannot be resolved")
	}
}

// pipeTo makes a Source whose connections end in serve, without sockets, so that
// time is that of the bubble.
func pipeTo(t *testing.T, serve func(net.Conn)) *Source {
	s := open(t, Config{URL: "http://localhost/specs.git"})
	s.back.(*remote).dial = func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			defer server.Close()
			serve(server)
		}()
		return client, nil
	}
	return s
}

func TestAServerThatHangsIsLeftAtTheDeadline(t *testing.T) {
	head := "HTTP/1.1 200 OK\r\nContent-Type: " + advertType + "\r\n\r\n"
	for name, sends := range map[string]string{
		"before it answers":          "",
		"after the headers":          head,
		"in the middle of the refs":  head + "001e# service=git-upload-pack\n0000",
		"in the middle of a pkt-len": head + "00",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := pipeTo(t, func(c net.Conn) {
					buf := make([]byte, 4096)
					_, _ = c.Read(buf)
					_, _ = c.Write([]byte(sends))
					for { // until the other side hangs up
						if _, err := c.Read(buf); err != nil {
							return
						}
					}
				})
				began := time.Now()
				_, err := s.Head(context.Background())
				wantError(t, err, ErrUnreachable, "no complete answer within 2m0s")
				if took := time.Since(began); took != 2*time.Minute {
					t.Errorf("took %s", took)
				}
				// The bubble itself fails if a goroutine is left behind.
			})
		})
	}
}

func TestAnEndlessAnswerEndsAtTheByteCap(t *testing.T) {
	line := fmt.Sprintf("%04x%s refs/heads/%s\n", 4+40+1+11+900+1, strings.Repeat("ab", 20), strings.Repeat("x", 900))
	endless := http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", advertType)
		fmt.Fprint(w, "001e# service=git-upload-pack\n0000")
		_ = pktline.NewEncoder(w).EncodeString(strings.Repeat("ab", 20) + " HEAD\x00agent=x\n")
		for q.Context().Err() == nil {
			if _, err := fmt.Fprint(w, line); err != nil {
				return
			}
		}
	})
	s := open(t, Config{URL: serve(t, endless), Limits: Limits{Transfer: 1 << 20}})
	_, err := s.Head(context.Background())
	wantError(t, err, ErrLimit, "more than 1MiB", "limits.transfer")

	page := http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		for q.Context().Err() == nil {
			if _, err := fmt.Fprint(w, line); err != nil {
				return
			}
		}
	})
	_, err = open(t, Config{URL: serve(t, page)}).Head(context.Background())
	wantError(t, err, ErrUnreachable, "no such repository (404)")
}

func TestSourcesSideBySideDoNotDisturbEachOther(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 8 {
		r := newRepo(t)
		id := r.commit("main", map[string]node{fmt.Sprintf("%d.yaml", i): file("1")})
		s := open(t, Config{URL: serve(t, goHandler(t, r)), Username: fmt.Sprint("user", i), Password: "x"})
		wg.Go(func() {
			for range 3 {
				got, err := s.Snapshot(context.Background(), nil)
				if err != nil || got.Commit.ID != id || paths(got) != fmt.Sprintf("%d.yaml", i) {
					t.Errorf("source %d: %v %v", i, got, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestAFetchAsksForOneCommitAndNoLargeFiles(t *testing.T) {
	r := newRepo(t)
	old := r.commit("main", map[string]node{"a.yaml": file("old")})
	r.commit("main", map[string]node{"a.yaml": file("new"), "film.mp4": file(strings.Repeat("x", 300<<10))}, old)
	inner := gitHandler(t, r)
	var asked bytes.Buffer
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		q.Body = io.NopCloser(io.TeeReader(q.Body, &asked))
		inner.ServeHTTP(w, q)
	}))
	s := open(t, Config{URL: url, Limits: Limits{Unpacked: 200 << 10}})
	_, err := s.Fetch(context.Background(), "") // the film alone would pass the limit
	check(t, err)
	for _, want := range []string{"deepen 1\n", "filter blob:limit=262145"} {
		if !strings.Contains(asked.String(), want) {
			t.Errorf("the request lacks %q: %q", want, asked.String())
		}
	}
}
