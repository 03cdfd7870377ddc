package gitsource

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"syscall"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
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
	switch {
	case errors.Is(err, ErrLimit):
		return err // made by this package, with the place in it
	case b.spent():
		return failf(ErrLimit, r.addr.shown, "the server sent more than %d bytes; use a smaller repository, or raise limits.transfer", b.limit)
	case errors.As(err, &said):
		return fail("%s", said)
	case errors.Is(err, transport.ErrEmptyRemoteRepository):
		return emptyRepository(r.addr.shown)
	}
	if text, ok := explainHTTP(err, r.user != ""); ok {
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
	return clean(err.Error(), r.pass, url.PathEscape(r.pass), url.QueryEscape(r.pass),
		r.addr.pass, r.userSecret(), url.PathEscape(r.userSecret()))
}

// userSecret is the user name where it may be a token.
func (r *remote) userSecret() string {
	if r.addr.scheme == "ssh" || r.user == "git" {
		return ""
	}
	return r.user
}

// explainHTTP knows the answers of web servers.
func explainHTTP(err error, loggedIn bool) (string, bool) {
	var status *githttp.Err
	switch {
	case errors.Is(err, transport.ErrAuthenticationRequired) && loggedIn:
		return "the server refused the username and password (401); check that they are right and not expired", true
	case errors.Is(err, transport.ErrAuthenticationRequired):
		return "the server wants a login (401), or the repository does not exist; set SLUICE_GIT_USERNAME and SLUICE_GIT_PASSWORD (a token will do)", true
	case errors.Is(err, transport.ErrAuthorizationFailed):
		return "the server forbids it (403); give the account or token read access to the repository", true
	case errors.Is(err, transport.ErrRepositoryNotFound):
		return "there is no such repository (404), or the credentials do not reach it; check the url", true
	case errors.Is(err, errNotGit):
		return clean(unwrapURL(err).Error()) + "; check that the url is the one that `git clone` takes", true
	case errors.Is(err, errPlainHTTP):
		return "the server redirects to plain http, which is not followed; give the https url", true
	case errors.As(err, &status):
		code := status.StatusCode()
		return fmt.Sprintf("the server answered %d %s; try again later, and look at the server's log", code, http.StatusText(code)), true
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
	host = clean(host)
	switch {
	case errors.As(err, &dns):
		return "the host name " + host + " cannot be resolved; check it in the url, and the machine's DNS", true
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection to " + host + " was refused; check host and port, and that the server runs", true
	case errors.As(err, &authority):
		return "the certificate of " + host + " is signed by an unknown authority; set caFile to its CA certificate", true
	case errors.As(err, &verify):
		return "the certificate of " + host + " is not valid (" + clean(verify.Err.Error()) + "); renew it, or check the host in the url", true
	case errors.As(err, &record), errors.As(err, &alert), errors.Is(err, http.ErrSchemeMismatch):
		return "TLS with " + host + " failed (" + clean(unwrapURL(err).Error()) + "); check the port, and that the server speaks TLS 1.2 or later", true
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
