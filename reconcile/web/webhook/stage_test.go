package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)

// The secrets of every stage. GitLab's has both forms.
const (
	secret      = "It's a Secret to Everybody" // of the hosts' own examples
	token       = "a token of GitLab's"
	signingText = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" // of Standard Webhooks' own example
)

// stage is all providers on one mux, with a clock that stands still.
type stage struct {
	http.Handler
	mu      sync.Mutex
	text    map[string]string // the secrets, which a test may change
	now     time.Time
	hints   int
	counted map[string]int // "provider outcome"
	log     strings.Builder
}

func newStage(t testing.TB, providers ...string) *stage {
	t.Helper()
	s := &stage{now: now, counted: map[string]int{}, text: map[string]string{}}
	sources := map[string]func() (string, error){}
	for _, p := range providers {
		s.text[p] = secret + "\n"
		if p == "gitlab" {
			s.text[p] = token + "\n" + signingText + "\n"
		}
		sources[p] = func() (string, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.text[p], nil
		}
	}
	handlers, err := Handlers(Config{
		Secrets: sources, Now: func() time.Time { return s.now }, Log: slog.New(slog.NewTextHandler(&s.log, nil)),
		Hint: func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.hints++
		},
		Count: func(provider, outcome string) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.counted[provider+" "+outcome]++
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for path, h := range handlers {
		mux.Handle(path, h)
	}
	s.Handler = mux
	return s
}

// delivery is a request to be.
type delivery struct {
	provider string
	header   map[string]string
	body     string
}

// with returns the delivery with other headers; an empty one is left out.
func (d delivery) with(name, value string) delivery {
	header := map[string]string{}
	for k, v := range d.header {
		header[k] = v
	}
	if header[name] = value; value == "" {
		delete(header, name)
	}
	d.header = header
	return d
}

func (d delivery) saying(body string) delivery {
	d.body = body
	return d
}

// send returns the status and the text of the answer.
func (s *stage) send(t testing.TB, d delivery) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/webhook/"+d.provider, strings.NewReader(d.body))
	for k, v := range d.header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func sum(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// signed is a delivery as its host would make it, written from the host's own
// documentation and not from the code under test.
func signed(provider, id, body string, at time.Time) delivery {
	digits := hex.EncodeToString(sum([]byte(secret), body))
	seconds := strconv.FormatInt(at.Unix(), 10)
	var header map[string]string
	switch provider {
	case "github":
		header = map[string]string{"X-Hub-Signature-256": "sha256=" + digits, "X-GitHub-Delivery": id, "X-GitHub-Event": "push"}
	case "gitea":
		header = map[string]string{"X-Gitea-Signature": digits, "X-Gitea-Delivery": id}
	case "bitbucket":
		header = map[string]string{"X-Hub-Signature": "sha256=" + digits, "X-Request-UUID": id}
	case "gitlab":
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(signingText, "whsec_"))
		if err != nil {
			panic(err)
		}
		header = map[string]string{"webhook-id": id, "webhook-timestamp": seconds,
			"webhook-signature": "v1," + base64.StdEncoding.EncodeToString(sum(key, id+"."+seconds+"."+body))}
	case "generic":
		header = map[string]string{"X-Sluice-Delivery": id, "X-Sluice-Timestamp": seconds,
			"X-Sluice-Signature": "sha256=" + hex.EncodeToString(sum([]byte(secret), id+"."+seconds+"."+body))}
	}
	return delivery{provider, header, body}
}
