package webhook

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func FuzzGitHub(f *testing.F)    { fuzz(f, "github") }
func FuzzGitLab(f *testing.F)    { fuzz(f, "gitlab") }
func FuzzGitea(f *testing.F)     { fuzz(f, "gitea") }
func FuzzBitbucket(f *testing.F) { fuzz(f, "bitbucket") }
func FuzzGeneric(f *testing.F)   { fuzz(f, "generic") }

// fuzz sends what a stranger could, under a clock that any timestamp is near to.
// The stranger does not know the secret, so that every delivery must be refused; the
// host does, so that the same body must be taken when it has signed it.
func fuzz(f *testing.F, provider string) {
	good := signed(provider, "d1", `{"ref":"refs/heads/main"}`, now)
	signature := good.header[signatureHeader[provider][0]]
	f.Add(signature, "d1", now.Unix(), good.body)
	f.Add(strings.ToUpper(signature), "", int64(-1), "")
	f.Add(signature+" "+signature, "a.1", int64(1)<<40, "1.x")
	f.Add("", strings.Repeat("d", 5000), int64(0), "\x00")
	f.Fuzz(func(t *testing.T, mac, id string, seconds int64, body string) {
		s := newStage(t, provider)
		s.now = time.Unix(seconds, 0)
		s.text[provider] = "what no stranger knows"
		if provider == "gitlab" {
			s.text[provider] += "\nwhsec_d2hhdCBubyBzdHJhbmdlciBrbm93cw=="
		}
		forged := signed(provider, id, body, s.now)
		forged.header[signatureHeader[provider][0]] = mac
		forged.header["X-Gitlab-Token"], forged.header["Idempotency-Key"] = mac, id
		start := time.Now()
		for _, d := range []delivery{forged, forged.with("webhook-signature", "")} {
			r := &http.Request{Method: http.MethodPost, Header: http.Header{}, Body: httptest.NewRequest("POST", "/", strings.NewReader(d.body)).Body}
			for name, value := range d.header {
				r.Header.Set(name, value)
			}
			r.URL = httptest.NewRequest("POST", "/webhook/"+provider, nil).URL
			w := httptest.NewRecorder()
			if s.ServeHTTP(w, r); w.Code != http.StatusUnauthorized || s.hints != 0 {
				t.Errorf("%d for what nobody signed", w.Code)
			}
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("took %s", took)
		}

		s = newStage(t, provider)
		s.now = now
		if code, words := s.send(t, signed(provider, "d1", body, now)); code != http.StatusOK {
			t.Errorf("%d %s for what the host signed", code, words)
		}
	})
}
