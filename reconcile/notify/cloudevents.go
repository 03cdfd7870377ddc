package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/outbox"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/post"
)

// CloudEvents receives events of version 1.0 over HTTP, in structured mode.
type CloudEvents struct {
	URL    string                 // https, or http on loopback where a token goes along
	Token  func() (string, error) // a bearer token, asked before each event; nil: none
	CAFile string                 // PEM, beside the system's authorities
	Proxy  string                 // a URL; when empty HTTPS_PROXY and NO_PROXY count
}

// TypePrefix and a [Kind] make an event's type.
const TypePrefix = "sluice.change."

// event is the envelope.
type event struct {
	SpecVersion     string          `json:"specversion"`
	ID              string          `json:"id"`
	Source          string          `json:"source"`
	Type            string          `json:"type"`
	Subject         string          `json:"subject"`
	Time            string          `json:"time"`
	DataContentType string          `json:"datacontenttype"`
	Data            json.RawMessage `json:"data"`
}

// data is what an event says. Fields are added, never changed.
type data struct {
	Version    int          `json:"version"`
	Kind       Kind         `json:"kind"`
	Line       string       `json:"line"`
	Repository string       `json:"repository"`
	Target     string       `json:"target"`
	Mode       string       `json:"mode"`
	Commit     dataCommit   `json:"commit"`
	PlanHash   string       `json:"planHash,omitempty"`
	Summary    plan.Summary `json:"summary"`
	// Resources are those that are not in sync, at most 100; More counts the others.
	Resources []dataResource `json:"resources"`
	More      int            `json:"more,omitempty"`
}

type dataCommit struct {
	ID      string `json:"id"`
	Author  string `json:"author,omitempty"`
	Subject string `json:"subject,omitempty"`
}

type dataResource struct {
	Kind    string          `json:"kind"`
	ID      string          `json:"id"`
	Spec    plan.SpecRef    `json:"spec"`
	State   plan.State      `json:"state"`
	Rules   []string        `json:"rules,omitempty"` // that hold or deny it
	Waves   [][]plan.Action `json:"waves"`
	Drifted []string        `json:"drifted,omitempty"` // "added 10.0.1.9"
}

const mostResources = 100

// eventData is a notice as JSON, without what AWS said.
func eventData(n notice, o reconcile.Outcome) string {
	subject, _, _ := strings.Cut(strings.TrimSpace(o.Commit.Message), "\n")
	d := data{
		Version: 1, Kind: n.Kind, Line: n.Line, Repository: o.Repository, Target: o.Target, Mode: string(o.Mode), PlanHash: o.PlanHash, Summary: o.Summary,
		Commit:    dataCommit{o.Commit.ID, post.Clean(o.Commit.Author.Name, 200), post.Clean(subject, mostLine)},
		Resources: []dataResource{},
	}
	for _, r := range o.Resources {
		switch {
		case r.State == plan.InSync:
		case len(d.Resources) == mostResources:
			d.More++
		default:
			d.Resources = append(d.Resources, dataResource{string(r.Kind), r.ID, r.Spec, r.State, stoppers(r), r.Waves, drifted(r)})
		}
	}
	text, err := json.Marshal(d)
	if err != nil { // plain values: there is none
		return "{}"
	}
	return string(text)
}

type events struct {
	CloudEvents
	setting string
}

func (ev *events) edits() bool  { return false }
func (ev *events) kind() string { return "cloudevents" }

func (ev *events) send(ctx context.Context, e Episode, n notice) error {
	body, err := json.Marshal(envelope(e, n))
	if err != nil {
		return err
	}
	l := post.Letter{URL: ev.URL, ContentType: "application/cloudevents+json; charset=utf-8", Body: body, CAFile: ev.CAFile, Proxy: ev.Proxy, Setting: ev.setting}
	if ev.Token != nil {
		if l.Token, err = ev.Token(); err != nil {
			return &outbox.Later{Err: err}
		}
	}
	_, err = post.Send(ctx, l)
	return err
}

// envelope makes the same event of the same news however often it is sent, so that a
// receiver can tell by source and id what it has already.
func envelope(e Episode, n notice) event {
	at := n.At.UTC().Format(time.RFC3339Nano)
	sum := sha256.Sum256([]byte(fmt.Sprint(e.Target, "\x00", e.Commit, "\x00", n.Digest, "\x00", at)))
	return event{
		SpecVersion: "1.0", ID: hex.EncodeToString(sum[:16]), Source: "urn:sluice:" + e.Target, Type: TypePrefix + string(n.Kind),
		Subject: e.Commit, Time: at, DataContentType: "application/json", Data: json.RawMessage(n.Data),
	}
}
