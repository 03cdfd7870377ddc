package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/web"
	"github.com/seed-6ca89210/sluice/reconcile/web/access"
	"github.com/seed-6ca89210/sluice/reconcile/web/feed"
	"github.com/seed-6ca89210/sluice/reconcile/web/live"
)

// site is where the daemon's pages are, and who may see them.
type site struct {
	listener net.Listener
	url      string
	guard    *access.Guard
	hub      *live.Hub

	// beside is for commands that read the record while the daemon holds it, where
	// the listener wants what they do not have; nil: they ask the listener.
	beside      net.Listener
	besideGuard *access.Guard
	besideToken string
}

// siteAccess reads what the configuration only names: who may see the site, and the
// certificates that it is served with (nil: plain http).
func (a *app) siteAccess(cfg config.Config, log *slog.Logger) (*access.Guard, *tls.Config, error) {
	guardCfg := access.Config{Now: a.now, Log: log, Secure: cfg.Web.BehindTLSProxy}
	host, _, err := net.SplitHostPort(cfg.Listen)
	guardCfg.LoopbackOnly = err == nil && config.Loopback(host) && !cfg.Web.BehindTLSProxy
	if cfg.Web.Token != nil {
		guardCfg.Token = a.secretText(*cfg.Web.Token, "token")
	}
	serverTLS, err := newSiteTLS(cfg.Web.TLS, log)
	if err != nil {
		return nil, nil, fmt.Errorf("web.tls: %w", err)
	}
	guardCfg.Certificates = serverTLS != nil && serverTLS.ClientCAs != nil
	guard, err := access.New(guardCfg)
	if err != nil {
		return nil, nil, fmt.Errorf("web: %w", err)
	}
	return guard, serverTLS, nil
}

// openSite listens, so that whatever is wrong with it shows before anything is done.
func (a *app) openSite(cfg config.Config, log *slog.Logger) (*site, error) {
	guard, serverTLS, err := a.siteAccess(cfg, log)
	if err != nil {
		return nil, err
	}
	s := &site{guard: guard, hub: live.NewHub()}
	if s.listener, err = net.Listen("tcp", cfg.Listen); err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	s.url = "http://" + s.listener.Addr().String()
	if serverTLS != nil {
		s.url = "https://" + s.listener.Addr().String()
		s.listener = tls.NewListener(s.listener, serverTLS)
	}
	if !s.guard.Open() || serverTLS != nil {
		if err := s.listenBeside(a, log); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

// listenBeside opens the way for commands on this machine. Its token is made anew at
// each start, and stands in the record's side file.
func (s *site) listenBeside(a *app, log *slog.Logger) error {
	var err error
	s.besideToken = rand.Text() + rand.Text()
	s.besideGuard, err = access.New(access.Config{
		Token: func() (string, error) { return s.besideToken, nil }, LoopbackOnly: true, Now: a.now, Log: log,
	})
	if err == nil {
		s.beside, err = net.Listen("tcp", "127.0.0.1:0")
	}
	return err
}

// holder says in the record's side file where to ask.
func (s *site) holder(command string) history.Holder {
	h := history.Holder{Command: "sluice " + command, API: s.url}
	if s.beside != nil {
		h.API, h.Token = "http://"+s.beside.Addr().String(), s.besideToken
	}
	return h
}

func (s *site) close() {
	_ = s.listener.Close()
	if s.beside != nil {
		_ = s.beside.Close()
	}
}

// handlers fills in what the site gives, and makes what the two listeners answer with.
func (s *site) handlers(cfg web.Config) (front, beside http.Handler) {
	cfg.Events, cfg.Guard = s.hub, s.guard
	if s.beside == nil {
		return web.Handler(cfg), http.NotFoundHandler()
	}
	return web.Handler(cfg), web.BesideHandler(cfg, s.besideGuard)
}

// serve runs the loop and the servers until ctx ends or one of them fails.
func (s *site) serve(ctx context.Context, pages *feed.Feed, front, beside http.Handler, loop func(context.Context) error) error {
	defer background(ctx, pages.Run)()
	defer background(ctx, func(ctx context.Context) { s.hub.Run(ctx, func() any { return pages.Change() }) })()
	if s.beside != nil {
		defer background(ctx, func(ctx context.Context) {
			_ = serveHTTP(ctx, s.beside, beside) // commands go without it
		})()
	}
	return runBoth(ctx, s.listener, front, loop)
}

// newFeed makes what pages read.
func newFeed(d *daemon) *feed.Feed {
	cfg := feed.Config{Status: d.status, Now: d.now}
	d.ground.feed(&cfg)
	return feed.New(cfg)
}

// follow makes pages hear of what the loop tells.
func (s *site) follow(tell func(reconcile.Event)) func(reconcile.Event) {
	return func(e reconcile.Event) {
		tell(e)
		switch e.Kind {
		case reconcile.EventStep, reconcile.EventTurned, reconcile.EventFailed, reconcile.EventLooked:
			s.hub.Poke() // the status is another now
		}
	}
}
