package gitsource

import (
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// connectProxy is a proxy that connects to one server whatever host it is asked
// for, and notes what it is asked.
type connectProxy struct {
	to     string // host:port
	status int    // to answer instead; 0 to connect

	mu    sync.Mutex
	asked []string
}

func (p *connectProxy) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	p.mu.Lock()
	p.asked = append(p.asked, q.Method+" "+q.Host+" "+q.Header.Get("Proxy-Authorization")+q.Header.Get("Authorization"))
	p.mu.Unlock()
	if p.status != 0 {
		http.Error(w, "no "+canary, p.status)
		return
	}
	out, err := net.Dial("tcp", p.to)
	if err != nil {
		http.Error(w, "no", http.StatusBadGateway)
		return
	}
	in, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	_, _ = io.WriteString(in, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
	_, _ = io.Copy(in, out)
	_ = in.Close()
}

// behind starts a proxy and a server that only it reaches, as example.com, the
// host that httptest's certificate is for.
func behind(t *testing.T) (*connectProxy, *httptest.Server, Config) {
	srv, cfg := serveTLS(t, func(q *http.Request) bool { return q.Header.Get("Authorization") == "Bearer "+canary })
	u, _ := url.Parse(srv.URL)
	p := &connectProxy{to: u.Host}
	proxy := httptest.NewServer(p)
	t.Cleanup(proxy.Close)
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "https_proxy", "HTTPS_PROXY", "NO_PROXY", "no_proxy"} {
		t.Setenv(name, "")
	}
	cfg.URL = "https://example.com/specs.git"
	cfg.Login = given(Login{Bearer: canary})
	return p, proxy, cfg
}

func TestTheProxyOfTheConfigOrElseOfTheEnvironmentIsUsed(t *testing.T) {
	for _, from := range []string{"config", "environment"} {
		t.Run(from, func(t *testing.T) {
			p, proxy, cfg := behind(t)
			if from == "config" {
				t.Setenv("HTTPS_PROXY", "http://127.0.0.1:9")
				t.Setenv("NO_PROXY", "example.com")
				cfg.Proxy = proxy.URL
			} else {
				t.Setenv("HTTPS_PROXY", strings.Replace(proxy.URL, "://", "://ada:"+canary+"@", 1))
			}
			_, err := open(t, cfg).Snapshot(t.Context(), nil)
			check(t, err)
			want := "CONNECT example.com:443 "
			if from == "environment" {
				want += "Basic " + base64.StdEncoding.EncodeToString([]byte("ada:"+canary))
			}
			for _, got := range p.asked {
				if got != want {
					t.Errorf("the proxy was asked %q", got)
				}
			}
			if len(p.asked) == 0 {
				t.Error("the proxy was not used")
			}
		})
	}
	t.Run("NO_PROXY", func(t *testing.T) {
		p, proxy, cfg := behind(t)
		t.Setenv("HTTPS_PROXY", proxy.URL)
		t.Setenv("NO_PROXY", "example.com")
		s := open(t, cfg)
		got, err := s.cfg.proxyFor(s.back.(*remote).addr.url())
		if err != nil || got != nil || len(p.asked) != 0 {
			t.Errorf("proxy %v, %v", got, err)
		}
	})
}

func TestAProxyThatFailsIsNamedWithoutItsLogin(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		says   string
	}{
		"it wants a login": {http.StatusProxyAuthRequired, "wants a login (407); put user and password into HTTPS_PROXY, and leave proxy out"},
		"it forbids":       {http.StatusForbidden, "does not connect (403 Forbidden)"},
		"it is closed":     {0, "cannot be reached: the connection to 127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			p, proxy, cfg := behind(t)
			p.status = tt.status
			if tt.status == 0 {
				proxy.Close()
			}
			t.Setenv("HTTPS_PROXY", strings.Replace(proxy.URL, "://", "://ada:"+canary+"@", 1))
			s := open(t, cfg)
			_, err := s.Head(t.Context())
			wantError(t, err, ErrUnreachable, tt.says, strings.TrimPrefix(proxy.URL, "http://"))
			wantSilent(t, s, err)
		})
	}
	t.Run("it is no URL", func(t *testing.T) {
		_, _, cfg := behind(t)
		t.Setenv("HTTPS_PROXY", "http://ada:"+canary+"@[::1")
		_, err := Open(cfg)
		wantError(t, err, nil, "HTTPS_PROXY is not the URL of a proxy")
		if strings.Contains(err.Error(), canary) {
			t.Errorf("a secret is shown: %v", err)
		}
	})
}
