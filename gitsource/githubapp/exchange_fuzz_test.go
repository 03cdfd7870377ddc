package githubapp

import (
	"strings"
	"testing"
	"time"
)

// FuzzAnswer: a token is one printable word that is still good, or there is none, and no error
// quotes what was answered.
func FuzzAnswer(f *testing.F) {
	f.Add(`{"token": "ghs_` + canary + `", "expires_at": "2026-11-22T11:00:00Z"}`)
	f.Add(`{"token": "a b", "expires_at": "2026-11-22T11:00:00Z"}`)
	f.Add(`{"token": "ghs_` + canary + `", "expires_at": "2001-01-01T00:00:00Z"}`)
	f.Add(`[]`)
	a := &App{url: "https://api.github.example.com", cfg: Config{Now: func() time.Time { return start }}}
	f.Fuzz(func(t *testing.T, body string) {
		token, until, err := a.read(strings.NewReader(body))
		switch {
		case err == nil && (token == "" || strings.ContainsAny(token, " \r\n\x00") || !until.After(start)):
			t.Errorf("%q until %s", token, until)
		case err != nil && strings.Contains(err.Error(), canary):
			t.Error(err)
		}
	})
}
