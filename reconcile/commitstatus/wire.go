package commitstatus

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"golang.org/x/net/http/httpproxy"
)

// maxAnswer bounds what is read of an answer; a status is about 2 KB.
const maxAnswer = 1 << 20

// wire is what one status goes through: a connection of its own, so that whatever
// was replaced meanwhile counts, and what the host answered.
type wire struct {
	transport *http.Transport
	host      string // the only one that is spoken to with the token

	code   int // 0: there was no answer
	header http.Header
	answer []byte
	long   bool // the answer was longer than is read
}

func (s *Speaker) open() (*wire, error) {
	roots, err := readCA(s.cfg.CAFile)
	if err != nil {
		return nil, err
	}
	return &wire{host: s.host.name, transport: &http.Transport{
		Proxy: s.proxy, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10, ForceAttemptHTTP2: true,
	}}, nil
}

// readCA adds a file's authorities to the system's; nil is the system's.
func readCA(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("caFile: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("caFile: %s holds no certificate in PEM form", file)
	}
	return pool, nil
}

// proxy leaves what goes to loopback in plain text alone, as access to Git does.
func (s *Speaker) proxy(q *http.Request) (*url.URL, error) {
	if q.URL.Scheme != "https" {
		return nil, nil
	}
	proxy, err := url.Parse(s.cfg.Proxy)
	if s.cfg.Proxy == "" {
		proxy, err = httpproxy.FromEnvironment().ProxyFunc()(q.URL)
	}
	if err != nil { // it quotes the URL
		return nil, errors.New("the proxy is not the URL of a proxy; write it as http://HOST:PORT")
	}
	return proxy, nil
}

func (w *wire) close() { w.transport.CloseIdleConnections() }

// plain is a client without the wire's own rules, for services that give tokens.
func (w *wire) plain() *http.Client {
	return &http.Client{Transport: w.transport, CheckRedirect: stay}
}

func (w *wire) client() *http.Client { return &http.Client{Transport: w, CheckRedirect: stay} }

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// RoundTrip reads an answer to its limit and keeps it. Libraries may put the token on
// whatever they send, so nothing is sent to another host.
func (w *wire) RoundTrip(q *http.Request) (*http.Response, error) {
	if q.URL.Host != w.host {
		return nil, errors.New("another host")
	}
	resp, err := w.transport.RoundTrip(q)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	w.long = len(data) > maxAnswer
	w.code, w.header, w.answer = resp.StatusCode, resp.Header, data[:min(len(data), maxAnswer)]
	resp.Body = io.NopCloser(bytes.NewReader(w.answer))
	return resp, nil
}
