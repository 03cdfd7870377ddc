package webhook

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// serve runs a real HTTP server on pipes inside a synctest bubble, where deadlines
// take no time. dial connects to it.
func (s *stage) serve(t *testing.T) (dial func() net.Conn) {
	t.Helper()
	l := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
	server := &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	t.Cleanup(func() {
		_ = server.Close()
		<-ended
	})
	return func() net.Conn {
		ours, theirs := net.Pipe()
		t.Cleanup(func() { _ = ours.Close() })
		l.conns <- theirs
		return ours
	}
}

type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	close(p.done)
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// head is the beginning of a request, up to where its body begins.
func head(d delivery, more string) string {
	text := "POST /webhook/" + d.provider + " HTTP/1.1\r\nHost: hooks.example.com\r\n"
	for name, value := range d.header {
		text += name + ": " + value + "\r\n"
	}
	return text + more + "\r\n"
}

func status(t *testing.T, c net.Conn) string {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.Status
}

func TestABodyThatTricklesIsGivenUpAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "github")
		c := s.serve(t)()
		start := time.Now()
		ended := make(chan struct{})
		go func() { // until the server has had enough
			defer close(ended)
			_, err := io.WriteString(c, head(signed("github", "d1", "x", now), "Content-Length: 1000\r\n"))
			for err == nil {
				time.Sleep(time.Second)
				_, err = c.Write([]byte("x"))
			}
		}()
		if got := status(t, c); got != "408 Request Timeout" || time.Since(start) != readTime {
			t.Errorf("%s after %s", got, time.Since(start))
		}
		if s.hints != 0 || s.counted["github incomplete"] != 1 {
			t.Errorf("%d hints, %v", s.hints, s.counted)
		}
		_ = c.Close()
		<-ended
	})
}

func TestManyBodiesThatTrickleDoNotFillTheDaemon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "github", "gitea")
		dial := s.serve(t)
		for range maxBusy {
			_, _ = io.WriteString(dial(), head(signed("github", "d1", "x", now), "Content-Length: 1000\r\n"))
		}
		synctest.Wait()
		if code, _ := s.send(t, signed("github", "d2", "x", now)); code != 503 {
			t.Errorf("one more: %d", code)
		}
		if code, _ := s.send(t, signed("gitea", "d2", "x", now)); code != 200 {
			t.Errorf("another provider: %d", code)
		}
		time.Sleep(readTime)
		synctest.Wait()
		if code, _ := s.send(t, signed("github", "d2", "x", now)); code != 200 {
			t.Errorf("after the deadline: %d", code)
		}
	})
}

func TestBodiesOfEveryFraming(t *testing.T) {
	d := signed("github", "d1", "hello", now)
	tests := []struct{ name, rest, want string }{
		{"as long as it says", "Content-Length: 5\r\n\r\nhello", "200 OK"},
		{"chunked", "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "200 OK"},
		{"chunked, without an end", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "400 Bad Request"},
		{"chunked, and malformed", "Transfer-Encoding: chunked\r\n\r\nhello", "400 Bad Request"},
		{"shorter than it says", "Content-Length: 6\r\n\r\nhello", "400 Bad Request"},
		{"longer than it says", "Content-Length: 4\r\n\r\nhello", "401 Unauthorized"},
		{"no length at all", "\r\nhello", "401 Unauthorized"},
		{"two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "400 Bad Request"},
		{"a length and chunks, of which the chunks count", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "200 OK"},
		{"a length that is too large, and no body yet", fmt.Sprintf("Content-Length: %d\r\n\r\n", maxBody+1), "413 Request Entity Too Large"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(newStage(t, "github"))
			defer server.Close()
			c, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_, _ = io.WriteString(c, strings.TrimSuffix(head(d, ""), "\r\n")+tt.rest)
			_ = c.(*net.TCPConn).CloseWrite()
			if got := status(t, c); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// zeros is an endless body.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestABodyCostsNoMemoryHoweverLongItIs(t *testing.T) {
	const mostOfGitHub = 25 << 20
	full := strings.Repeat("\x00", mostOfGitHub)
	mac := "sha256=" + hex.EncodeToString(sum([]byte(secret), full))
	for name, tt := range map[string]struct {
		body io.Reader
		want int
	}{
		"as long as may be": {io.LimitReader(zeros{}, mostOfGitHub), 200},
		"one byte more":     {io.LimitReader(zeros{}, mostOfGitHub+1), 413},
		"endless":           {zeros{}, 413},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, "github")
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/webhook/github", tt.body)
			r.Header.Set("X-Hub-Signature-256", mac)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			runtime.ReadMemStats(&after)
			if grown := after.TotalAlloc - before.TotalAlloc; w.Code != tt.want || grown > 1<<20 {
				t.Errorf("%d, want %d; %d bytes were allocated", w.Code, tt.want, grown)
			}
		})
	}
}

func TestTheBodyOfAStrangerIsNotRead(t *testing.T) {
	for _, provider := range Providers() {
		s := newStage(t, provider)
		body := &countingReader{}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/webhook/"+provider, body)
		r.Header.Set("X-Gitlab-Token", "a guess that is long enough")
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, r); w.Code != 401 || body.read != 0 {
			t.Errorf("%s: %d, %d bytes read", provider, w.Code, body.read)
		}
	}
}

type countingReader struct{ read int }

func (c *countingReader) Read(p []byte) (int, error) {
	c.read += len(p)
	return len(p), nil
}

func TestOnlyPostIsAnswered(t *testing.T) {
	s := newStage(t, "github")
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodOptions, "BREW"} {
		d := signed("github", "d1", "x", now)
		r := httptest.NewRequestWithContext(t.Context(), method, "/webhook/github", strings.NewReader(d.body))
		for k, v := range d.header {
			r.Header.Set(k, v)
		}
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, r); w.Code != 405 || w.Header().Get("Allow") != "POST" || s.hints != 0 {
			t.Errorf("%s: %d, %d hints", method, w.Code, s.hints)
		}
	}
}
