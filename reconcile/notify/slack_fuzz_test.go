package notify

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"unicode"
)

// FuzzSlackAnswer: whatever answers as Slack's API, a call ends with what it says or with one
// line without the token.
func FuzzSlackAnswer(f *testing.F) {
	f.Add(`{"ok": true, "channel": "C1", "ts": "1.2"}`)
	f.Add(`{"ok": false, "error": "invalid_auth canary-slack"}`)
	f.Add(`{"ok": "yes"}`)
	f.Add(strings.Repeat("[", 10_000))
	var body atomic.Pointer[string]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(*body.Load())) }))
	f.Cleanup(server.Close)
	f.Fuzz(func(t *testing.T, text string) {
		body.Store(&text)
		b := &bot{SlackBot: SlackBot{Token: func() (string, error) { return "canary-slack", nil }, Channel: "C1", API: server.URL}, setting: "notify[0].slack"}
		a, err := b.call(t.Context(), "chat.postMessage", map[string]any{"text": "x"})
		switch {
		case err == nil && !a.OK:
			t.Errorf("%q is a success", text)
		case err != nil && (strings.Contains(err.Error(), "canary-slack") || len(err.Error()) > 1000 || strings.ContainsFunc(err.Error(), unicode.IsControl)):
			t.Errorf("%q", err)
		}
	})
}
