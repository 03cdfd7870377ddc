package ec2sim

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strings"
)

// about is the front page.
const about = `This is the EC2 simulator of sluice. It is not AWS, and it changes nothing but its own memory.

POST /                the EC2 query protocol; try: aws --endpoint-url http://HOST:PORT ec2 describe-nat-gateways
GET  /_sluice/world   the state as it is now, JSON
GET  /_sluice/calls   the call log, one JSON object a line
GET  /_sluice/faults  the armed faults, and how often each kind has fired, JSON
POST /_sluice/faults  arm a fault: {"kind": "throttle", "action": "*", "times": 3}
DELETE /_sluice/faults  clear all faults
`

// own serves the pages that EC2 does not have. It reports false for a request
// that is meant for EC2.
func (s *Server) own(r *http.Request, body []byte) (response, bool) {
	page, ok := strings.CutPrefix(r.URL.Path, "/_sluice/")
	if !ok {
		frontPage := r.Method == http.MethodGet && r.URL.Path == "/" && r.URL.RawQuery == ""
		return plain(http.StatusOK, about), frontPage
	}
	switch r.Method + " " + page {
	case "GET world":
		return asJSON(http.StatusOK, s.World()), true
	case "GET calls":
		return s.callLines(), true
	case "GET faults":
		return asJSON(http.StatusOK, map[string]any{"armed": s.World().Faults, "fired": s.Fired()}), true
	case "POST faults":
		return s.postFault(r, body), true
	case "DELETE faults":
		s.Edit(func(w *World) { w.Faults = nil })
		return plain(http.StatusOK, "all faults are cleared\n"), true
	}
	return plain(http.StatusNotFound, "no such page; GET / says what there is\n"), true
}

// callLines writes the call log, a JSON object a line.
func (s *Server) callLines() response {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	for _, c := range s.Calls() {
		if err := enc.Encode(c); err != nil {
			return plain(http.StatusInternalServerError, err.Error()+"\n")
		}
	}
	return response{status: http.StatusOK, contentType: "application/x-ndjson", body: buf.Bytes()}
}

// postFault insists on JSON's own content type, which no web page can send to
// another site without asking first.
func (s *Server) postFault(r *http.Request, body []byte) response {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return plain(http.StatusUnsupportedMediaType, "send the fault as application/json\n")
	}
	var f Fault
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return plain(http.StatusBadRequest, "the fault is no JSON object of the right form: "+err.Error()+"\n")
	}
	if _, err := dec.Token(); err != io.EOF {
		return plain(http.StatusBadRequest, "something follows the fault's JSON object; send one fault a request\n")
	}
	if err := s.Inject(f); err != nil {
		return plain(http.StatusBadRequest, err.Error()+"\n")
	}
	return asJSON(http.StatusCreated, f)
}

// plain is an answer for people.
func plain(status int, text string) response {
	return response{status: status, contentType: "text/plain; charset=utf-8", body: []byte(text)}
}

// asJSON is an answer for programs.
func asJSON(status int, v any) response {
	body, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return plain(http.StatusInternalServerError, err.Error()+"\n")
	}
	return response{status: status, contentType: "application/json", body: append(body, '\n')}
}
