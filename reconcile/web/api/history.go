package api

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/web/feed"
	"github.com/seed-6ca89210/sluice/reconcile/web/view"
)

// maxRecords is how many records one answer of newest holds.
const maxRecords = 1000

// lastWord is how long a stream's last line may take.
const lastWord = 10 * time.Second

// history writes records as JSON lines: from a number on in their order, whole, so
// that their chain can be verified; or, with limit, the newest that fit, of all logs.
// A record that cannot be read ends the answer with a line that says so.
func (a api) history(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	in := numbers{query: q}
	from, limit := in.number("from", 0), in.number("limit", 0)
	filter, err := view.ParseFilter(q)
	before, wrong := view.ParsePlace(q.Get("before"))
	newest := limit > 0 || len(before) > 0
	switch err = cmp.Or(in.err, err, wrong); {
	case err == nil && from > 0 && newest:
		err = fmt.Errorf("from gives records in their order, before and limit the newest ones: give only one of them")
	case err == nil && newest:
		a.newest(w, r, feed.Query{Filter: filter, Log: q.Get("log"), Before: before, Limit: int(min(max(limit, 1), maxRecords))})
		return
	}
	var stream feed.Stream
	if err == nil {
		stream, err = a.Feed.Stream(r.Context(), q.Get("log"), from)
	}
	if errors.Is(err, feed.ErrBusy) {
		w.Header().Set("Retry-After", "30")
		Fail(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	if err != nil {
		Fail(w, http.StatusBadRequest, err.Error())
		return
	}
	defer stream.End()
	if !stream.Until.IsZero() { // who does not take what is sent must not keep others waiting
		_ = http.NewResponseController(w).SetWriteDeadline(stream.Until.Add(lastWord))
	}
	w.Header().Set("Content-Type", "application/jsonl")
	enc := json.NewEncoder(w)
	for rec, err := range stream.Records {
		if err != nil {
			_ = enc.Encode(map[string]string{"error": err.Error()})
			return
		}
		if filter.Match(rec) && enc.Encode(history.Entry{Log: q.Get("log"), Record: rec}) != nil {
			return
		}
	}
}

// checkpoint answers with what stands before the first record: null when none was
// cut off.
func (a api) checkpoint(w http.ResponseWriter, r *http.Request) {
	cut, err := a.Feed.Checkpoint(r.Context(), r.URL.Query().Get("log"))
	if errors.Is(err, feed.ErrWhichLog) || errors.Is(err, feed.ErrNoLog) {
		Fail(w, http.StatusBadRequest, err.Error())
		return
	}
	if err != nil {
		Fail(w, http.StatusInternalServerError, err.Error())
		return
	}
	answer(w, http.StatusOK, cut)
}

// newest writes the newest records, and in the header Link where the older ones are.
func (a api) newest(w http.ResponseWriter, r *http.Request, query feed.Query) {
	list, err := a.Feed.History(r.Context(), query)
	if errors.Is(err, feed.ErrNoLog) {
		Fail(w, http.StatusBadRequest, err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/jsonl")
	if list.Before != nil {
		q := r.URL.Query()
		q.Set("before", list.Before.String())
		q.Set("limit", strconv.Itoa(query.Limit))
		w.Header().Set("Link", "<"+Prefix+"/history?"+q.Encode()+`>; rel="next"`)
	}
	enc := json.NewEncoder(w)
	for _, rec := range list.Entries {
		if enc.Encode(rec) != nil {
			return
		}
	}
	if err != nil {
		_ = enc.Encode(map[string]string{"error": err.Error()})
	}
}

func (a api) explain(w http.ResponseWriter, r *http.Request) {
	addr, err := netip.ParseAddr(r.PathValue("address"))
	if err != nil {
		Fail(w, http.StatusBadRequest, "give an IP address such as 10.0.1.20")
		return
	}
	story, err := a.Feed.Explain(r.Context(), addr)
	if err != nil {
		Fail(w, http.StatusInternalServerError, err.Error())
		return
	}
	answer(w, http.StatusOK, story)
}

// numbers reads numbers of a query and keeps the first error.
type numbers struct {
	query url.Values
	err   error
}

func (n *numbers) number(name string, otherwise uint64) uint64 {
	text := strings.TrimSpace(n.query.Get(name))
	if text == "" {
		return otherwise
	}
	v, err := strconv.ParseUint(text, 10, 31)
	if name == "from" {
		v, err = strconv.ParseUint(text, 10, 64)
	}
	if err != nil && n.err == nil {
		n.err = fmt.Errorf("%s must be a whole number", name)
	}
	return v
}
