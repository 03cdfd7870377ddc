package page

import (
	"net/http"
	"net/netip"

	"github.com/seed-6ca89210/sluice/reconcile/web/feed"
	"github.com/seed-6ca89210/sluice/reconcile/web/view"
)

// resourcePage is one resource: all specs that name it, and what happened last.
type resourcePage struct {
	Target, ID string
	Specs      []view.Resource
	Recent     []entry
	Failed     string // why the record could not be read
}

// elsewherePage is what another replica shows.
type elsewherePage struct {
	view.Lease
	Path string // of its page
}

// recent is how many entries of the record a resource's page shows.
const recent = 12

func (p *Pages) resource(r *http.Request, f *frame) int {
	target, id := r.PathValue("target"), r.PathValue("id")
	found := p.cfg.Feed.Fleet().Find(target, id, p.cfg.Feed.Now())
	f.Nav, f.Watch = "/", target+"/"+id
	if len(found) == 0 {
		if lease, elsewhere := f.Loop.Elsewhere(target); elsewhere {
			f.Title, f.Template, f.Main = id, "elsewhere", elsewherePage{lease, linked(target, id)}
			return http.StatusNotFound
		}
		return f.sorry(http.StatusNotFound, "No spec names this resource in this target.")
	}
	main := resourcePage{Target: target, ID: id, Specs: found}
	records, err := p.cfg.Feed.Recent(r.Context(), target, id, recent)
	if err != nil {
		main.Failed = unread(err)
	}
	main.Recent = entries(records.Entries, p.cfg.Feed.Fleet())
	f.Title, f.Template, f.Main = found[0].Spec.Name, "resource", main
	return http.StatusOK
}

// planPage is what is to be done, or was stopped.
type planPage struct {
	view.List
	Pages pager
}

func (p *Pages) plan(r *http.Request, f *frame) int {
	q := r.URL.Query()
	list := p.cfg.Feed.Fleet().List(view.Query{Due: true, Offset: offset(q), Limit: rows}, p.cfg.Feed.Now())
	f.Title, f.Nav, f.Template, f.Watch = "Plan", "/plan", "plan", "*"
	f.Main = planPage{list, pages("/plan", q, list.Offset, len(list.Resources), list.Matched)}
	return http.StatusOK
}

// upcoming is how much of what is due is shown.
const upcoming = 40

func (p *Pages) schedule(_ *http.Request, f *frame) int {
	f.Title, f.Nav, f.Template, f.Watch = "Schedule", "/schedule", "schedule", "*"
	f.Main = p.cfg.Feed.Agenda(upcoming)
	return http.StatusOK
}

func (p *Pages) rules(_ *http.Request, f *frame) int {
	f.Title, f.Nav, f.Template, f.Watch = "Rules", "/rules", "rules", "*"
	f.Main = p.cfg.Feed.Rules()
	return http.StatusOK
}

// explainPage is an address's story.
type explainPage struct {
	Address string
	Problem string
	Known   bool
	feed.Story
}

func (p *Pages) explain(r *http.Request, f *frame) int {
	f.Title, f.Nav, f.Template = "Explain", "/explain", "explain"
	text := r.PathValue("address")
	if text == "" {
		text = r.URL.Query().Get("address")
	}
	main := explainPage{Address: text}
	defer func() { f.Main = main }()
	if text == "" {
		return http.StatusOK
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		main.Problem = "This is no IP address such as 10.0.1.20."
		return http.StatusBadRequest
	}
	f.Title = "Explain " + addr.String()
	story, err := p.cfg.Feed.Explain(r.Context(), addr)
	if err != nil {
		main.Problem = unread(err)
		return http.StatusInternalServerError
	}
	main.Story, main.Known = story, len(story.Events) > 0
	return http.StatusOK
}
