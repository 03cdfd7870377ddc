package rulebook

import (
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/policy"
	"github.com/seed-6ca89210/sluice/reconcile/ruling"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestAWaiverStandsByTheClock(t *testing.T) {
	tests := []struct {
		left time.Duration
		want string
	}{
		{15 * 24 * time.Hour, "until 2026-12-07"},
		{14 * 24 * time.Hour, "until 2026-12-06, ENDS IN 14 DAYS"},
		{24 * time.Hour, "until 2026-11-23, ENDS IN 1 DAY"},
		{time.Hour, "until 2026-11-22, ENDS WITHIN A DAY"},
		{0, "EXPIRED on 2026-11-22, does not count"},
		{-24 * time.Hour, "EXPIRED on 2026-11-21, does not count"},
	}
	var set ruling.Set
	for _, tt := range tests {
		set.Waivers = append(set.Waivers, ruling.Waiver{Name: tt.want, Rule: "spec.keep_two", Expires: noon.Add(tt.left)})
	}
	set.Approvals = []ruling.Approval{{Name: "swap", Expires: noon.Add(time.Hour)}}
	book := New([]policy.Rule{{ID: "action.cap_drain", Shipped: true}, {ID: "spec.keep_two"}}, set, noon)
	if n := len(book.Rules[0].Waivers); n > 0 {
		t.Errorf("a rule that nobody waived has %d waivers", n)
	}
	for i, w := range book.Rules[1].Waivers {
		if got := book.StandingWords(w.Standing, w.Expires); got != tests[i].want {
			t.Errorf("%q, want %q", got, tests[i].want)
		}
	}
	if got, want := book.Summary(), "1 rule of yours, 1 shipped, 4 waivers in force (3 within 14 days of the end), 2 expired waivers, 1 approval"; got != want {
		t.Errorf("summary %q, want %q", got, want)
	}
}

func TestASelectorIsSaidInOneOrder(t *testing.T) {
	s := ruling.Selector{Kind: "NatGateway", Labels: map[string]string{"env": "prod", "a": "b"}}
	if got, want := SelectorWords(s), "kind NatGateway and a=b and env=prod"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
