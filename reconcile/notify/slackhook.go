package notify

import (
	"context"
	"encoding/json"

	"github.com/seed-6ca89210/sluice/reconcile/outbox"
	"github.com/seed-6ca89210/sluice/reconcile/post"
)

// SlackHook is an incoming webhook, of Slack or of what takes the same: {"text": …}.
type SlackHook struct {
	URL    func() (string, error) // a secret; asked before each message
	CAFile string                 // PEM, beside the system's authorities
	Proxy  string                 // a URL; when empty HTTPS_PROXY and NO_PROXY count
}

type hook struct {
	SlackHook
	setting string
}

func (h *hook) edits() bool  { return false }
func (h *hook) kind() string { return "slack" }

func (h *hook) send(ctx context.Context, _ Episode, n notice) error {
	url, err := h.URL()
	if err != nil {
		return &outbox.Later{Err: err}
	}
	body, err := json.Marshal(map[string]any{"text": n.Text, "unfurl_links": false, "unfurl_media": false})
	if err != nil {
		return err
	}
	_, err = post.Send(ctx, post.Letter{URL: url, Secret: true, ContentType: "application/json", Body: body, CAFile: h.CAFile, Proxy: h.Proxy, Setting: h.setting})
	return err
}
