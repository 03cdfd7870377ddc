package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-6ca89210/sluice/reconcile/outbox"
	"github.com/seed-6ca89210/sluice/reconcile/post"
)

// SlackBot speaks by Slack's Web API: chat:write is the scope of its token.
type SlackBot struct {
	API     string                 // the base of the methods; empty: https://slack.com/api
	Channel string                 // an id, or a name
	Token   func() (string, error) // asked before each message
	CAFile  string                 // PEM, beside the system's authorities
	Proxy   string                 // a URL; when empty HTTPS_PROXY and NO_PROXY count
}

// mostMessages bounds what is remembered of messages.
const mostMessages = 256

// message is where an episode's message stands.
type message struct {
	channel, ts string
	text        string
	said        string // the digest that was posted, or replied with, last
}

type bot struct {
	SlackBot
	setting  string
	messages map[Episode]*message // of the outbox's goroutine
}

func (b *bot) edits() bool  { return true }
func (b *bot) kind() string { return "slack" }

// send posts an episode's message or edits it, and adds a reply where there is a new
// reason that wants a person: nobody is told of an edit.
func (b *bot) send(ctx context.Context, e Episode, n notice) error {
	m := b.messages[e]
	if m == nil {
		if n.Kind == superseded {
			return nil
		}
		return b.begin(ctx, e, n)
	}
	if m.text != n.Text {
		_, err := b.call(ctx, "chat.update", map[string]any{"channel": m.channel, "ts": m.ts, "text": n.Text})
		var refused *refusedError
		if errors.As(err, &refused) && slices.Contains([]string{"message_not_found", "cant_update_message", "edit_window_closed"}, refused.code) {
			return b.begin(ctx, e, n)
		}
		if err != nil {
			return err
		}
		m.text = n.Text
	}
	if m.said == n.Digest || n.Kind == Applied || n.Kind == Pending || n.Kind == superseded {
		return nil
	}
	text := fmt.Sprintf("now *%s*: %s", n.Kind, escape(n.Line))
	if _, err := b.call(ctx, "chat.postMessage", map[string]any{"channel": m.channel, "thread_ts": m.ts, "text": text, "unfurl_links": false, "unfurl_media": false}); err != nil {
		return err
	}
	m.said = n.Digest
	return nil
}

func (b *bot) begin(ctx context.Context, e Episode, n notice) error {
	answer, err := b.call(ctx, "chat.postMessage", map[string]any{"channel": b.Channel, "text": n.Text, "unfurl_links": false, "unfurl_media": false})
	if err != nil {
		return err
	}
	if len(b.messages) >= mostMessages {
		oldest := e
		for k := range b.messages {
			if k.Number < oldest.Number {
				oldest = k
			}
		}
		delete(b.messages, oldest)
	}
	b.messages[e] = &message{channel: answer.Channel, ts: answer.TS, text: n.Text, said: n.Digest}
	return nil
}

// slackAnswer is what every method answers with.
type slackAnswer struct {
	OK      bool   `json:"ok"`
	Error   string `json:"error"`
	Channel string `json:"channel"`
	TS      string `json:"ts"`
}

// refusedError is an answer of Slack's that is not ok.
type refusedError struct{ code, words string }

func (e *refusedError) Error() string { return e.words }

// call calls one method. Slack answers 200 to what it refuses too.
func (b *bot) call(ctx context.Context, method string, args map[string]any) (slackAnswer, error) {
	token, err := b.Token()
	if err != nil {
		return slackAnswer{}, &outbox.Later{Err: err}
	}
	body, err := json.Marshal(args)
	if err != nil {
		return slackAnswer{}, err
	}
	base := b.API
	if base == "" {
		base = "https://slack.com/api"
	}
	got, err := post.Send(ctx, post.Letter{URL: strings.TrimSuffix(base, "/") + "/" + method, Token: token, ContentType: "application/json; charset=utf-8",
		Body: body, CAFile: b.CAFile, Proxy: b.Proxy, Setting: b.setting})
	if err != nil {
		return slackAnswer{}, err
	}
	var a slackAnswer
	if json.Unmarshal(got.Body, &a) != nil {
		return a, fmt.Errorf("what answers as Slack's API is none; check %s", b.setting)
	}
	if a.OK {
		return a, nil
	}
	return a, b.refused(post.Clean(strings.ReplaceAll(a.Error, token, "***"), 80))
}

// refused makes a sentence of a code of Slack's.
func (b *bot) refused(code string) error {
	switch code {
	case "ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout":
		return &outbox.Later{Err: fmt.Errorf("slack answered %s", code)}
	case "invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive":
		return &refusedError{code, fmt.Sprintf("slack does not know the token (%s): put a new one where %s says", code, b.setting)}
	case "missing_scope", "not_allowed_token_type":
		return &refusedError{code, fmt.Sprintf("slack does not let the token write (%s); %s needs a bot's token with the scope chat:write", code, b.setting)}
	case "channel_not_found", "not_in_channel", "is_archived":
		return &refusedError{code, fmt.Sprintf("slack has no channel %s for this bot (%s): invite the bot there, or change %s.channel", b.Channel, code, b.setting)}
	}
	return &refusedError{code, fmt.Sprintf("slack refused it (%s); check %s", code, b.setting)}
}
