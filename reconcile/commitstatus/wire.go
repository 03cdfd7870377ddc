package commitstatus

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	"github.com/seed-6ca89210/sluice/reconcile/post"
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
	transport, err := post.Transport(s.cfg.CAFile, s.cfg.Proxy)
	if err != nil {
		return nil, err
	}
	return &wire{host: s.host.name, transport: transport}, nil
}

func (w *wire) close() { w.transport.CloseIdleConnections() }

// plain is a client without the wire's own rules, for services that give tokens.
func (w *wire) plain() *http.Client {
	return &http.Client{Transport: w.transport, CheckRedirect: post.Stay}
}

func (w *wire) client() *http.Client { return &http.Client{Transport: w, CheckRedirect: post.Stay} }

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
