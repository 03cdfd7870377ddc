package gitsource

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

// proxyFor returns the proxy for a URL, or nil: Config.Proxy, or else what
// HTTPS_PROXY and NO_PROXY say now. What goes to a loopback host in plain text goes
// through none.
func (c *Config) proxyFor(u *url.URL) (*url.URL, error) {
	if u.Scheme != "https" {
		return nil, nil
	}
	if c.Proxy != "" {
		return parseProxy(c.Proxy)
	}
	env := httpproxy.FromEnvironment()
	proxy, err := env.ProxyFunc()(u)
	if err == nil && env.HTTPSProxy != "" {
		// The library takes what does not parse for no proxy at all.
		whole := env.HTTPSProxy
		if !strings.Contains(whole, "://") {
			whole = "http://" + whole
		}
		_, err = url.Parse(whole)
	}
	if err != nil { // it quotes the URL
		return nil, errors.New("HTTPS_PROXY is not the URL of a proxy; write it as http://HOST:PORT")
	}
	return proxy, nil
}

// parseProxy never quotes the URL, which may hold a password.
func parseProxy(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) ||
		u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("proxy: it is not the URL of a proxy; write it as http://HOST:PORT (or https://, socks5://)")
	}
	return u, nil
}
