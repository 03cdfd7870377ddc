package history

import (
	"net/netip"
	"testing"
	"time"
)

// play folds records, numbered and a minute apart.
func play(records ...Record) *Ledger {
	l := NewLedger()
	for i, r := range records {
		r.Seq, r.Time = uint64(i+1), start.Add(time.Duration(i)*time.Minute)
		if r.Kind != KindReached {
			r.Target, r.ResourceKind, r.ResourceID = "default", "NatGateway", "nat-1"
		}
		l.Add(r)
	}
	return l
}

func TestALedgerFollowsADriftToItsEnd(t *testing.T) {
	key := "default/NatGateway/nat-1"
	stray := []Stray{{Address: "10.0.0.1", Change: "removed", Since: start}}
	named := []Stray{{Address: "10.0.0.1", Change: "removed", Since: start, Who: &Actor{Principal: "mallory"}}}
	call := Record{Kind: KindIntent, Commit: "c", Verb: "assign", Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.1")}}
	until := []Record{
		{Kind: KindCommit, Commit: "c"},
		{Kind: KindReached, Commit: "c", Reached: map[string]string{key: "digest"}},
		{Kind: KindDrift, Commit: "c", Drift: stray},
		call,
		{Kind: KindOutcome, Intent: 4, Outcome: OutcomeAccepted, RequestID: "request-4"},
		{Kind: KindSettled, Intent: 4, Outcome: OutcomeDone},
		{Kind: KindRestored, Commit: "c"},
		{Kind: KindDrift, Commit: "c", Drift: stray},
		{Kind: KindAttributed, Commit: "c", Of: 8, Drift: named, Message: "note"},
	}
	l := play(until...)
	if d, ok := l.Drift("default", "NatGateway", "nat-1"); !ok || d.Seq != 8 || d.Drift[0].Who.Principal != "mallory" || d.Outcome != "note" {
		t.Errorf("drift %+v", d)
	}
	if !l.RightAt(key).Equal(start.Add(6 * time.Minute)) {
		t.Errorf("right at %s", l.RightAt(key))
	}
	rounds := l.Corrections("default", "NatGateway", "nat-1")
	if len(rounds) != 1 || rounds[0].Action != "assign 10.0.0.1" || !rounds[0].Undone.Equal(start.Add(7*time.Minute)) || rounds[0].Who.Principal != "mallory" {
		t.Errorf("rounds %+v", rounds)
	}
	if !l.Asked("request-4") || l.Asked("another") || l.Asked("") {
		t.Error("whose request it was is not known")
	}
	if open := l.Unanswered(); len(open) != 1 || open[0].Seq != 3 {
		t.Errorf("unanswered %+v", open)
	}
	if r, ok := l.Made("default", "NatGateway", "nat-1", "10.0.0.1", start.Add(2*time.Minute)); !ok || r.RequestID != "request-4" {
		t.Errorf("made %+v", r)
	}
	if _, ok := play(append(until, Record{Kind: KindRestored})...).Drift("default", "NatGateway", "nat-1"); ok {
		t.Error("a drift that is over is still open")
	}
	if rounds := play(append(until, Record{Kind: KindCommit, Commit: "d"})...).Corrections("default", "NatGateway", "nat-1"); len(rounds) != 0 {
		t.Errorf("rounds of another commit: %+v", rounds)
	}
}

func TestALedgerKeepsABoundedNumberOfDrifts(t *testing.T) {
	var records []Record
	for range 10 * keepUnanswered {
		records = append(records, Record{Kind: KindDrift, Drift: []Stray{{Address: "10.0.0.1", Change: "added"}}})
	}
	if n := len(play(records...).Unanswered()); n != keepUnanswered {
		t.Errorf("%d", n)
	}
}
