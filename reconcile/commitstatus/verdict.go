package commitstatus

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/outbox"
	"github.com/seed-6ca89210/sluice/reconcile/post"
)

// verdict makes an error of how a call ended: nil, an [outbox.Later], or one that says
// what to do. err is the library's; its words are not used, since they may hold
// anything.
func (w *wire) verdict(err error, token string, h host) error {
	where := h.name
	switch {
	case w.code == 0 && err != nil:
		return &outbox.Later{Err: fmt.Errorf("%s cannot be reached (%s); check commitStatus.url and the network", where, post.Cause(err))}
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
		return &outbox.Later{Err: failed, After: post.After(w.header, time.Now())}
	}
	return failed
}

// limited tells GitHub's 403 for too many requests from one for a token that may not.
func (w *wire) limited() bool {
	return w.header.Get("Retry-After") != "" || w.header.Get("X-RateLimit-Remaining") == "0"
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
		return ": " + post.Clean(text, 200)
	}
	return ""
}
