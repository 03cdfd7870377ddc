package config

import (
	"slices"
	"strconv"

	"github.com/seed-6ca89210/sluice/reconcile/post"
)

// Notify is one receiver of notifications: exactly one of Slack and CloudEvents is set.
type Notify struct {
	Slack       *Slack
	CloudEvents *Receiver
	On          []string // kinds; nil: all
	Targets     []string // nil: all
}

// Slack is an incoming webhook, or a bot: then Channel is set.
type Slack struct {
	URL     Secret // of the webhook
	Token   Secret // of the bot
	Channel string // an id, or a name
	API     string // of the bot; empty: Slack's own
	CAFile  string // PEM, beside the system's authorities
}

// Receiver is a server that is told something.
type Receiver struct {
	URL    string // https, or http on loopback where a secret goes along
	Token  Secret // a bearer token; zero: none
	CAFile string // PEM, beside the system's authorities
}

// Traces is an OpenTelemetry collector.
type Traces Receiver

// rawNotify is a receiver of notifications as it is written.
type rawNotify struct {
	Slack *struct {
		URLFile   string `json:"urlFile"`
		URLEnv    string `json:"urlEnv"`
		TokenFile string `json:"tokenFile"`
		TokenEnv  string `json:"tokenEnv"`
		Channel   string `json:"channel"`
		APIURL    string `json:"apiUrl"`
		CAFile    string `json:"caFile"`
	} `json:"slack"`
	CloudEvents *rawReceiver `json:"cloudEvents"`
	On          []string     `json:"on"`
	Targets     []string     `json:"targets"`
}

type rawReceiver struct {
	URL       string `json:"url"`
	TokenFile string `json:"tokenFile"`
	TokenEnv  string `json:"tokenEnv"`
	CAFile    string `json:"caFile"`
}

type rawTraces rawReceiver

// notify checks what can be checked without reading a file. No message quotes a URL.
func (l *loader) notify(cfg Config, r rawNotify, path ...string) Notify {
	at := func(fields ...string) []string { return append(slices.Clone(path), fields...) }
	n := Notify{On: r.On, Targets: r.Targets}
	if s := r.Slack; s != nil {
		n.Slack = &Slack{URL: Secret{File: l.resolve(s.URLFile), Env: s.URLEnv}, Token: Secret{File: l.resolve(s.TokenFile), Env: s.TokenEnv},
			Channel: s.Channel, API: s.APIURL, CAFile: l.resolve(s.CAFile)}
		l.checkSlack(n.Slack, at("slack"))
		l.checkApart(cfg.Specs, n.Slack.URL, at("slack", "urlFile"))
		l.checkApart(cfg.Specs, n.Slack.Token, at("slack", "tokenFile"))
		if s.APIURL != "" {
			if _, err := post.CheckURL(s.APIURL, true); err != nil {
				l.problem(at("slack", "apiUrl"), "apiUrl: %v", err)
			}
		}
	}
	if r.CloudEvents != nil {
		n.CloudEvents = l.receiver(cfg.Specs, *r.CloudEvents, at("cloudEvents"))
	}
	for i, target := range r.Targets {
		if _, ok := cfg.Targets[target]; !ok {
			l.problem(at("targets", strconv.Itoa(i)), "there is no target %.70q; name one of targets", target)
		}
	}
	return n
}

// checkSlack wants one secret, and what goes with it.
func (l *loader) checkSlack(s *Slack, path []string) {
	hook, bot := s.URL != (Secret{}), s.Token != (Secret{})
	switch {
	case !l.onePlace(s.URL, path, "url") || !l.onePlace(s.Token, path, "token"):
	case hook == bot:
		l.problem(path, "slack needs either the address of an incoming webhook (urlFile or urlEnv) or the token of a bot (tokenFile or tokenEnv) and a channel")
	case bot && s.Channel == "":
		l.problem(path, "a bot needs a channel to write to: set channel to its id, such as C0123456789")
	case hook && s.Channel+s.API != "":
		l.problem(path, "channel and apiUrl are for a bot; a webhook has its channel already")
	}
}

// onePlace refuses a secret that is said to be in two places.
func (l *loader) onePlace(s Secret, path []string, name string) bool {
	if s.File == "" || s.Env == "" {
		return true
	}
	l.problem(append(slices.Clone(path), name+"File"), "%sEnv and %sFile both say where it is; keep one", name, name)
	return false
}

// traces checks a collector.
func (l *loader) traces(specs Repo, r *rawTraces) *Traces {
	if r == nil {
		return nil
	}
	return (*Traces)(l.receiver(specs, rawReceiver(*r), []string{"traces"}))
}

func (l *loader) receiver(specs Repo, r rawReceiver, path []string) *Receiver {
	at := func(field string) []string { return append(slices.Clone(path), field) }
	out := &Receiver{URL: r.URL, Token: Secret{File: l.resolve(r.TokenFile), Env: r.TokenEnv}, CAFile: l.resolve(r.CAFile)}
	if r.URL != "" {
		if _, err := post.CheckURL(r.URL, out.Token != (Secret{})); err != nil {
			l.problem(at("url"), "url: %v", err)
		}
	}
	l.onePlace(out.Token, path, "token")
	l.checkApart(specs, out.Token, at("tokenFile"))
	return out
}

// checkApart refuses a secret in the folder of the specs.
func (l *loader) checkApart(specs Repo, s Secret, path []string) {
	if folder := localFolder(specs); s.File != "" && folder != "" && within(localFolder(Repo{Dir: s.File}), folder) {
		l.problem(path, "%s lies where the specs are, and whoever reads them could use it: keep it apart", path[len(path)-1])
	}
}
