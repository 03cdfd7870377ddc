package ec2sim

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// bodyLimit is the largest request body, in bytes.
const bodyLimit = 1 << 20

// response is an answer before it is put on a connection.
type response struct {
	status      int
	contentType string
	body        []byte
	requestID   string
	date        time.Time // by EC2's clock; zero: the server's own
}

// errLost is the answer that never comes. It wraps io.EOF, which is what a client
// sees when the server closes the connection.
var errLost = fmt.Errorf("ec2sim: the connection was closed without an answer: %w", io.EOF)

// ServeHTTP serves the EC2 query protocol on / and the simulator's own pages
// under /_sluice/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	resp, err := s.respond(r)
	if err != nil {
		// net/http's way to close a connection without an answer.
		panic(http.ErrAbortHandler)
	}
	for key, values := range resp.header() {
		w.Header()[key] = values
	}
	w.WriteHeader(resp.status)
	// Nobody is left to be told when the client has gone.
	_, _ = w.Write(resp.body)
}

// Transport returns a way to the simulator without sockets. It serves the request
// on the caller's goroutine, honours its context, and works in a synctest bubble.
func (s *Server) Transport() http.RoundTripper { return transport{s} }

// transport is the socketless road. It is a type of its own so that a Server
// offers no RoundTrip beside ServeHTTP.
type transport struct{ server *Server }

// RoundTrip serves a request as ServeHTTP does. What closes a connection there is an
// error here.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	resp, err := t.server.respond(r)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status:        strconv.Itoa(resp.status) + " " + http.StatusText(resp.status),
		StatusCode:    resp.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        resp.header(),
		Body:          io.NopCloser(bytes.NewReader(resp.body)),
		ContentLength: int64(len(resp.body)),
		Request:       r,
	}, nil
}

// header returns the headers of either road.
func (r response) header() http.Header {
	h := http.Header{"Content-Type": {r.contentType}, "X-Content-Type-Options": {"nosniff"},
		"Content-Length": {strconv.Itoa(len(r.body))}}
	if r.requestID != "" {
		h.Set("X-Amzn-Requestid", r.requestID)
	}
	if !r.date.IsZero() {
		h.Set("Date", r.date.UTC().Format(http.TimeFormat))
	}
	return h
}

// respond answers a request of either road. An error means that the connection
// ends without an answer.
func (s *Server) respond(r *http.Request) (response, error) {
	body, err := readBody(r)
	if err != nil && !errors.Is(err, errTooLarge) {
		return response{}, err
	}
	if err == nil {
		if resp, ok := s.own(r, body); ok {
			return resp, nil
		}
		if resp, ok := s.lookupEvents(r, body); ok {
			return resp, nil
		}
	}
	in := parseRequest(r, body)
	if err != nil {
		in.problem = &failure{status: http.StatusRequestEntityTooLarge, code: codeInvalidValue, message: err.Error()}
	}
	// The lock is not held while a slow answer waits: the effect is there at once.
	out := s.serve(in)
	if err := wait(r, out.delay); err != nil {
		return response{}, err
	}
	if out.lost {
		return response{}, errLost
	}
	return s.render(in.values.Get("Action"), out), nil
}

var errTooLarge = errors.New("the request body is larger than 1 MiB")

// readBody reads the body up to the limit. A client's own request may have none.
func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, bodyLimit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the request body: %w", err)
	case len(body) > bodyLimit:
		return nil, errTooLarge
	}
	return body, nil
}

// wait lets a slow answer wait, but not longer than the client does.
func wait(r *http.Request, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-r.Context().Done():
		return r.Context().Err()
	}
}
