package post

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// After is how long a server asks to wait: Retry-After in seconds or as a date, or the
// time of GitHub and GitLab at which requests are allowed again.
func After(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if n, err := strconv.ParseUint(text, 10, 24); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	if h.Get("X-RateLimit-Remaining") == "0" {
		if at, err := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64); err == nil {
			return max(0, time.Unix(at, 0).Sub(now))
		}
	}
	return 0
}

// Cause is why there was no answer, in the words of what is below HTTP.
func Cause(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	for at := (*url.Error)(nil); errors.As(err, &at); {
		err = at.Err // without the URL
	}
	return Clean(err.Error(), 200)
}

// Clean makes one line of a text: spaces for what does not print, no character beyond
// the basic plane, and no more than so many.
func Clean(text string, most int) string {
	runes := []rune(strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case r > 0xffff:
			return '?'
		case !unicode.IsPrint(r):
			return ' '
		}
		return r
	}, text)), " "))
	if len(runes) > most {
		runes = append(runes[:most-1], '…')
	}
	return string(runes)
}
