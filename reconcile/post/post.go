package post

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/outbox"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 10

// Letter is one request.
type Letter struct {
	URL         string // https; http where nothing secret goes along, or on loopback
	ContentType string
	Token       string      // a bearer token; may be empty
	Header      http.Header // beside the usual ones, which win; taken for secret
	Body        []byte
	CAFile      string // PEM, beside the system's authorities
	Proxy       string // a URL; when empty HTTPS_PROXY and NO_PROXY count
	Secret      bool   // the URL is a secret beyond its host
	Setting     string // of the configuration, where to look when there is trouble
}

// Answer is what a server said when it took a letter.
type Answer struct {
	Code int    // the HTTP status
	Body []byte // its beginning, at most 64 KiB
}

// Send posts a letter. The error is a sentence that names the host and the setting, and
// an [outbox.Later] where another attempt may do.
func Send(ctx context.Context, l Letter) (Answer, error) {
	u, err := CheckURL(l.URL, l.Secret || l.Token != "" || len(l.Header) > 0)
	if err != nil {
		return Answer{}, fmt.Errorf("%s: %w", l.Setting, err)
	}
	transport, err := Transport(l.CAFile, l.Proxy)
	if err != nil {
		return Answer{}, fmt.Errorf("%s: %w", l.Setting, err)
	}
	defer transport.CloseIdleConnections()
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(l.Body))
	if err != nil {
		return Answer{}, fmt.Errorf("%s: the address cannot be used", l.Setting)
	}
	if l.Header != nil {
		q.Header = l.Header.Clone()
	}
	q.Header.Set("Content-Type", l.ContentType)
	q.Header.Set("User-Agent", "sluice")
	if l.Token != "" {
		q.Header.Set("Authorization", "Bearer "+l.Token)
	}
	resp, err := (&http.Client{Transport: transport, CheckRedirect: Stay}).Do(q)
	if err != nil {
		return Answer{}, &outbox.Later{Err: fmt.Errorf("%s cannot be reached (%s); check %s and the network", u.Host, Cause(err), l.Setting)}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return Answer{}, &outbox.Later{Err: fmt.Errorf("%s broke off its answer (%s)", u.Host, Cause(err))}
	}
	a := Answer{resp.StatusCode, body}
	return a, l.verdict(u.Host, u.Path, a, resp.Header)
}

// again are the answers after which another attempt may do, beside 5xx.
var again = []int{http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests}

// mask hides what is secret of a letter in what was answered to it.
func (l Letter) mask(text, path string) string {
	secrets := []string{l.Token}
	for _, values := range l.Header {
		for _, v := range values {
			secrets = append(secrets, v)
			secrets = append(secrets, strings.Fields(v)...) // Bearer, and what is behind it
		}
	}
	if l.Secret {
		secrets = append(secrets, l.URL, path)
		secrets = append(secrets, strings.Split(path, "/")...)
		if u, err := url.Parse(l.URL); err == nil {
			secrets = append(secrets, u.RawQuery)
			secrets = append(secrets, strings.FieldsFunc(u.RawQuery, func(r rune) bool { return r == '&' || r == '=' })...)
			for _, values := range u.Query() {
				secrets = append(secrets, values...)
			}
		}
	}
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) }) // one may hold another
	for _, s := range secrets {
		if len(s) >= 6 { // shorter ones are words
			text = strings.ReplaceAll(text, s, "***")
		}
	}
	return text
}

// verdict makes an error of an answer that is no success.
func (l Letter) verdict(host, path string, a Answer, h http.Header) error {
	said := ""
	if text := string(a.Body); text != "" && !strings.HasPrefix(strings.TrimSpace(text), "<") {
		said = ": " + Clean(l.mask(text, path), 120)
	}
	switch {
	case a.Code/100 == 2:
		return nil
	case a.Code/100 == 3:
		return fmt.Errorf("%s redirects (%d), which is not followed; put the address that it leads to where %s says", host, a.Code, l.Setting)
	case a.Code >= 500 || slices.Contains(again, a.Code):
		return &outbox.Later{Err: fmt.Errorf("%s answered %d%s", host, a.Code, said), After: After(h, time.Now())}
	}
	return fmt.Errorf("%s refused it (%d%s); check %s", host, a.Code, said, l.Setting)
}
