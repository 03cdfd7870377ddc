package webhook

import (
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// outcome is what became of a request: the name in the metrics, and the answer.
// Answers to strangers do not say which part of a signature was wrong.
type outcome struct {
	name   string
	status int
	words  string
	err    error // for the log only
}

// The outcomes. Read only.
var (
	accepted    = outcome{name: "accepted", status: http.StatusOK, words: "ok"}
	replayed    = outcome{name: "replayed", status: http.StatusOK, words: "seen already"}
	refused     = outcome{name: "refused", status: http.StatusUnauthorized, words: "the signature is missing or wrong"}
	stale       = outcome{name: "stale", status: http.StatusUnauthorized, words: "the timestamp is missing, or more than 5 minutes from this clock"}
	wrongMethod = outcome{name: "refused", status: http.StatusMethodNotAllowed, words: "webhooks are sent with POST"}
	tooLarge    = outcome{name: "too_large", status: http.StatusRequestEntityTooLarge, words: "the body has more than 25 MiB"}
	tooSlow     = outcome{name: "incomplete", status: http.StatusRequestTimeout, words: "the body did not come within 10 seconds"}
	incomplete  = outcome{name: "incomplete", status: http.StatusBadRequest, words: "the body ended early, or is malformed"}
	tooBusy     = outcome{name: "busy", status: http.StatusServiceUnavailable, words: "too many webhooks at once"}
	unavailable = outcome{name: "unavailable", status: http.StatusServiceUnavailable, words: "the secret cannot be read; see sluice's log"}
)

// Outcomes are the names that Config.Count is told.
func Outcomes() []string {
	return []string{accepted.name, replayed.name, refused.name, stale.name, tooLarge.name, incomplete.name, tooBusy.name, unavailable.name}
}

// quiet is how long the log says nothing more of what one provider's hook is
// refused for: strangers send what they like, and an operator needs one line.
const quiet = time.Minute

type quietLog struct {
	log  *slog.Logger
	mu   sync.Mutex
	last map[string]time.Time // by the words
}

func (q *quietLog) refused(now time.Time, o outcome) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if at, told := q.last[o.words]; told && now.Sub(at) < quiet {
		return
	}
	if q.last == nil {
		q.last = map[string]time.Time{}
	}
	q.last[o.words] = now
	if o.err != nil {
		q.log.Error("webhook refused", "reason", o.words, "error", o.err)
		return
	}
	q.log.Warn("webhook refused", "reason", o.words)
}
