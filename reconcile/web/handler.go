package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/web/access"
	"github.com/seed-6ca89210/sluice/reconcile/web/api"
	"github.com/seed-6ca89210/sluice/reconcile/web/feed"
	"github.com/seed-6ca89210/sluice/reconcile/web/page"
)

// Config is what the server is made of.
type Config struct {
	Status  func() reconcile.Status // for the probes of health and readiness
	Feed    *feed.Feed              // what pages and API show
	Events  http.Handler            // the stream of changes
	Guard   *access.Guard           // who may ask; of Webhooks they themselves say
	Metrics http.Handler            // for Prometheus
	Look    func()                  // makes the daemon ask Git now
	Version string                  // of the program
	Now     func() time.Time
	// Webhooks are handlers by path that are answered under any host's name: they
	// must ask each request who sent it.
	Webhooks map[string]http.Handler
}

// Handler serves the paths of the package comment.
func Handler(cfg Config) http.Handler {
	mux := http.NewServeMux()
	for path, h := range cfg.Webhooks {
		mux.Handle(path, h)
	}
	cfg.probes(mux)
	cfg.api(mux)
	cfg.pages(mux)
	return guarded(mux)
}

// probes are what machines ask.
func (cfg Config) probes(mux *http.ServeMux) {
	mux.Handle("GET /healthz", cfg.Guard.Hosts(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		probe(w, cfg.Status().Healthy(cfg.Now()), "the loop has done nothing lately")
	})))
	mux.Handle("GET /readyz", cfg.Guard.Hosts(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		probe(w, cfg.Status().Ready(), "no turn has ended yet")
	})))
	mux.Handle("GET /metrics", cfg.Guard.Reading(cfg.Metrics, stranger()))
}

func probe(w http.ResponseWriter, ok bool, why string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if !ok {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(why + "\n"))
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}

func (cfg Config) api(mux *http.ServeMux) {
	for _, r := range api.Routes(api.Config{Feed: cfg.Feed, Events: cfg.Events, Look: cfg.Look}) {
		guard := cfg.Guard.Reading
		if r.Action {
			guard = cfg.Guard.Action
		}
		mux.Handle(r.Method+" "+api.Prefix+r.Path, guard(r.Handler, stranger()))
	}
	mux.Handle(api.Prefix+"/", cfg.Guard.Reading(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		api.Fail(w, http.StatusNotFound, "no such path, or no such method on it; "+api.Prefix+"/openapi.yaml lists them")
	}), stranger()))
}

// BesideHandler serves what commands on this machine ask, behind a guard of their
// own: the record, as the API does, and the probes.
func BesideHandler(cfg Config, guard *access.Guard) http.Handler {
	cfg.Guard = guard
	mux := http.NewServeMux()
	cfg.probes(mux)
	for _, r := range api.Routes(api.Config{Feed: cfg.Feed, Events: cfg.Events, Look: cfg.Look}) {
		if strings.HasPrefix(r.Path, "/history") {
			mux.Handle(r.Method+" "+api.Prefix+r.Path, guard.Reading(r.Handler, stranger()))
		}
	}
	return guarded(mux)
}

// stranger tells a program what is missing.
func stranger() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="sluice"`)
		api.Fail(w, http.StatusUnauthorized, "this needs the token, as `Authorization: Bearer TOKEN`, or a client certificate")
	})
}

func (cfg Config) pages(mux *http.ServeMux) {
	g := cfg.Guard
	pages := page.New(page.Config{Feed: cfg.Feed, Version: cfg.Version, Login: g.HasToken(), Holder: g.Holder, Look: cfg.Look})
	toLogin := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !g.HasToken() { // only certificates open this server
			http.Error(w, "this needs a client certificate", http.StatusUnauthorized)
			return
		}
		next := "/"
		if r.Method == http.MethodGet {
			next = r.URL.RequestURI()
		}
		http.Redirect(w, r, "/login?"+url.Values{"next": {next}}.Encode(), http.StatusSeeOther)
	})
	for pattern, h := range pages.Reading() {
		mux.Handle(pattern, g.Reading(h, toLogin))
	}
	mux.Handle("/", g.Reading(pages.NotFound(), toLogin))
	mux.Handle("GET /assets/{file}", g.Hosts(page.Assets())) // the login page needs them
	if !g.HasToken() {
		return
	}
	mux.Handle("GET /login", g.Hosts(pages.LoginForm(access.LocalPath)))
	mux.Handle("POST /login", g.Login(pages.LoggedIn(access.LocalPath)))
	mux.Handle("POST /logout", g.Logout(http.RedirectHandler("/login", http.StatusSeeOther)))
	mux.Handle("POST /look", g.Action(pages.Look(), toLogin))
}

// contentPolicy lets a page load what this server has, and nothing else.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// guarded tells browsers to make nothing of an answer but what it is.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if !strings.HasPrefix(r.URL.Path, "/assets/") {
			h.Set("Cache-Control", "no-store")
		}
		next.ServeHTTP(w, r)
	})
}
