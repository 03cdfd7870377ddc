package commitstatus

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/outbox"
)

// Config says where statuses go and who sends them.
type Config struct {
	Provider   string // github, gitlab or gitea
	API        string // the base URL: https, or http on loopback
	Repository string // owner/name; group/subgroup/name on GitLab
	Name       string // before the slash of a status's name; default sluice
	CAFile     string // PEM, beside the system's authorities; read before each status
	Proxy      string // a URL; when empty HTTPS_PROXY and NO_PROXY count
	// Token is asked before each status. The client follows no redirect, and is for
	// services that give tokens.
	Token func(context.Context, *http.Client) (string, error)
	// Forget, when set, is called when the host refused the token.
	Forget func()
	// Told, when set, is called for each status that was sent or, with the error, given
	// up.
	Told func(error)
	Log  *slog.Logger // default: discards
}

// Speaker tells one repository's host.
type Speaker struct {
	cfg    Config
	host   host
	outbox *outbox.Outbox[Subject, Status]
	told   string // the error that was logged last; of Run's goroutine
}

// New checks cfg. Nothing is read from the network. The error names the provider, the URL
// or the repository that is wrong.
func New(cfg Config) (*Speaker, error) {
	h, err := newHost(cfg.Provider, cfg.API, cfg.Repository)
	if err != nil {
		return nil, err
	}
	cfg.Name = cmp.Or(cfg.Name, "sluice")
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Told == nil {
		cfg.Told = func(error) {}
	}
	s := &Speaker{cfg: cfg, host: h}
	s.outbox = outbox.New(s.send, s.gaveUp)
	return s, nil
}

var commitID = regexp.MustCompile(`^[0-9a-f]{40}$`)

// Observe takes what a turn found. It returns at once. A folder has no commit that
// a host would know.
func (s *Speaker) Observe(o reconcile.Outcome) {
	if commitID.MatchString(o.Commit.ID) {
		s.outbox.Put(Subject{o.Commit.ID, s.cfg.Name + "/" + o.Target}, Describe(o))
	}
}

// Run sends statuses until ctx ends, and then for at most five seconds what waits.
func (s *Speaker) Run(ctx context.Context) { s.outbox.Run(ctx) }

// send makes one attempt to tell the host.
func (s *Speaker) send(ctx context.Context, about Subject, status Status) error {
	line, err := s.open()
	if err != nil {
		return err
	}
	defer line.close()
	token, err := s.cfg.Token(ctx, line.plain())
	if err != nil {
		return &outbox.Later{Err: fmt.Errorf("no token: %w", err)}
	}
	err = s.host.set(ctx, call{s.host.api, s.host.repository, token, line.client()}, about, status)
	if err = line.verdict(err, token, s.host); err != nil {
		if line.code == http.StatusUnauthorized && s.cfg.Forget != nil {
			s.cfg.Forget()
		}
		return err
	}
	s.told = ""
	s.cfg.Told(nil)
	s.cfg.Log.Debug("commit status", "commit", about.Commit, "name", about.Name, "state", string(status.State), "line", status.Line)
	return nil
}

// gaveUp logs an error once, until a status was sent or the error is another one.
func (s *Speaker) gaveUp(about Subject, status Status, err error) {
	s.cfg.Told(err)
	if err.Error() == s.told {
		return
	}
	s.told = err.Error()
	s.cfg.Log.Error("the Git host was not told what became of a commit", "commit", about.Commit, "name", about.Name, "state", string(status.State), "error", err)
}
