package page

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/web/view"
)

// rows is how many resources a page shows.
const rows = 100

// fleetPage is the fleet with its states.
type fleetPage struct {
	view.List
	Query   view.Query
	Counts  []stateCount
	Targets []string
	States  []plan.State
	Pages   pager
	Looking bool
}

// stateCount is how many resources are in a state, and where they are listed.
type stateCount struct {
	State plan.State
	N     int
	Link  string
	On    bool // the list is narrowed to it
}

func (p *Pages) fleet(r *http.Request, f *frame) int {
	q := r.URL.Query()
	query := view.Query{Text: q.Get("q"), State: plan.State(q.Get("state")), Target: q.Get("target"), Offset: offset(q), Limit: rows}
	fleet := p.cfg.Feed.Fleet()
	list := fleet.List(query, p.cfg.Feed.Now())
	f.Title, f.Nav, f.Template, f.Watch = "Fleet", "/", "fleet", "*"
	f.Main = fleetPage{
		List: list, Query: query, Counts: counts(f.Loop.Plan.Summary, q), Targets: fleet.Targets(), States: states,
		Pages: pages("/", q, list.Offset, len(list.Resources), list.Matched), Looking: q.Has("looking"),
	}
	return http.StatusOK
}

func counts(s plan.Summary, q url.Values) []stateCount {
	var list []stateCount
	for _, state := range states {
		n := map[plan.State]int{
			plan.InSync: s.InSync, plan.Pending: s.Pending, plan.Converging: s.Converging, plan.Blocked: s.Blocked,
			plan.Held: s.Held, plan.Denied: s.Denied, plan.Error: s.Error,
		}[state]
		on := q.Get("state") == string(state)
		link := "/"
		if !on {
			link = "/?" + url.Values{"state": {string(state)}}.Encode()
		}
		if n > 0 || on {
			list = append(list, stateCount{state, n, link, on})
		}
	}
	return list
}

// pager leads to the pages before and after this one.
type pager struct {
	First, Last, All int
	Back, Forth      string // empty: there is none
}

func pages(path string, q url.Values, offset, shown, all int) pager {
	p := pager{First: offset + 1, Last: offset + shown, All: all}
	to := func(offset int) string {
		next := url.Values{}
		for k, v := range q {
			next[k] = v
		}
		next.Set("offset", strconv.Itoa(offset))
		return path + "?" + next.Encode()
	}
	if offset > 0 {
		p.Back = to(max(0, offset-rows))
	}
	if offset+shown < all && shown > 0 {
		p.Forth = to(offset + rows)
	}
	return p
}

func offset(q url.Values) int {
	n, err := strconv.Atoi(strings.TrimSpace(q.Get("offset")))
	if err != nil {
		return 0
	}
	return max(0, n)
}
