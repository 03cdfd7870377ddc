package view

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// Kinds lists the kinds of records, in the order in which they come about.
var Kinds = []history.Kind{
	history.KindCommit, history.KindHeld, history.KindAcknowledged, history.KindDecision, history.KindProbe, history.KindIntent, history.KindOutcome,
	history.KindSettled, history.KindReached, history.KindConverged, history.KindDrift, history.KindContested, history.KindAttributed, history.KindRestored,
	history.KindTaken,
}

// Outcomes lists what a record's outcome can be.
var Outcomes = []string{
	history.OutcomeAccepted, history.OutcomeRefused, history.OutcomeBusy, history.OutcomeThrottled, history.OutcomeLost, history.OutcomeNotSent,
	history.OutcomeDone, history.OutcomeNotDone,
}

// ParseFilter reads a filter of the record from a query: resource, address, commit,
// kind (may repeat), outcome, since, until. The error names the parameter and quotes what
// is wrong with it, cut to 50 characters: it is for whoever sent the query.
func ParseFilter(q url.Values) (history.Filter, error) {
	get := func(name string) string { return strings.TrimSpace(q.Get(name)) }
	f := history.Filter{Resource: get("resource"), Commit: get("commit"), Outcome: get("outcome")}
	if text := get("address"); text != "" {
		var err error
		if f.Address, err = netip.ParseAddr(text); err != nil {
			return f, fmt.Errorf("address: %.50q is no IP address such as 10.0.1.20", text)
		}
	}
	for _, text := range q["kind"] {
		kind := history.Kind(strings.TrimSpace(text))
		if kind == "" {
			continue
		}
		if !slices.Contains(Kinds, kind) {
			return f, fmt.Errorf("kind: there is no kind %.50q of record", text)
		}
		f.Kinds = append(f.Kinds, kind)
	}
	var err error
	if f.Since, err = instant(get("since")); err != nil {
		return f, fmt.Errorf("since: %w", err)
	}
	if f.Until, err = instant(get("until")); err != nil {
		return f, fmt.Errorf("until: %w", err)
	}
	return f, nil
}

// instant reads a time as a person or a browser's form writes it; without a zone it
// is UTC. An empty text is the zero time.
func instant(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%.50q is no time such as 2026-11-22T03:00:00Z or 2026-11-22", text)
}
