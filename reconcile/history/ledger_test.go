package history

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const (
	nat    = "NatGateway"
	target = "default"
)

var (
	addrA = netip.MustParseAddr("10.0.1.20")
	addrB = netip.MustParseAddr("10.0.1.21")
)

// fold numbers records and adds them, a second apart unless they have a time.
func fold(records ...Record) *Ledger {
	l := NewLedger()
	for n, r := range records {
		r.Seq = uint64(n + 1)
		if r.Time.IsZero() {
			r.Time = start.Add(time.Duration(n) * time.Second)
		}
		l.Add(r)
	}
	return l
}

func unassign(commit string, addrs ...netip.Addr) Record {
	return Record{
		Kind: KindIntent, Commit: commit, PlanHash: "plan-" + commit, Target: target,
		ResourceKind: nat, ResourceID: "nat-1", Verb: "unassign", Addresses: addrs, MaxDrainSeconds: 350,
	}
}

func outcome(of uint64, what string) Record {
	return Record{Kind: KindOutcome, Intent: of, Outcome: what}
}

func settled(of uint64, what string) Record {
	return Record{Kind: KindSettled, Intent: of, Outcome: what}
}

func TestAnIntentStaysUndecidedUntilItsEffectIsKnown(t *testing.T) {
	cases := []struct {
		name      string
		after     []Record
		undecided bool
		recent    bool
		rounds    int
	}{
		{"nothing heard", nil, true, true, 0},
		{"accepted", []Record{outcome(1, OutcomeAccepted)}, true, true, 0},
		{"lost", []Record{outcome(1, OutcomeLost)}, true, true, 0},
		{"an outcome nobody knows", []Record{outcome(1, "odd")}, true, true, 0},
		{"refused", []Record{outcome(1, OutcomeRefused)}, false, false, 0},
		{"busy", []Record{outcome(1, OutcomeBusy)}, false, false, 0},
		{"throttled", []Record{outcome(1, OutcomeThrottled)}, false, false, 0},
		{"not sent", []Record{outcome(1, OutcomeNotSent)}, false, false, 0},
		{"accepted and done", []Record{outcome(1, OutcomeAccepted), settled(1, OutcomeDone)}, false, true, 1},
		{"accepted and never seen, so undone at once", []Record{outcome(1, OutcomeAccepted), settled(1, OutcomeNotDone)}, false, true, 1},
		{"lost and never done", []Record{outcome(1, OutcomeLost), settled(1, OutcomeNotDone)}, false, true, 0},
		{"lost and yet done", []Record{outcome(1, OutcomeLost), settled(1, OutcomeDone)}, false, true, 1},
		{"killed before the answer, and done", []Record{settled(1, OutcomeDone)}, false, true, 1},
		{"settled twice counts once", []Record{settled(1, OutcomeDone), settled(1, OutcomeDone)}, false, true, 1},
		{"another intent's outcome", []Record{outcome(9, OutcomeRefused)}, true, true, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l := fold(append([]Record{unassign("c1", addrA)}, c.after...)...)
			if got := len(l.Undecided(target, nat, "nat-1")) == 1; got != c.undecided {
				t.Errorf("undecided: %v", got)
			}
			if got := len(l.Recent(target, nat, "nat-1", start.Add(-1))) == 1; got != c.recent {
				t.Errorf("recent: %v", got)
			}
			if got := l.Rounds("c1", target, nat, "nat-1", "unassign 10.0.1.20"); got != c.rounds {
				t.Errorf("%d rounds", got)
			}
			if l.Undecided(target, nat, "nat-2") != nil || l.Recent(target, nat, "nat-1", start) != nil {
				t.Error("another resource or an older intent is listed")
			}
		})
	}
}

func TestRoundsAreCountedForOneActionUnderTheCurrentCommit(t *testing.T) {
	done := []Record{
		unassign("c1", addrA, addrB), settled(1, OutcomeDone),
		unassign("c1", addrB, addrA), settled(3, OutcomeDone),
		unassign("c1", addrA), settled(5, OutcomeDone),
	}
	l := fold(done...)
	if n := l.Rounds("c1", target, nat, "nat-1", "unassign 10.0.1.20,10.0.1.21"); n != 2 {
		t.Errorf("%d rounds of two", n)
	}
	l = fold(append(done, unassign("c2", addrA), settled(5, OutcomeDone))...)
	if n := l.Rounds("c1", target, nat, "nat-1", "unassign 10.0.1.20"); n != 0 {
		t.Errorf("%d rounds of a commit that is past", n)
	}
	l = fold(append(done, Record{Kind: KindCommit, Commit: "c2"}, Record{Kind: KindDecision, Commit: "c1"})...)
	if n := l.Rounds("c1", target, nat, "nat-1", "unassign 10.0.1.20"); n != 0 {
		t.Errorf("%d rounds of a commit that has come back", n)
	}
}

func TestDrainUntilFollowsTheLastUnassignThatTookEffect(t *testing.T) {
	long := unassign("c1", addrA, addrB)
	long.MaxDrainSeconds = 1000
	l := fold(unassign("c1", addrA), outcome(1, OutcomeAccepted), long, outcome(3, OutcomeRefused))
	if _, ok := l.DrainUntil(target, "nat-1", addrB); ok {
		t.Error("a refused call drains")
	}
	if until, ok := l.DrainUntil(target, "nat-1", addrA); !ok || !until.Equal(start.Add(350*time.Second)) {
		t.Errorf("drains until %v, %v", until, ok)
	}
	l = fold(unassign("c1", addrA), outcome(1, OutcomeLost), settled(1, OutcomeDone))
	if until, ok := l.DrainUntil(target, "nat-1", addrA); !ok || !until.Equal(start.Add(350*time.Second)) {
		t.Errorf("a lost call that took effect drains until %v, %v", until, ok)
	}
}

func TestTheLedgerKnowsTheLastOfEachKind(t *testing.T) {
	if l := fold(unassign("c1", addrA)); !l.BegunPlan("plan-c1") {
		t.Error("a plan with an intent is not begun")
	}
	l := fold(
		Record{Kind: KindCommit, Commit: "c1"}, Record{Kind: KindDecision, Commit: "c1", PlanHash: "p1"},
		unassign("c1", addrA),
		Record{Kind: KindConverged, Commit: "c1", PolicyDigest: "d1"},
		Record{Kind: KindCommit, Commit: "c2"}, Record{Kind: KindDecision, Commit: "c2", PlanHash: "p2"},
	)
	commit, digest := l.Converged()
	plan, _ := l.LastDecision()
	if commit != "c1" || digest != "d1" || plan != "p2" {
		t.Errorf("converged %s %s, decided %s", commit, digest, plan)
	}
	if !l.SeenCommit("c2") || l.SeenCommit("c3") || l.BegunPlan("plan-c1") || l.BegunPlan("p2") || l.BegunPlan("") {
		t.Error("commits or plans are mixed up")
	}
}

func TestOpenAndUnsettledLookAtAllResources(t *testing.T) {
	other := unassign("c1", addrB)
	other.ResourceID = "nat-2"
	l := fold(
		unassign("c1", addrA), outcome(1, OutcomeAccepted), settled(1, OutcomeDone), // 1: done
		other,                             // 4: open
		other, outcome(5, OutcomeRefused), // 5: had no effect
		unassign("c1", addrB), outcome(7, OutcomeLost), settled(7, OutcomeNotDone), // 7: never happened
		unassign("c1", addrB), // 10: open
	)
	if got := seqs(l.Unsettled()); !slices.Equal(got, []uint64{4, 10}) {
		t.Errorf("unsettled: %v", got)
	}
	if got := seqs(l.Open(func(r Record) bool { return r.Time.After(start.Add(-1)) })); !slices.Equal(got, []uint64{1, 4, 10}) {
		t.Errorf("open since the start: %v", got)
	}
	if got := seqs(l.Open(func(r Record) bool { return r.Time.After(start.Add(time.Hour)) })); !slices.Equal(got, []uint64{4, 10}) {
		t.Errorf("open since later: %v", got)
	}
}

func TestReachedIsKnownUntilAnotherSpecIs(t *testing.T) {
	l := fold(Record{Kind: KindReached, Reached: map[string]string{"a": "1", "b": "1"}}, Record{Kind: KindReached, Reached: map[string]string{"b": "2"}})
	if l.Reached("a") != "1" || l.Reached("b") != "2" || l.Reached("c") != "" {
		t.Errorf("reached %v", l.reached)
	}
}

func TestABegunPlanEndsWhenAllIsConverged(t *testing.T) {
	intent := Record{Kind: KindIntent, Commit: "c1", PlanHash: "p1"}
	if l := fold(intent); !l.BegunPlan("p1") || !l.Acted() {
		t.Error("a plan with an intent is begun")
	}
	if l := fold(intent, Record{Kind: KindConverged, Commit: "c1"}); l.BegunPlan("p1") || l.Acted() {
		t.Error("a plan that is done is not begun")
	}
}

func TestRoundsCountOnlyWhatFollowsCloselyUponEachOther(t *testing.T) {
	l := NewLedger()
	at := start
	seq := uint64(0)
	correct := func() {
		seq += 2
		in := Record{Seq: seq, Time: at, Kind: KindIntent, Commit: "c1", Target: "t", ResourceKind: "NatGateway", ResourceID: "nat-1", Verb: "assign", Addresses: []netip.Addr{addrA}}
		l.Add(in)
		l.Add(Record{Seq: seq + 1, Time: at, Kind: KindSettled, Commit: "c1", Intent: seq, Outcome: OutcomeDone})
	}
	key := Record{Verb: "assign", Addresses: []netip.Addr{addrA}}.ActionKey()
	for range 6 { // somebody takes it away once a week
		correct()
		at = at.Add(7 * 24 * time.Hour)
	}
	if n := l.Rounds("c1", "t", "NatGateway", "nat-1", key); n != 1 {
		t.Errorf("%d rounds", n)
	}
	for range 3 {
		correct()
		at = at.Add(time.Hour)
	}
	if n := l.Rounds("c1", "t", "NatGateway", "nat-1", key); n != 3 {
		t.Errorf("%d rounds", n)
	}
}

// TestTheLedgerAgreesWithTheWholeLog compares it with a reading of all records.
func TestTheLedgerAgreesWithTheWholeLog(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var log []Record
		now, l := start, NewLedger()
		for range rapid.IntRange(0, 60).Draw(t, "records") {
			now = now.Add(time.Duration(rapid.IntRange(1, 1200).Draw(t, "pause")) * time.Second)
			r := unassign(rapid.SampledFrom([]string{"c1", "c2"}).Draw(t, "commit"), addrA)
			if n := len(log); n > 0 && rapid.IntRange(0, 2).Draw(t, "kind") > 0 {
				of := uint64(rapid.IntRange(1, n).Draw(t, "of"))
				r = outcome(of, rapid.SampledFrom([]string{OutcomeAccepted, OutcomeRefused, OutcomeLost, OutcomeBusy}).Draw(t, "outcome"))
				if rapid.Bool().Draw(t, "settled") {
					r = settled(of, rapid.SampledFrom([]string{OutcomeDone, OutcomeNotDone}).Draw(t, "what"))
				}
			}
			r.Seq, r.Time = uint64(len(log)+1), now
			log = append(log, r)
			l.Add(r)
		}
		since := now.Add(-time.Duration(rapid.IntRange(0, 20).Draw(t, "hours")) * time.Hour)
		undecided, recent := readAll(log, since)
		if got := seqs(l.Undecided(target, nat, "nat-1")); !slices.Equal(got, undecided) {
			t.Fatalf("undecided %v, want %v", got, undecided)
		}
		if got := seqs(l.Recent(target, nat, "nat-1", since)); !slices.Equal(got, recent) {
			t.Fatalf("recent %v, want %v", got, recent)
		}
	})
}

// readAll answers from the whole log what is undecided and what is recent.
func readAll(log []Record, since time.Time) (undecided, recent []uint64) {
	for _, intent := range log {
		if intent.Kind != KindIntent {
			continue
		}
		first := map[Kind]string{}
		for _, r := range log[intent.Seq:] {
			if r.Intent == intent.Seq && first[r.Kind] == "" {
				first[r.Kind] = r.Outcome
			}
		}
		no := first[KindOutcome] == OutcomeRefused || first[KindOutcome] == OutcomeBusy
		if !no && first[KindSettled] == "" {
			undecided = append(undecided, intent.Seq)
		}
		if !no && intent.Time.After(since) {
			recent = append(recent, intent.Seq)
		}
	}
	return undecided, recent
}

func seqs(records []Record) []uint64 {
	var list []uint64
	for _, r := range records {
		list = append(list, r.Seq)
	}
	return list
}

func TestTheLedgerDoesNotGrowWithTheYears(t *testing.T) {
	l, seq, now := NewLedger(), uint64(0), start
	add := func(r Record) uint64 {
		seq++
		now = now.Add(time.Minute)
		r.Seq, r.Time = seq, now
		l.Add(r)
		return seq
	}
	const days = 5000
	for day := range days {
		add(Record{Kind: KindCommit, Commit: fmt.Sprint("c", day)})
		for n := range 3 {
			r := unassign(fmt.Sprint("c", day), netip.AddrFrom4([4]byte{10, byte(n), byte(day >> 8), byte(day)}))
			of := add(r)
			add(outcome(of, OutcomeAccepted))
			add(settled(of, OutcomeDone))
		}
		now = now.Add(25 * time.Hour)
	}
	for name, n := range map[string]int{
		"intents": len(l.intents), "of the resource": len(l.resources[resource{target, nat, "nat-1"}]), "rounds": len(l.rounds),
	} {
		if n > 10 {
			t.Errorf("%d %s are kept", n, name)
		}
	}
	if len(l.drains) > 2*sweepAt || len(l.commits.set) > keepNames || len(l.plans.ring) > keepNames {
		t.Errorf("%d drains, %d commits, %d plans are kept", len(l.drains), len(l.commits.set), len(l.plans.ring))
	}
	if !l.SeenCommit(fmt.Sprint("c", days-1)) || l.SeenCommit("c1") {
		t.Error("the newest commits are not those that are kept")
	}
}

func TestOpenAuthorsAreEachOnceAlsoBehindAnOlderCheckpoint(t *testing.T) {
	l := NewLedger()
	if err := l.UnmarshalJSON([]byte(`{"decision":["",""],"held":["",""],"open":["c@x","a@x"]}`)); err != nil {
		t.Fatal(err)
	}
	l.Add(Record{Kind: KindCommit, Commit: "c1", Authors: []string{"b@x", "c@x"}})
	if got := l.OpenAuthors(); !slices.Equal(got, []string{"a@x", "b@x", "c@x"}) {
		t.Errorf("they are %q", got)
	}
}

// The next commit may come with a short list: what is left of the one before it is part of it.
func TestThatAListOfAuthorsWasFullIsKnownUntilEverythingIsApplied(t *testing.T) {
	var full, others []string
	for i := range MostAuthors {
		full, others = append(full, fmt.Sprint("a", i)), append(others, fmt.Sprint("b", i))
	}
	first := Record{Kind: KindCommit, Commit: "c1", Authors: full}
	next := Record{Kind: KindCommit, Commit: "c2", Authors: []string{"d@x"}}
	for name, tt := range map[string]struct {
		log  []Record
		want bool
	}{
		"a list with room":                {[]Record{{Kind: KindCommit, Commit: "c1", Authors: full[1:]}, next}, false},
		"two that have room between them": {[]Record{{Kind: KindCommit, Commit: "c1", Authors: full[1:]}, {Kind: KindCommit, Commit: "c2", Authors: others[1:]}}, false},
		"one that may lack somebody":      {[]Record{{Kind: KindCommit, Commit: "c1", Authors: others[:1], Unlisted: true}, next}, true},
		"a full one":                      {[]Record{first, next}, true},
		"converged, but for a denial":     {[]Record{first, {Kind: KindConverged, Commit: "c1", Decision: "deny"}, next}, true},
		"converged":                       {[]Record{first, {Kind: KindConverged, Commit: "c1"}, next}, false},
	} {
		if got := fold(tt.log...).OpenUnlisted(); got != tt.want {
			t.Errorf("%s: it is %t", name, got)
		}
	}
}

func TestTheOpenAuthorsOfManyCommitsAreBounded(t *testing.T) {
	l := NewLedger()
	add := func(n int) {
		l.Add(Record{Kind: KindCommit, Commit: fmt.Sprint(n), Authors: []string{fmt.Sprint(n)}})
	}
	for n := range keepNames {
		add(n)
	}
	if add(7); l.OpenUnlisted() {
		t.Error("somebody who is listed is not")
	}
	if add(keepNames); !l.OpenUnlisted() || len(l.OpenAuthors()) != keepNames {
		t.Errorf("%d are listed, and nothing says that there are more", len(l.OpenAuthors()))
	}
}
