package post

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"

	"golang.org/x/net/http/httpproxy"
)

// Transport makes a connection of its own for one conversation, so that whatever was
// replaced meanwhile counts. caFile is PEM, beside the system's authorities; without a
// proxy's URL, HTTPS_PROXY and NO_PROXY say. The error is of a caFile that cannot be read
// or holds no certificate; what is wrong with the proxy is told by the first request.
func Transport(caFile, proxyURL string) (*http.Transport, error) {
	roots, err := readCA(caFile)
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		Proxy:           func(q *http.Request) (*url.URL, error) { return proxy(proxyURL, q) },
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},

		DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10, ForceAttemptHTTP2: true,
	}, nil
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
func proxy(set string, q *http.Request) (*url.URL, error) {
	if q.URL.Scheme != "https" {
		return nil, nil
	}
	at, err := url.Parse(set)
	if set == "" {
		at, err = httpproxy.FromEnvironment().ProxyFunc()(q.URL)
	}
	if err != nil { // it quotes the URL
		return nil, errors.New("the proxy is not the URL of a proxy; write it as http://HOST:PORT")
	}
	return at, nil
}

// Stay is a CheckRedirect that follows none: with its error, [http.ErrUseLastResponse],
// the client returns the redirect itself as the answer.
func Stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// CheckURL refuses what is no address of a server, and plain http to another machine
// where a secret goes along. The error never quotes the URL, which may itself be one.
func CheckURL(raw string, secret bool) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("it must be https://HOST/PATH, without a login")
	case u.Scheme == "http" && secret && !loopback(u.Hostname()):
		return nil, errors.New("it must be https://HOST/PATH, since something secret is sent there")
	}
	return u, nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
