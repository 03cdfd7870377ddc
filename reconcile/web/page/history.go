package page

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/web/feed"
	"github.com/seed-6ca89210/sluice/reconcile/web/view"
)

// entriesShown is how many entries of the record a page shows.
const entriesShown = 50

// historyPage is a part of the record.
type historyPage struct {
	Entries  []entry
	Filter   url.Values
	Filtered bool
	Logs     []string // the targets, where each has a log of its own
	Kinds    []history.Kind
	Outcomes []string
	Problem  string // what is wrong with the filter, or the record
	Looked   int
	Older    string // empty: there is nothing older
	Partly   bool   // the search ended before it had found enough
	Newest   string // empty: this is the newest part
}

func (p *Pages) history(r *http.Request, f *frame) int {
	q := r.URL.Query()
	f.Title, f.Nav, f.Template = "History", "/history", "history"
	main := historyPage{Filter: q, Logs: p.cfg.Feed.Logs(), Kinds: view.Kinds, Outcomes: view.Outcomes}
	defer func() { f.Main = main }()
	filter, err := view.ParseFilter(q)
	if err != nil {
		main.Problem = err.Error()
		return http.StatusBadRequest
	}
	before, _ := view.ParsePlace(q.Get("before")) // anything else is the newest part
	if before == nil {
		f.Watch = "*"
	} else {
		main.Newest = older(q, nil)
	}
	records, err := p.cfg.Feed.History(r.Context(), feed.Query{Filter: filter, Log: q.Get("log"), Before: before, Limit: entriesShown})
	if errors.Is(err, feed.ErrNoLog) {
		main.Problem = err.Error()
		return http.StatusBadRequest
	}
	if err != nil {
		main.Problem = unread(err)
	}
	main.Entries, main.Looked = entries(records.Entries, p.cfg.Feed.Fleet()), records.Looked
	if records.Before != nil {
		main.Older, main.Partly = older(q, records.Before), !records.Full
	}
	for name, values := range q {
		main.Filtered = main.Filtered || name != "before" && slices.ContainsFunc(values, func(v string) bool { return v != "" })
	}
	return http.StatusOK
}

// unread says that not all could be read, and why.
func unread(why error) string { return "The record could not be read to the end: " + why.Error() }

// older is the page of the entries before a place; nil: of the newest.
func older(q url.Values, before view.Place) string {
	next := url.Values{}
	for name, values := range q {
		if name != "before" && len(values) > 0 && values[0] != "" {
			next[name] = values
		}
	}
	if before != nil {
		next.Set("before", before.String())
	}
	if len(next) == 0 {
		return "/history"
	}
	return "/history?" + next.Encode()
}

// entry is a record as a page shows it.
type entry struct {
	history.Entry
	Word  string // what happened, in a word
	Ink   string // the class of the word
	Named []named
	All   int // of Named there are so many
}

// named is something with a page of its own.
type named struct{ Text, Link string }

// entries shows records. What EC2 answered is recorded by the id alone: people know the
// name.
func entries(records []history.Entry, fleet *view.Fleet) []entry {
	var list []entry
	for _, r := range records {
		r.SpecName = cmp.Or(r.SpecName, fleet.Name(r.Target, r.ResourceID))
		list = append(list, entryOf(r))
	}
	return list
}

// namedAtOnce bounds what one entry names.
const namedAtOnce = 8

// ID is the entry's place in a page; Begun that of the intent that it belongs to.
func (e entry) ID() string    { return place(e.Log, e.Seq) }
func (e entry) Begun() string { return place(e.Log, e.Intent) }

func place(log string, seq uint64) string {
	if log != "" {
		log += "."
	}
	return "e" + log + strconv.FormatUint(seq, 10)
}

func entryOf(r history.Entry) entry {
	e := entry{Entry: r, Word: string(r.Kind)}
	e.Ink = map[history.Kind]string{
		history.KindDecision: r.Decision, history.KindDrift: "blocked", history.KindContested: "error", history.KindHeld: "held",
		history.KindConverged: "in-sync", history.KindReached: "in-sync", history.KindIntent: "pending",
	}[r.Kind]
	switch r.Kind {
	case history.KindDecision:
		e.Word = map[string]string{"allow": "allowed", "hold": "held", "deny": "denied"}[r.Decision]
	case history.KindOutcome, history.KindSettled:
		e.Word, e.Ink = r.Outcome, outcomeInk(r.Outcome)
	case history.KindProbe:
		e.Word, e.Ink = "may: "+r.Outcome, outcomeInk(r.Outcome)
	}
	if e.Word == "" {
		e.Word = string(r.Kind)
	}
	for _, a := range r.Addresses {
		e.Named = append(e.Named, named{a.String(), "/explain/" + a.String()})
	}
	for _, p := range r.Prefixes {
		e.Named = append(e.Named, named{p.String(), "/explain/" + p.Addr().String()})
	}
	e.Named = append(e.Named, reached(r.Record)...)
	e.All = len(e.Named)
	e.Named = e.Named[:min(e.All, namedAtOnce)]
	return e
}

// reached lists the resources that became as their specs say.
func reached(r history.Record) []named {
	var list []named
	for key := range r.Reached { // target/kind/id
		parts := strings.SplitN(key, "/", 3)
		if len(parts) == 3 {
			list = append(list, named{parts[2], linked(parts[0], parts[2])})
		}
	}
	slices.SortFunc(list, func(a, b named) int { return strings.Compare(a.Text, b.Text) })
	return list
}

// outcomeInk is how an outcome looks.
func outcomeInk(outcome string) string {
	switch outcome {
	case history.OutcomeAccepted, history.OutcomeDone, "yes": // yes: a dry-run's
		return "in-sync"
	case history.OutcomeBusy, history.OutcomeThrottled, "unknown":
		return "blocked"
	case history.OutcomeNotSent:
		return "quiet"
	}
	return "error"
}
