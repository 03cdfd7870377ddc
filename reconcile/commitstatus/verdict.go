package commitstatus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/outbox"
)

// verdict makes an error of how a call ended: nil, an [outbox.Later], or one that says
// what to do. err is the library's; its words are not used, since they may hold
// anything.
func (w *wire) verdict(err error, token string, h host) error {
	where := h.name
	switch {
	case w.code == 0 && err != nil:
		return &outbox.Later{Err: fmt.Errorf("%s cannot be reached (%s); check commitStatus.url and the network", where, cause(err))}
	case w.code == http.StatusOK || w.code == http.StatusCreated:
		if err != nil || w.long {
			return fmt.Errorf("%s answered %d with something else than a status; check that commitStatus.url is the base of its API", where, w.code)
		}
		return nil
	case h.already != nil && h.already(w.code, string(w.answer)):
		return nil
	}
	said := w.said(token)
	switch w.code {
	case http.StatusUnauthorized:
		return fmt.Errorf("%s does not know the token (401%s); it may have ended: put a new one into the place that commitStatus names", where, said)
	case http.StatusForbidden:
		if !w.limited() {
			return fmt.Errorf("%s does not let the token set statuses (403%s); %s", where, said, h.scope)
		}
	case http.StatusNotFound:
		return fmt.Errorf("%s has no repository %s that the token may see, or not this commit (404%s); check commitStatus.repository, and that %s", where, h.repository, said, h.scope)
	}
	if w.code >= 300 && w.code < 400 {
		return fmt.Errorf("%s redirects (%d), which is not followed with a token; put the address that it leads to into commitStatus.url or commitStatus.repository", where, w.code)
	}
	failed := fmt.Errorf("%s answered %d%s", where, w.code, said)
	if w.code >= 500 || w.code == http.StatusTooManyRequests || w.code == http.StatusForbidden || w.code == http.StatusConflict || w.code == http.StatusRequestTimeout {
		return &outbox.Later{Err: failed, After: w.after(time.Now())}
	}
	return failed
}

// limited tells GitHub's 403 for too many requests from one for a token that may not.
func (w *wire) limited() bool {
	return w.header.Get("Retry-After") != "" || w.header.Get("X-RateLimit-Remaining") == "0"
}

// after is how long the host asks to wait: Retry-After in seconds or as a date, or
// GitHub's and GitLab's time at which requests are allowed again.
func (w *wire) after(now time.Time) time.Duration {
	text := w.header.Get("Retry-After")
	if n, err := strconv.ParseUint(text, 10, 24); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	if w.header.Get("X-RateLimit-Remaining") == "0" {
		if at, err := strconv.ParseInt(w.header.Get("X-RateLimit-Reset"), 10, 64); err == nil {
			return max(0, time.Unix(at, 0).Sub(now))
		}
	}
	return 0
}

// said is what the answer gives as its reason, cleaned, or nothing.
func (w *wire) said(token string) string {
	var body struct {
		Message any `json:"message"`
		Error   any `json:"error"`
	}
	if json.Unmarshal(w.answer, &body) != nil {
		return ""
	}
	for _, field := range []any{body.Message, body.Error} {
		text, ok := field.(string)
		if !ok {
			continue
		}
		for _, secret := range []string{token, url.QueryEscape(token), url.PathEscape(token)} {
			text = strings.ReplaceAll(text, secret, "***")
		}
		return ": " + clean(text, 200)
	}
	return ""
}

// cause is why there was no answer, in the words of what is below HTTP.
func cause(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	for at := (*url.Error)(nil); errors.As(err, &at); {
		err = at.Err
	}
	return clean(err.Error(), 200)
}
