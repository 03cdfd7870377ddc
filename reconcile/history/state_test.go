package history

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// drawLog draws records of every kind that a ledger folds, sealed as a log would.
func drawLog(rt *rapid.T) []Record {
	pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(rt, label) }
	var log []Record
	prev, at := "", start
	for range rapid.IntRange(1, 60).Draw(rt, "records") {
		at = at.Add(time.Duration(rapid.IntRange(0, 100_000).Draw(rt, "seconds")) * time.Second)
		r := Record{Time: at, Commit: pick("commit", "", "c1", "c2", "c3"), PlanHash: pick("plan", "", "p1", "p2"), Message: pick("message", "", "why <&>")}
		r.Kind = rapid.SampledFrom([]Kind{
			KindCommit, KindDecision, KindIntent, KindIntent, KindOutcome, KindOutcome, KindSettled, KindReached, KindConverged, KindHeld, KindAcknowledged, KindProbe, KindDrift, KindDrift, KindAttributed, KindRestored, KindContested, KindCut, KindTaken,
		}).Draw(rt, "kind")
		switch r.Kind {
		case KindCommit:
			r.Authors, r.Source = rapid.SliceOfN(rapid.SampledFrom([]string{"a@x", "b@x"}), 0, 2).Draw(rt, "authors"), pick("source", "", "h/one")
			r.Unlisted = rapid.IntRange(0, 9).Draw(rt, "unlisted") == 0
			if rapid.IntRange(0, 9).Draw(rt, "a full list") == 0 {
				r.Authors = slices.Repeat([]string{"c@x"}, MostAuthors)
			}
		case KindDecision:
			if r.Decision = pick("decision", "allow", "hold"); rapid.Bool().Draw(rt, "past a hold") {
				r.Plan = json.RawMessage(`{"b":1,"a":"<>"}`)
			}
		case KindConverged:
			r.Decision = pick("stopped", "", "deny")
		case KindReached:
			r.Reached = map[string]string{pick("resource", "t/NatGateway/n1", "t/NatGateway/n2"): pick("digest", "d1", "d2")}
		case KindDrift, KindAttributed, KindRestored:
			r.Target, r.ResourceKind, r.ResourceID = "t", nat, pick("id", "n1", "n2")
			r.Drift = []Stray{{Address: "10.0.1.20", Change: "added", Since: at}}
			if r.Kind == KindAttributed {
				r.Of = uint64(rapid.IntRange(1, len(log)+1).Draw(rt, "of"))
				r.Drift[0].Who = &Actor{Principal: pick("who", "ada", "bob"), Time: at}
			}
		case KindIntent:
			r.Target, r.ResourceKind, r.ResourceID, r.Verb = "t", pick("of", nat, "NetworkInterface"), pick("id", "n1", "n2"), pick("verb", "assign", "unassign")
			r.MaxDrainSeconds, r.Addresses = 100, []netip.Addr{rapid.SampledFrom([]netip.Addr{addrA, addrB}).Draw(rt, "address")}
		case KindOutcome, KindSettled:
			r.Intent, r.RequestID = uint64(rapid.IntRange(1, len(log)+1).Draw(rt, "intent")), pick("request", "", "q1", "q2")
			r.Outcome = pick("outcome", OutcomeAccepted, OutcomeRefused, OutcomeLost, OutcomeDone, OutcomeNotDone)
		}
		sealed, _, err := seal(r, uint64(len(log)+1), prev)
		if err != nil {
			rt.Fatal(err)
		}
		log, prev = append(log, sealed), sealed.Hash
	}
	return log
}

func TestALedgerGoesOnFromACheckpointAsIfNothingWasCut(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		log := drawLog(rt)
		whole, rest := NewLedger(), NewLedger()
		at := rapid.IntRange(0, len(log)).Draw(rt, "cut")
		for _, r := range log[:at] {
			whole.Add(r)
		}
		data, err := json.Marshal(whole)
		if err != nil {
			rt.Fatal(err)
		}
		if err := json.Unmarshal(data, rest); err != nil {
			rt.Fatal(err)
		}
		for _, r := range log[at:] {
			whole.Add(r)
			rest.Add(r)
		}
		if !reflect.DeepEqual(whole, rest) {
			a, _ := json.Marshal(whole)
			b, _ := json.Marshal(rest)
			rt.Fatalf("cut behind %d of %d:\n%s\n%s", at, len(log), a, b)
		}
	})
}

func TestNamesGoOnFromACheckpointWhenTheyAreFull(t *testing.T) {
	whole, rest := NewLedger(), NewLedger()
	see := func(l *Ledger, from, to int) {
		for n := from; n < to; n++ {
			l.Add(Record{Kind: KindCommit, Commit: time.Duration(n).String()})
		}
	}
	see(whole, 0, keepNames+10)
	data, err := json.Marshal(whole)
	if err == nil {
		err = json.Unmarshal(data, rest)
	}
	if err != nil {
		t.Fatal(err)
	}
	see(whole, keepNames+10, keepNames+30)
	see(rest, keepNames+10, keepNames+30)
	if !reflect.DeepEqual(whole, rest) {
		t.Error("another order is forgotten")
	}
}

// A field that a checkpoint does not carry is lost at the first cut.
func TestACheckpointCarriesEveryFieldOfTheLedger(t *testing.T) {
	within := map[string]string{"resources": "intents", "set": "ring"} // what is made again of another field
	for _, pair := range [][2]reflect.Type{
		{reflect.TypeFor[Ledger](), reflect.TypeFor[state]()}, {reflect.TypeFor[intent](), reflect.TypeFor[intentState]()},
		{reflect.TypeFor[tally](), reflect.TypeFor[roundState]()}, {reflect.TypeFor[names](), reflect.TypeFor[namesState]()},
		{reflect.TypeFor[drifts](), reflect.TypeFor[driftsState]()}, {reflect.TypeFor[correction](), reflect.TypeFor[correctionState]()},
	} {
		has := map[string]bool{}
		for f := range pair[1].Fields() {
			has[f.Name] = true
		}
		for f := range pair[0].Fields() {
			name := f.Name
			if other, ok := within[name]; ok {
				name = other
			}
			if want := strings.ToUpper(name[:1]) + name[1:]; !has[want] {
				t.Errorf("%s.%s: %s has no %s; add it, and to MarshalJSON, UnmarshalJSON and drawLog", pair[0].Name(), f.Name, pair[1].Name(), want)
			}
		}
	}
}

func TestALedgerOfANewerSluiceIsNotHalfRead(t *testing.T) {
	if err := json.Unmarshal([]byte(`{"decision":["",""],"held":["",""],"frozen":["x"]}`), NewLedger()); err == nil {
		t.Error("what this sluice does not know was dropped")
	}
}

func TestWhoUndidACorrectionIsLearntAfterACutToo(t *testing.T) {
	drift := Record{Kind: KindDrift, Commit: "c1", Target: target, ResourceKind: nat, ResourceID: "nat-1"}
	answer := Record{Kind: KindAttributed, Target: target, ResourceKind: nat, ResourceID: "nat-1", Of: 4, Drift: []Stray{{Address: "10.0.1.20", Who: &Actor{Principal: "ada"}}}}
	l := NewLedger()
	data, err := json.Marshal(fold(unassign("c1", addrA), outcome(1, OutcomeAccepted), settled(1, OutcomeDone), drift))
	if err == nil {
		err = json.Unmarshal(data, l)
	}
	if err != nil {
		t.Fatal(err)
	}
	l.Add(answer)
	rounds := l.Corrections(target, nat, "nat-1")
	if len(rounds) != 1 || rounds[0].Who == nil || rounds[0].Who.Principal != "ada" || len(l.Unanswered()) != 0 {
		t.Errorf("%+v, %d unanswered", rounds, len(l.Unanswered()))
	}
}
