package gitsource

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"

	"github.com/seed-6ca89210/sluice/gitsource/words"
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

// redirectError is the server that a login would have been taken to.
type redirectError string

func (e redirectError) Error() string { return "redirected to " + string(e) }

// proxyError is a proxy that will not connect.
type proxyError struct {
	host   string
	status int
}

func (e proxyError) Error() string { return fmt.Sprintf("the proxy %s answered %d", e.host, e.status) }

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
// are followed for the list of refs only, and with a login or a client certificate
// never to another server.
func (r *remote) openHTTP(b *budget) (session, error) {
	conns, err := r.as.transport()
	if err != nil {
		return nil, err
	}
	conns.DialContext = r.dial
	asked := &certQuestion{held: conns.TLSClientConfig.Certificates}
	conns.TLSClientConfig.GetClientCertificate = asked.answer
	home := ""
	if r.as.carries() {
		home = origin(r.addr.url())
	}
	client := githttp.NewClient(&http.Client{Transport: guard{conns, b, home, asked}})
	host := r.addr.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	// No user in the endpoint: it is printed into URLs, the auth method is not.
	endpoint := &transport.Endpoint{Protocol: r.addr.scheme, Host: host, Port: r.addr.port, Path: r.addr.path}
	s, err := client.NewUploadPackSession(endpoint, r.as.method())
	if err != nil {
		return nil, err
	}
	return httpSession{s, conns}, nil
}

// transport makes connections that show and trust what a says.
func (a access) transport() (*http.Transport, error) {
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if a.CA != nil {
		var err error
		if trust.RootCAs, err = x509.SystemCertPool(); err != nil {
			trust.RootCAs = x509.NewCertPool()
		}
		trust.RootCAs.AppendCertsFromPEM(a.CA)
	}
	if a.Cert != nil {
		pair, err := tls.X509KeyPair(a.Cert, a.CertKey)
		if err != nil {
			return nil, errors.New("clientCert: it is not a certificate and its key in PEM form")
		}
		trust.Certificates = []tls.Certificate{pair}
	}
	conns := &http.Transport{
		TLSClientConfig:        trust,
		TLSHandshakeTimeout:    30 * time.Second,
		MaxResponseHeaderBytes: maxErrorPage,
		ForceAttemptHTTP2:      true,
		OnProxyConnectResponse: func(_ context.Context, proxy *url.URL, _ *http.Request, res *http.Response) error {
			if res.StatusCode != http.StatusOK {
				return proxyError{proxy.Host, res.StatusCode}
			}
			return nil
		},
	}
	if a.Proxy != "" {
		proxy, err := parseProxy(a.Proxy)
		if err != nil {
			return nil, err
		}
		conns.Proxy = http.ProxyURL(proxy)
	}
	return conns, nil
}

// method is how a logs in over https; nil when it does not.
func (a access) method() transport.AuthMethod {
	switch {
	case a.Bearer != "":
		return &githttp.TokenAuth{Token: a.Bearer}
	case a.User+a.Password != "":
		return &githttp.BasicAuth{Username: cmp.Or(a.User, "git"), Password: a.Password}
	}
	return nil
}

// origin names a server, so that two URLs can be compared.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// guard stands between the library and the network.
type guard struct {
	next http.RoundTripper
	b    *budget
	home string // the only server that may be spoken to, because of what is carried; "" for any
	cert *certQuestion
}

// RoundTrip refuses what would carry a login elsewhere or in the clear, before anything is
// sent, and bounds what is read of each answer. Whether the list of refs is one is looked
// at here, so that a log-in page in its place has an error of its own.
func (g guard) RoundTrip(req *http.Request) (*http.Response, error) {
	// The first URL was checked at Open; this is for redirects.
	if req.URL.Scheme != "https" && !isLoopback(req.URL.Hostname()) {
		return nil, errPlainHTTP
	}
	if there := origin(req.URL); g.home != "" && there != g.home {
		return nil, redirectError(there)
	}
	res, err := g.next.RoundTrip(req)
	if err != nil {
		return nil, g.cert.failed(err)
	}
	if err := g.cert.judge(res.StatusCode); err != nil {
		_ = res.Body.Close()
		return nil, err
	}
	body := res.Body
	var limited io.Reader = budgetReader{body, g.b}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		limited = io.LimitReader(limited, maxErrorPage)
	} else if strings.HasSuffix(req.URL.Path, "/info/refs") && !strings.HasPrefix(res.Header.Get("Content-Type"), advertType) {
		_ = body.Close()
		return nil, fmt.Errorf("%w but of type %q", errNotGit, words.Quote(res.Header.Get("Content-Type")))
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{limited, body}
	return res, nil
}
