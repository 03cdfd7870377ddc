package notify

import (
	"context"
	"log/slog"
	"slices"
	"sync"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/outbox"
)

// Config says who is told.
type Config struct {
	Destinations []Destination
	Log          *slog.Logger // default: discards
	// Told, when set, is called for each notice that was sent or, with the error, given
	// up; destination is slack or cloudevents.
	Told func(destination string, err error)
}

// Destination is one receiver: exactly one of Hook, Bot and Events is set.
type Destination struct {
	Hook    *SlackHook
	Bot     *SlackBot
	Events  *CloudEvents
	On      []Kind   // nil: all
	Targets []string // nil: all
	Setting string   // of the configuration, for errors
}

// Notifier tells all destinations.
type Notifier struct {
	mu      sync.Mutex
	stories map[string]*story // by target
	count   int               // of episodes
	to      []*desk
}

// sender makes one attempt to tell a notice.
type sender interface {
	send(ctx context.Context, e Episode, n notice) error
	edits() bool // what was told can be changed
	kind() string
}

// desk is a destination with its outbox.
type desk struct {
	Destination
	sender sender
	outbox *outbox.Outbox[Episode, notice]
	put    map[string]news // the last by target

	cfg    Config
	logged string // the error that was logged last; of Run's goroutine
}

// New makes a notifier. Nothing is read or sent.
func New(cfg Config) *Notifier {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Told == nil {
		cfg.Told = func(string, error) {}
	}
	n := &Notifier{stories: map[string]*story{}}
	for _, d := range cfg.Destinations {
		k := &desk{Destination: d, put: map[string]news{}, cfg: cfg}
		switch {
		case d.Hook != nil:
			k.sender = &hook{*d.Hook, d.Setting}
		case d.Bot != nil:
			k.sender = &bot{SlackBot: *d.Bot, setting: d.Setting, messages: map[Episode]*message{}}
		default:
			k.sender = &events{*d.Events, d.Setting}
		}
		k.outbox = outbox.New(k.send, k.gaveUp)
		n.to = append(n.to, k)
	}
	return n
}

// Observe takes what a turn found, and returns at once.
func (n *Notifier) Observe(o reconcile.Outcome) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.stories[o.Target]
	if s == nil {
		s = &story{}
		n.stories[o.Target] = s
	}
	for _, it := range s.hear(o, func() int { n.count++; return n.count }) {
		for _, d := range n.to {
			d.take(it)
		}
	}
}

// take puts into the outbox what this destination is to hear.
func (d *desk) take(it news) {
	if d.Targets != nil && !slices.Contains(d.Targets, it.Target) {
		return
	}
	last := d.put[it.Target]
	begun := last.Episode == it.Episode
	wanted := d.On == nil || slices.Contains(d.On, it.Kind)
	switch {
	case it.Kind == superseded: // as the next message says, where there is one
		wanted = begun && (d.sender.edits() || d.Events != nil || it.end)
	case d.sender.edits():
		wanted = wanted || begun
	}
	if !wanted {
		return
	}
	if begun && last.Digest == it.Digest && (last.Text == it.Text || !d.sender.edits()) {
		it = last
	}
	d.put[it.Target] = it
	d.outbox.Put(it.Episode, it.notice)
}

// Run sends notices until ctx ends, and then for at most five seconds what waits.
func (n *Notifier) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, d := range n.to {
		wg.Go(func() { d.outbox.Run(ctx) })
	}
	wg.Wait()
}

func (d *desk) send(ctx context.Context, e Episode, n notice) error {
	if err := d.sender.send(ctx, e, n); err != nil {
		return err
	}
	d.logged = ""
	d.cfg.Told(d.sender.kind(), nil)
	d.cfg.Log.Debug("notified", "to", d.Setting, "target", e.Target, "commit", e.Commit, "kind", string(n.Kind))
	return nil
}

// gaveUp logs an error once, until a notice was sent or the error is another one.
func (d *desk) gaveUp(e Episode, n notice, err error) {
	d.cfg.Told(d.sender.kind(), err)
	if err.Error() == d.logged {
		return
	}
	d.logged = err.Error()
	d.cfg.Log.Error("a notification was not sent", "to", d.Setting, "target", e.Target, "commit", e.Commit, "kind", string(n.Kind), "error", err)
}
