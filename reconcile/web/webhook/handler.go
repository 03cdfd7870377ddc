package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"time"
)

// The bounds of one request.
const (
	maxBody  = 25 << 20         // bytes: what GitHub sends at most
	readTime = 10 * time.Second // for the whole body
	maxBusy  = 64               // requests of one provider whose bodies are read at once
)

// Config is what handlers are made of.
type Config struct {
	// Secrets gives the secrets of each provider that is to exist, as text, one a
	// line. It is asked anew for every request, so that a secret may be replaced.
	Secrets map[string]func() (string, error)
	// Hint is told that Git may have something new. It must not block.
	Hint func()
	// Count is told of every request and its outcome; may be nil.
	Count func(provider, outcome string)
	Log   *slog.Logger // required, as is Now
	Now   func() time.Time
}

// Providers are those that there are, sorted.
func Providers() []string { return slices.Sorted(maps.Keys(schemes)) }

// Handlers returns the handler of each provider that has secrets, by its path. The
// error names the provider whose secrets cannot be used, and never quotes them.
func Handlers(cfg Config) (map[string]http.Handler, error) {
	list := map[string]http.Handler{}
	for _, provider := range slices.Sorted(maps.Keys(cfg.Secrets)) {
		read, known := schemes[provider]
		if !known {
			return nil, fmt.Errorf("%s: no such provider of webhooks", provider)
		}
		e := &endpoint{
			provider: provider, read: read, text: cfg.Secrets[provider], hint: cfg.Hint, count: cfg.Count, now: cfg.Now,
			log: &quietLog{log: cfg.Log.With("provider", provider)}, busy: make(chan struct{}, maxBusy),
		}
		if _, err := e.secrets(); err != nil {
			return nil, fmt.Errorf("%s: %w", provider, err)
		}
		list["/webhook/"+provider] = e
	}
	return list, nil
}

// endpoint answers one provider.
type endpoint struct {
	provider string
	read     reader
	text     func() (string, error)
	hint     func()
	count    func(provider, outcome string)
	now      func() time.Time
	log      *quietLog
	seen     seen
	busy     chan struct{}
}

func (e *endpoint) secrets() (secrets, error) {
	text, err := e.text()
	if err != nil {
		return secrets{}, err
	}
	return parseSecrets(e.provider, text)
}

// ServeHTTP is part of http.Handler.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case e.busy <- struct{}{}:
		defer func() { <-e.busy }()
	default:
		e.answer(w, tooBusy)
		return
	}
	// A recorder in a test has no deadlines; a server's connection always does.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(readTime))
	e.answer(w, e.receive(w, r))
}

func (e *endpoint) answer(w http.ResponseWriter, o outcome) {
	if e.count != nil {
		e.count(e.provider, o.name)
	}
	if o.status >= 400 {
		e.log.refused(e.now(), o)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if o.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
	}
	w.WriteHeader(o.status)
	_, _ = io.WriteString(w, o.words+"\n") // a client that went away is no error of ours
}

// receive verifies one delivery and passes the hint on. What can be refused by its
// headers is refused before its body is read.
func (e *endpoint) receive(w http.ResponseWriter, r *http.Request) outcome {
	if r.Method != http.MethodPost {
		return wrongMethod
	}
	s, err := e.secrets()
	if err != nil {
		o := unavailable
		o.err = err
		return o
	}
	c := e.read(r.Header, s)
	switch {
	case c == nil, c.token != "" && !equalToAny(c.token, s.tokens):
		return refused
	case !c.fresh(e.now()):
		return stale
	case r.ContentLength > maxBody:
		return tooLarge
	}
	sums, err := digest(s.keys, c.prefix(), http.MaxBytesReader(w, r.Body, maxBody))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return tooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return tooSlow
	case err != nil:
		return incomplete
	}
	var names []string
	if c.token == "" {
		mac := c.matching(sums)
		if mac == nil {
			return refused
		}
		if !c.signed { // an id that nobody signed can be another one in a replay
			names = append(names, "mac "+string(mac))
		}
	}
	if c.id != "" {
		names = append(names, "id "+c.id)
	}
	if !e.seen.first(e.now(), names...) {
		return replayed
	}
	e.hint()
	return accepted
}

// digest reads body to its end and returns its HMAC by each key, prefix before it.
func digest(keys [][]byte, prefix string, body io.Reader) ([][]byte, error) {
	var macs []hash.Hash
	var all []io.Writer
	for _, key := range keys {
		mac := hmac.New(sha256.New, key)
		macs, all = append(macs, mac), append(all, mac)
	}
	w := io.MultiWriter(all...)
	_, _ = io.WriteString(w, prefix) // a hash takes everything
	if _, err := io.Copy(w, body); err != nil {
		return nil, err
	}
	var sums [][]byte
	for _, mac := range macs {
		sums = append(sums, mac.Sum(nil))
	}
	return sums, nil
}
