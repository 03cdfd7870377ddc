package api

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/web/feed"
	"github.com/seed-6ca89210/sluice/reconcile/web/view"
)

// Prefix is where the API is.
const Prefix = "/api/v1"

//go:embed openapi.yaml
var document []byte

// Config is what the API is made of.
type Config struct {
	Feed   *feed.Feed
	Events http.Handler // the stream of changes
	Look   func()       // makes the daemon ask Git now
}

// Route is one operation of the API.
type Route struct {
	Method, Path string // below Prefix, as http.ServeMux writes it
	Action       bool   // it makes the daemon do something
	Handler      http.Handler
}

type api struct{ Config }

// Routes lists all operations.
func Routes(cfg Config) []Route {
	a := api{cfg}
	get := func(path string, h http.HandlerFunc) Route { return Route{http.MethodGet, path, false, h} }
	return []Route{
		get("/status", a.status),
		get("/resources", a.resources),
		get("/resources/{target}/{id}", a.resource),
		get("/plan", a.plan),
		get("/history", a.history),
		get("/history/checkpoint", a.checkpoint),
		get("/explain/{address}", a.explain),
		get("/rules", a.rules),
		get("/waivers", a.waivers),
		get("/schedule", a.schedule),
		get("/events", cfg.Events.ServeHTTP),
		get("/openapi.yaml", openAPI),
		{http.MethodPost, "/look", true, http.HandlerFunc(a.look)},
	}
}

// Fail answers with an error as all of the API's errors are: {"error": words}.
func Fail(w http.ResponseWriter, status int, words string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": words})
}

// answer writes JSON; a client that went away is no error of ours.
func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func openAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(document)
}

func (a api) status(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, struct {
		view.Overview
		Chain feed.Chain `json:"chain"`
	}{a.Feed.Fleet().Overview(), a.Feed.Chain()})
}

func (a api) resources(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	in := numbers{query: q}
	query := view.Query{
		Text: q.Get("q"), State: plan.State(q.Get("state")), Target: q.Get("target"),
		Offset: int(in.number("offset", 0)), Limit: int(in.number("limit", 100)),
	}
	if in.err != nil {
		Fail(w, http.StatusBadRequest, in.err.Error())
		return
	}
	answer(w, http.StatusOK, a.Feed.Fleet().List(query, a.Feed.Now()))
}

func (a api) resource(w http.ResponseWriter, r *http.Request) {
	found := a.Feed.Fleet().Find(r.PathValue("target"), r.PathValue("id"), a.Feed.Now())
	if len(found) == 0 {
		words := "no spec names this resource in this target"
		if l, elsewhere := a.Feed.Fleet().Overview().Elsewhere(r.PathValue("target")); elsewhere {
			words = worksFor(l)
		}
		Fail(w, http.StatusNotFound, words)
		return
	}
	answer(w, http.StatusOK, view.List{Resources: found, Matched: len(found), Total: len(found)})
}

// worksFor says which other replica has a target, if any has.
func worksFor(l view.Lease) string {
	switch {
	case l.Holder == "":
		return fmt.Sprintf("no replica works for target %q now", l.Target)
	case l.URL == "":
		return fmt.Sprintf("another replica works for target %q: %q", l.Target, l.Holder)
	}
	return fmt.Sprintf("another replica works for target %q: %q, %s", l.Target, l.Holder, l.URL)
}

func (a api) plan(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, a.Feed.Fleet().Status().Plan.WholeLists())
}

func (a api) rules(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, a.Feed.Rules()) }

func (a api) schedule(w http.ResponseWriter, r *http.Request) {
	in := numbers{query: r.URL.Query()}
	n := in.number("limit", 20)
	if in.err != nil {
		Fail(w, http.StatusBadRequest, in.err.Error())
		return
	}
	answer(w, http.StatusOK, map[string]any{"upcoming": a.Feed.Agenda(int(min(n, 200)))})
}

// look answers before Git was asked: hints that come together are one look.
func (a api) look(w http.ResponseWriter, _ *http.Request) {
	a.Look()
	answer(w, http.StatusAccepted, map[string]bool{"looking": true})
}
