package gitsource

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"

	"github.com/seed-6ca89210/sluice/gitsource/hostkeys"
	"github.com/seed-6ca89210/sluice/gitsource/words"
)

// explain turns what the library and the network report into one sentence with
// the URL and what to do. The cause goes in as cleaned text, never as an error:
// it may hold the URL with the password.
func (r *remote) explain(err error, b *budget) error {
	err = unwrap(err)
	fail := func(format string, args ...any) error {
		return failf(ErrUnreachable, r.addr.shown, format, args...)
	}
	var said sshError
	var untrusted hostkeys.Refusal
	switch {
	case errors.Is(err, ErrLimit):
		return err // made by this package, with the place in it
	case b.spent():
		if b.limit < r.cfg.Limits.Transfer { // a cap of our own, which no setting raises
			return failf(ErrLimit, r.addr.shown, "the server sent more than %s, which is the most that is read of a list of refs, and of commits without their files; use a repository with fewer of them", bytesText(b.limit))
		}
		return failf(ErrLimit, r.addr.shown, "the server sent more than %s; use a smaller repository, or raise limits.transfer", bytesText(b.limit))
	case errors.As(err, &said):
		return fail("%s", said)
	case errors.As(err, &untrusted):
		return fail("%s", untrusted)
	case errors.Is(err, transport.ErrEmptyRemoteRepository):
		return emptyRepository(r.addr.shown)
	}
	if text, ok := explainHTTP(err, r.as.method() != nil); ok {
		return fail("%s", text)
	}
	if text, ok := explainProxy(err, r.as.Proxy); ok {
		return fail("%s", text)
	}
	if text, ok := explainNetwork(err, r.addr.host); ok {
		return fail("%s", text)
	}
	return fail("the conversation with the server broke off (%s); check that the url is a Git repository, and try again", r.clean(unwrapURL(err)))
}

// clean takes the credentials out of a foreign text, as they are and as a URL
// spells them.
func (r *remote) clean(err error) string {
	return words.Quote(err.Error(), r.as.secrets()...)
}

// explainHTTP knows the answers of web servers.
func explainHTTP(err error, loggedIn bool) (string, bool) {
	var status *githttp.Err
	var redirect redirectError
	var cert certError
	switch {
	case errors.As(err, &cert):
		return string(cert), true
	case errors.Is(err, transport.ErrAuthenticationRequired) && loggedIn:
		return "the server refused the login (401); check that username and password, or the token, are right and not expired", true
	case errors.Is(err, transport.ErrAuthenticationRequired):
		return "the server wants a login (401), or the repository does not exist; set auth, or SLUICE_GIT_USERNAME and SLUICE_GIT_PASSWORD (a token will do)", true
	case errors.Is(err, transport.ErrAuthorizationFailed):
		return "the server forbids it (403); give the account or token read access to the repository", true
	case errors.Is(err, transport.ErrRepositoryNotFound):
		return "there is no such repository (404), or the credentials do not reach it; check the url", true
	case errors.Is(err, errNotGit):
		return words.Quote(unwrapURL(err).Error()) + "; check that the url is the one that `git clone` takes", true
	case errors.Is(err, errPlainHTTP), strings.Contains(err.Error(), `changes scheme from "https" to "http"`): // the library's, which has no type
		return "the server redirects to plain http, which is not followed; give the https url", true
	case errors.As(err, &redirect):
		return "the server redirects to " + words.Quote(string(redirect)) + ", and a login is taken to no other server; if that is where the repository is now, give its url", true
	case errors.As(err, &status):
		code := status.StatusCode()
		return fmt.Sprintf("the server answered %d %s; try again later, and look at the server's log", code, http.StatusText(code)), true
	}
	return "", false
}

// explainProxy knows what goes wrong on the way through a proxy.
func explainProxy(err error, proxy string) (string, bool) {
	var answered proxyError
	var failed *net.OpError
	switch {
	case errors.As(err, &answered) && answered.status == http.StatusProxyAuthRequired:
		return "the proxy " + words.Quote(answered.host) + " wants a login (407); put user and password into HTTPS_PROXY, and leave proxy out", true
	case errors.As(err, &answered):
		return fmt.Sprintf("the proxy %s does not connect (%d %s); check that it may reach the server, or take the host out with NO_PROXY",
			words.Quote(answered.host), answered.status, http.StatusText(answered.status)), true
	case errors.As(err, &failed) && (failed.Op == "proxyconnect" || failed.Op == "socks connect"):
		u, perr := url.Parse(proxy)
		if perr != nil {
			return "", false
		}
		text, _ := explainNetwork(failed.Err, u.Host)
		if text == "" {
			text = "it does not answer"
		}
		return "the proxy " + words.Quote(u.Host) + " (of proxy or HTTPS_PROXY) cannot be reached: " + text, true
	}
	return "", false
}

// explainNetwork knows what goes wrong before a server answers.
func explainNetwork(err error, host string) (string, bool) {
	var (
		dns       *net.DNSError
		verify    *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
		record    tls.RecordHeaderError
		alert     tls.AlertError
	)
	host = words.Quote(host)
	switch {
	case errors.As(err, &dns):
		return "the host name " + host + " cannot be resolved; check it in the url, and the machine's DNS", true
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection to " + host + " was refused; check host and port, and that the server runs", true
	case errors.As(err, &authority):
		return "the certificate of " + host + " is signed by an unknown authority; set caFile to its CA certificate", true
	case errors.As(err, &verify):
		return "the certificate of " + host + " is not valid (" + words.Quote(verify.Err.Error()) + "); renew it, or check the host in the url", true
	case errors.As(err, &record), errors.As(err, &alert), errors.Is(err, http.ErrSchemeMismatch):
		return "TLS with " + host + " failed (" + words.Quote(unwrapURL(err).Error()) + "); check the port, and that the server speaks TLS 1.2 or later", true
	}
	return "", false
}

// unwrap goes through the library's error types that hide what they hold.
func unwrap(err error) error {
	for {
		var unexpected *plumbing.UnexpectedError
		var permanent *plumbing.PermanentError
		switch {
		case errors.As(err, &unexpected):
			err = unexpected.Err
		case errors.As(err, &permanent):
			err = permanent.Err
		default:
			return err
		}
	}
}

// unwrapURL drops the part of an error that quotes the URL.
func unwrapURL(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
