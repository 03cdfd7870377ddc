package view

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// FuzzFilter: a query is a filter, or one line says what is wrong with it.
func FuzzFilter(f *testing.F) {
	f.Add("resource=nat-1&address=10.0.1.20&kind=intent&kind=outcome&since=2026-01-01&until=2026-01-02T00:00")
	f.Add("kind=nothing&outcome=%00")
	f.Add("since=9999999-01-01&address=fe80::1%25eth0")
	f.Fuzz(func(t *testing.T, query string) {
		q, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		filter, err := ParseFilter(q)
		switch {
		case err != nil && (len(err.Error()) > 500 || strings.ContainsFunc(err.Error(), unicode.IsControl)):
			t.Errorf("%q", err)
		case err == nil && slices.ContainsFunc(filter.Kinds, func(k history.Kind) bool { return !slices.Contains(Kinds, k) }):
			t.Errorf("%+v", filter)
		}
	})
}
