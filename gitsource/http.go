package gitsource

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
)

const (
	// maxErrorPage is how much of an error's body is read.
	maxErrorPage = 64 << 10
	advertType   = "application/x-git-upload-pack-advertisement"
)

var (
	errNotGit    = errors.New("the answer is not from a Git server")
	errPlainHTTP = errors.New("redirected to plain http")
)

// httpSession closes its connections at its end; the library's Close does nothing.
type httpSession struct {
	transport.UploadPackSession
	conns *http.Transport
}

func (s httpSession) Close() error {
	s.conns.CloseIdleConnections()
	return nil
}

// openHTTP builds a client of its own: the library's table of protocols is global,
// and two Sources must not share credentials, limits or certificates. Redirects
// are followed for the list of refs only, and the library sends no credentials
// to another host.
func (r *remote) openHTTP(b *budget) (session, error) {
	conns := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            r.dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: r.roots},
		TLSHandshakeTimeout:    30 * time.Second,
		MaxResponseHeaderBytes: maxErrorPage,
		ForceAttemptHTTP2:      true,
	}
	client := githttp.NewClient(&http.Client{Transport: guard{conns, b}})
	host := r.addr.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	// No user in the endpoint: it is printed into URLs, the auth method is not.
	endpoint := &transport.Endpoint{Protocol: r.addr.scheme, Host: host, Port: r.addr.port, Path: r.addr.path}
	var auth transport.AuthMethod
	if r.user != "" {
		auth = &githttp.BasicAuth{Username: r.user, Password: r.pass}
	}
	s, err := client.NewUploadPackSession(endpoint, auth)
	if err != nil {
		return nil, err
	}
	return httpSession{s, conns}, nil
}

// guard stands between the library and the network.
type guard struct {
	next http.RoundTripper
	b    *budget
}

func (g guard) RoundTrip(req *http.Request) (*http.Response, error) {
	// The first URL was checked at Open; this is for redirects.
	if req.URL.Scheme != "https" && !isLoopback(req.URL.Hostname()) {
		return nil, errPlainHTTP
	}
	res, err := g.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body := res.Body
	var limited io.Reader = budgetReader{body, g.b}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		limited = io.LimitReader(limited, maxErrorPage)
	} else if strings.HasSuffix(req.URL.Path, "/info/refs") && !strings.HasPrefix(res.Header.Get("Content-Type"), advertType) {
		_ = body.Close()
		return nil, fmt.Errorf("%w but of type %q", errNotGit, clean(res.Header.Get("Content-Type")))
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{limited, body}
	return res, nil
}
