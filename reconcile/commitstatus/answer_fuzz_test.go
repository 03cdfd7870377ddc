package commitstatus

import (
	"net/http"
	"strings"
	"testing"
	"unicode"
)

// FuzzAnswer: what a Git host gives as its reason is told in one short line without the token.
func FuzzAnswer(f *testing.F) {
	const token = "canary-token/+"
	f.Add(403, []byte(`{"message": "Bad credentials canary-token/+ canary-token%2F%2B"}`))
	f.Add(404, []byte(`{"error": ["a"]}`))
	f.Add(201, []byte(`<html>`))
	f.Add(500, []byte("{\"message\": \"\u202e\\u0000\"}"))
	f.Fuzz(func(t *testing.T, code int, body []byte) {
		w := &wire{code: code, answer: body, header: http.Header{}}
		err := w.verdict(nil, token, host{name: "the host", repository: "net/addresses", scope: "check the token's scope"})
		if err == nil {
			if code != http.StatusOK && code != http.StatusCreated {
				t.Errorf("%d is a success", code)
			}
			return
		}
		if text := err.Error(); len(text) > 1000 || strings.Contains(text, token) || strings.ContainsFunc(text, unicode.IsControl) {
			t.Errorf("%q", text)
		}
	})
}
