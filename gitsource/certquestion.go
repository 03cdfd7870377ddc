package gitsource

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/seed-6ca89210/sluice/gitsource/words"
)

// certError is a server that wants another client certificate than it was shown. Its
// text is a whole sentence.
type certError string

func (e certError) Error() string { return string(e) }

// certQuestion answers a server that asks for a client certificate, and remembers
// what it answered: nginx then refuses with 400, others with an alert, and neither
// says what to do.
type certQuestion struct {
	held  []tls.Certificate
	asked atomic.Bool
	shown atomic.Bool
}

// answer shows the certificate, if it is one that the server can use. Without one
// the server decides, as the standard library has it.
func (q *certQuestion) answer(request *tls.CertificateRequestInfo) (*tls.Certificate, error) {
	q.asked.Store(true)
	for i := range q.held {
		if request.SupportsCertificate(&q.held[i]) == nil {
			q.shown.Store(true)
			return &q.held[i], nil
		}
	}
	return new(tls.Certificate), nil
}

// failed explains an error of the connection, if it is a server's answer to what it
// was shown.
func (q *certQuestion) failed(err error) error {
	var alert *net.OpError
	if !q.asked.Load() || !errors.As(err, &alert) || alert.Op != "remote error" {
		return err
	}
	return q.refused(words.Quote(alert.Err.Error()))
}

// judge says what a status means after the question; nil: nothing of its own.
func (q *certQuestion) judge(status int) error {
	if !q.asked.Load() || status != http.StatusBadRequest {
		return nil
	}
	return q.refused("400")
}

func (q *certQuestion) refused(why string) error {
	text := "the server wants a client certificate (%s); set clientCert, its certFile and keyFile"
	switch {
	case q.shown.Load():
		text = "the server refused the client certificate (%s); check that it is registered there and not expired"
	case len(q.held) > 0:
		text = "the server takes no client certificate of the authority of clientCert (%s); set it to one of an authority that the server trusts"
	}
	return certError(fmt.Sprintf(text, why))
}
