package history

import (
	"net/netip"
	"testing"
	"time"
)

func TestAFilterPicksByAllThatItSays(t *testing.T) {
	at := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	r := Record{
		Time: at, Kind: KindIntent, Commit: "abcdef", ResourceID: "nat-1", SpecName: "egress-a", From: "eni-1", Outcome: OutcomeAccepted,
		Addresses: []netip.Addr{netip.MustParseAddr("10.0.1.20")}, Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.2.64/28")},
		Reached: map[string]string{"prod/NatGateway/nat-9": "x"},
	}
	tests := []struct {
		name   string
		filter Filter
		want   bool
	}{
		{"an empty filter picks all", Filter{}, true},
		{"by id", Filter{Resource: "nat-1"}, true},
		{"by the spec's name", Filter{Resource: "egress-a"}, true},
		{"by where a move takes from", Filter{Resource: "eni-1"}, true},
		{"among the reached", Filter{Resource: "nat-9"}, true},
		{"not by a part of an id", Filter{Resource: "nat"}, false},
		{"by address", Filter{Address: netip.MustParseAddr("10.0.1.20")}, true},
		{"by an address in a prefix", Filter{Address: netip.MustParseAddr("10.0.2.70")}, true},
		{"by an address as IPv6 writes it", Filter{Address: netip.MustParseAddr("::ffff:10.0.1.20")}, true},
		{"another address", Filter{Address: netip.MustParseAddr("10.0.1.21")}, false},
		{"by the beginning of a commit", Filter{Commit: "abc"}, true},
		{"another commit", Filter{Commit: "bc"}, false},
		{"by one of several kinds", Filter{Kinds: []Kind{KindCommit, KindIntent}}, true},
		{"another kind", Filter{Kinds: []Kind{KindCommit}}, false},
		{"by outcome", Filter{Outcome: OutcomeAccepted}, true},
		{"another outcome", Filter{Outcome: OutcomeLost}, false},
		{"since then", Filter{Since: at}, true},
		{"until then", Filter{Until: at}, false},
		{"all must fit", Filter{Resource: "nat-1", Outcome: OutcomeLost}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.filter.Match(r); got != tt.want {
				t.Errorf("matches: %v", got)
			}
		})
	}
}
