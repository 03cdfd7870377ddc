package bundle

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"unicode"
)

const (
	maxHeader    = 64 << 10
	maxETag      = 256
	maxRedirects = 3
)

var (
	errUnchanged = errors.New("the bundle is the same")
	errRedirect  = errors.New("the server sends to another host, where sluice does not follow; give the URL at which the bundle is")
)

// CheckURL refuses a URL that is not safe to use, or that holds what must not be
// shown. The error does not quote it.
func CheckURL(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return errors.New("this is no URL such as https://example.com/policy.tar.gz")
	case u.User != nil:
		return errors.New("the URL holds a user or password; give a token by tokenEnv or tokenFile")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("the URL has a ? or a #; leave out what follows, and give a token by tokenEnv or tokenFile")
	case u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	}
	return errors.New("the URL must begin with https://; http:// is for loopback hosts only")
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// fetch asks for the bundle, unless the server still has the one that it named etag:
// then it returns errUnchanged.
func (s *Source) fetch(ctx context.Context, known string) (packed []byte, etag string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.cfg.URL, nil)
	if err != nil {
		return nil, "", errors.New("the URL cannot be used")
	}
	if err := s.authorise(req); err != nil {
		return nil, "", err
	}
	if known != "" {
		req.Header.Set("If-None-Match", known)
	}
	client, err := s.cfg.newClient() // anew each time: its files may have been replaced
	if err != nil {
		return nil, "", err
	}
	defer client.CloseIdleConnections() // the next look is in a minute: nothing can get stuck until then
	res, err := client.Do(req)
	if err != nil {
		return nil, "", s.explain(ctx, err)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusNotModified && known != "":
		return nil, "", errUnchanged
	case res.StatusCode != http.StatusOK:
		return nil, "", badStatus(res.StatusCode)
	case res.ContentLength > s.cfg.Limits.Packed:
		return nil, "", fmt.Errorf("it has %d bytes, more than %d, which is the limit of a bundle", res.ContentLength, s.cfg.Limits.Packed)
	}
	if packed, err = readAll(res.Body, s.cfg.Limits.Packed); err != nil {
		return nil, "", s.explain(ctx, err)
	}
	if etag = res.Header.Get("ETag"); len(etag) > maxETag || strings.ContainsFunc(etag, unicode.IsControl) {
		etag = "" // then it is fetched each time
	}
	return packed, etag, nil
}

func (s *Source) authorise(req *http.Request) error {
	if s.cfg.Token == nil {
		return nil
	}
	token, err := s.cfg.Token()
	if err != nil {
		return err
	}
	token = strings.TrimSpace(token)
	if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return errors.New("the token is empty, or is more than one word of ASCII; check tokenEnv or tokenFile")
	}
	req.Header.Set("Authorization", "Bearer "+token)
	return nil
}

func badStatus(code int) error {
	what := fmt.Sprintf("the server answered %d %s", code, http.StatusText(code))
	switch code {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("%s; check tokenEnv or tokenFile, and what the token may read", what)
	case http.StatusNotFound, http.StatusGone:
		return fmt.Errorf("%s; check the URL, and whether the bundle needs a token", what)
	}
	return fmt.Errorf("%s; look at its log, and try again later", what)
}

// explain says what a person can do about a request that failed. The URL, which
// net/http would quote, stands in front already.
func (s *Source) explain(ctx context.Context, err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	var authority x509.UnknownAuthorityError
	var network *net.OpError
	var proxy proxyError
	switch {
	case errors.As(err, &proxy):
		return proxy
	case errors.Is(err, errRedirect):
		return errRedirect
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("no complete answer within %s; check the network and the server: %w", s.cfg.Timeout, context.DeadlineExceeded)
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &authority):
		return errors.New("the server's certificate is signed by nobody that this machine trusts; give the authority's certificate as caFile")
	case errors.As(err, &network) && network.Op == "proxyconnect":
		return fmt.Errorf("the proxy (of proxy or HTTPS_PROXY) cannot be reached: %w", network.Err)
	case errors.As(err, &network):
		return fmt.Errorf("the server cannot be reached: %w", network.Err)
	}
	return err
}
