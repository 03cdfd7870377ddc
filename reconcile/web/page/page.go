package page

import (
	"net/http"

	"github.com/seed-6ca89210/sluice/reconcile/web/feed"
	"github.com/seed-6ca89210/sluice/reconcile/web/view"
)

// Config is what the pages are made of.
type Config struct {
	Feed    *feed.Feed
	Version string // of the program, in the foot of each page
	// Login reports whether there is a token, and with it a login and the button that
	// makes the daemon ask Git; Holder whether a request shows it.
	Login  bool
	Holder func(r *http.Request) bool
	Look   func() // makes the daemon ask Git now
}

// Pages are handlers, for whoever decides who may call them.
type Pages struct {
	cfg Config
}

// New makes the pages.
func New(cfg Config) *Pages { return &Pages{cfg} }

// Reading are the pages that only show, by pattern of http.ServeMux.
func (p *Pages) Reading() map[string]http.Handler {
	handlers := map[string]http.Handler{}
	for pattern, show := range map[string]func(*http.Request, *frame) (status int){
		"GET /{$}":                     p.fleet,
		"GET /resources/{target}/{id}": p.resource,
		"GET /plan":                    p.plan,
		"GET /history":                 p.history,
		"GET /explain":                 p.explain,
		"GET /explain/{address}":       p.explain,
		"GET /schedule":                p.schedule,
		"GET /rules":                   p.rules,
	} {
		handlers[pattern] = p.handler(show)
	}
	return handlers
}

func (p *Pages) handler(show func(*http.Request, *frame) int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := p.frame(r)
		status := show(r, f)
		write(w, status, f)
	})
}

// NotFound is the page for a path that does not exist.
func (p *Pages) NotFound() http.Handler {
	return p.handler(func(_ *http.Request, f *frame) int {
		return f.sorry(http.StatusNotFound, "There is no such page.")
	})
}

// Look makes the daemon ask Git, and leads back to the fleet.
func (p *Pages) Look() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.cfg.Look()
		http.Redirect(w, r, "/?looking=1", http.StatusSeeOther)
	})
}

// frame is what every page has, and what fills it.
type frame struct {
	Title    string
	Nav      string // the path of its entry in the navigation
	Template string
	Watch    string // which changes it follows: a resource's target/id, or * for all; empty: none
	Version  string
	Login    bool
	Holder   bool
	Loop     *view.Overview // nil where strangers look
	Chain    feed.Chain
	Main     any
}

func (p *Pages) frame(r *http.Request) *frame {
	o := p.cfg.Feed.Fleet().Overview()
	return &frame{
		Version: p.cfg.Version, Login: p.cfg.Login, Holder: p.cfg.Login && p.cfg.Holder(r),
		Loop: &o, Chain: p.cfg.Feed.Chain(),
	}
}

// sorry makes a page that says why there is no other one.
func (f *frame) sorry(status int, words string) int {
	f.Title, f.Template, f.Main = http.StatusText(status), "sorry", words
	return status
}
