package gitsource

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"

	"github.com/seed-6ca89210/sluice/gitsource/hostkeys"
	"github.com/seed-6ca89210/sluice/gitsource/words"
)

// Login is what a server on https is told. At most one of Password and Bearer is set.
type Login struct {
	User     string // git when empty: services that take a token ignore it, but want one
	Password string // with User, as HTTP basic authentication
	Bearer   string // a token, as HTTP bearer authentication
	// Forget, when set, is called after a conversation with this login failed: one
	// that was cached must not be given again.
	Forget func()
}

// ClientCert is a certificate for servers that ask for one. Both files are PEM; the
// certificate's may hold its chain.
type ClientCert struct {
	CertFile, KeyFile string // both or neither
}

// access is everything that one conversation needs to know the server and to log
// in there. It is plain values: made just before the conversation, so that what
// was replaced meanwhile counts, and fit to be handed to another process.
type access struct {
	User, Password, Bearer string
	CA                     []byte // PEM, trusted beside the system's
	Cert, CertKey          []byte // PEM
	Proxy                  string // a URL; "" for none

	SSHKey     []byte // PEM
	Passphrase string // of SSHKey
	Agent      string // the agent's socket, where there is no SSHKey
	Hosts      hostkeys.Trust
}

// resolve returns a copy of r for one conversation. It reads files and may ask the
// network for a token. The function that it returns is to be told how that
// conversation ended.
func (r *remote) resolve(ctx context.Context) (*remote, func(error), error) {
	ready := *r
	ended := func(error) {}
	var err error
	if r.addr.scheme == "ssh" {
		ready.as, err = r.cfg.SSH.access(r.addr.hostPort())
	} else {
		ready.as, err = r.cfg.webAccess(r.addr)
	}
	if err == nil && r.cfg.Login != nil {
		ended, err = ready.login(ctx)
	}
	if err != nil {
		return nil, nil, failf(ErrUnreachable, r.addr.shown, "%s", words.Mask(err.Error(), ready.as.secrets()...))
	}
	return &ready, ended, nil
}

// login asks Config.Login, and gives it a client that reaches the outside as the
// Source does.
func (r *remote) login(ctx context.Context) (func(error), error) {
	conns, err := r.as.transport()
	if err != nil {
		return nil, err
	}
	conns.DialContext = r.dial
	conns.Proxy = func(q *http.Request) (*url.URL, error) { return r.cfg.proxyFor(q.URL) }
	conns.TLSClientConfig.Certificates = nil // for the Git server only
	defer conns.CloseIdleConnections()
	l, err := r.cfg.Login(ctx, &http.Client{
		Transport:     conns,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	})
	if err != nil {
		return nil, err
	}
	r.as.User, r.as.Password, r.as.Bearer = l.User, l.Password, l.Bearer
	return func(err error) {
		if l.Forget != nil && errors.Is(err, ErrUnreachable) {
			l.Forget()
		}
	}, nil
}

// carries reports whether a holds anything that another host must not get.
func (a access) carries() bool { return a.User+a.Password+a.Bearer != "" || a.Cert != nil }

// secrets is what no text may show, in each form that a server could repeat.
func (a access) secrets() []string {
	list := []string{a.Password, a.Bearer, a.Passphrase}
	if a.User+a.Password != "" {
		list = append(list, base64.StdEncoding.EncodeToString([]byte(cmp.Or(a.User, "git")+":"+a.Password)))
	}
	if a.User != "git" {
		list = append(list, a.User) // it may be a token
	}
	if proxy, err := url.Parse(a.Proxy); err == nil && proxy.User != nil {
		password, _ := proxy.User.Password()
		list = append(list, password, proxy.User.String())
	}
	for _, s := range list[:len(list):len(list)] {
		list = append(list, url.PathEscape(s), url.QueryEscape(s), url.UserPassword("", s).String()[1:])
	}
	return list
}
