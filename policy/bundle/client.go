package bundle

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"
)

// ClientCert is a certificate for servers that ask for one. Both files are PEM; the
// certificate's may hold its chain.
type ClientCert struct {
	CertFile, KeyFile string
}

// newClient makes a client that trusts and shows what the files hold now. It never
// goes to another host, so that neither the token nor the certificate does.
func (c *Config) newClient() (*http.Client, error) {
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	var err error
	if trust.RootCAs, err = c.roots(); err != nil {
		return nil, err
	}
	if trust.Certificates, err = c.ClientCert.read(); err != nil {
		return nil, err
	}
	proxy, err := c.proxyFor()
	if err != nil {
		return nil, err
	}
	if proxy != nil && proxy.Scheme == "https" && trust.Certificates != nil {
		return nil, errors.New("proxy: it speaks TLS itself, and would be shown the client certificate too; use an http:// proxy, through which TLS goes untouched")
	}
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyURL(proxy),
			TLSClientConfig:        trust,
			TLSHandshakeTimeout:    30 * time.Second,
			MaxResponseHeaderBytes: maxHeader,
			DisableCompression:     true, // it is compressed, and counted as it comes
			ForceAttemptHTTP2:      true,
			OnProxyConnectResponse: func(_ context.Context, _ *url.URL, _ *http.Request, res *http.Response) error {
				if res.StatusCode != http.StatusOK {
					return proxyError(res.StatusCode)
				}
				return nil
			},
		},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			first := via[0].URL
			if len(via) > maxRedirects || req.URL.Scheme != first.Scheme || req.URL.Host != first.Host {
				return errRedirect
			}
			return nil
		},
	}, nil
}

// proxyError is the answer of a proxy that will not connect.
type proxyError int

func (e proxyError) Error() string {
	advice := "check that it may reach the server"
	if int(e) == http.StatusProxyAuthRequired {
		advice = "it wants a login; put user and password into HTTPS_PROXY, and leave proxy out"
	}
	return fmt.Sprintf("the proxy answered %d %s; %s", int(e), http.StatusText(int(e)), advice)
}

// roots is nil for the system's authorities alone.
func (c *Config) roots() (*x509.CertPool, error) {
	if c.CAFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("caFile: %s: %w", c.CAFile, plain(err))
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("caFile: %s holds no certificate in PEM form", c.CAFile)
	}
	return roots, nil
}

func (c ClientCert) read() ([]tls.Certificate, error) {
	if c == (ClientCert{}) {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	var failed *os.PathError
	switch {
	case errors.As(err, &failed):
		return nil, fmt.Errorf("clientCert: %s: %w", failed.Path, failed.Err)
	case err != nil: // the library's words may describe the key
		return nil, fmt.Errorf("clientCert: %s and %s are not a certificate and its key in PEM form", c.CertFile, c.KeyFile)
	}
	return []tls.Certificate{pair}, nil
}

// proxyFor is Config.Proxy, or what HTTPS_PROXY and NO_PROXY say now; nil for none.
// No error quotes a URL, which may hold a password.
func (c *Config) proxyFor() (*url.URL, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "https" {
		return nil, nil
	}
	if c.Proxy == "" {
		env := httpproxy.FromEnvironment()
		proxy, err := env.ProxyFunc()(u)
		if err == nil && proxy == nil && strings.Contains(env.HTTPSProxy, "://") {
			_, err = url.Parse(env.HTTPSProxy) // the library takes what does not parse for no proxy at all
		}
		if err != nil {
			return nil, errors.New("HTTPS_PROXY is not the URL of a proxy; write it as http://HOST:PORT")
		}
		return proxy, nil
	}
	proxy, err := url.Parse(c.Proxy)
	if err != nil || proxy.Hostname() == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, proxy.Scheme) ||
		strings.Trim(proxy.Path, "/") != "" || proxy.RawQuery != "" || proxy.Fragment != "" {
		return nil, errors.New("proxy: it is not the URL of a proxy; write it as http://HOST:PORT (or https://, socks5://)")
	}
	return proxy, nil
}
