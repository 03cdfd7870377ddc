package history

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"testing"
	"time"
)

// numbered gives records their numbers and times.
func numbered(records []Record) []Record {
	for n := range records {
		records[n].Seq, records[n].Time = uint64(n+1), start.Add(time.Duration(n)*time.Second)
	}
	return records
}

func TestExplainTellsWhoWhyAndWhatEC2Said(t *testing.T) {
	log := []Record{
		{Kind: KindCommit, Commit: "c1", Author: "Ann <ann@example.com>", Message: "Remove .20\n\nIt is not used."},
		{Kind: KindDecision, Commit: "c1", PlanHash: "p1", PolicyDigest: "d1", Decision: "allow",
			Verdicts: []Verdict{{Rule: "plan.change_budget", Decision: "warn"}}},
		{Kind: KindDecision, Commit: "c1", PlanHash: "p1", Target: target, ResourceID: "nat-2", Decision: "deny",
			Verdicts: []Verdict{{Rule: "of.another", Decision: "deny"}}},
		{Kind: KindIntent, Commit: "c1", PlanHash: "p1", Target: target, ResourceKind: nat, ResourceID: "nat-1",
			SpecName: "egress-a", SpecFile: "a.yaml", SpecLine: 7, Verb: "unassign", MaxDrainSeconds: 350,
			Addresses: []netip.Addr{addrB, addrA}, Verdicts: []Verdict{{Rule: "action.cap_drain", Decision: "cap"}}},
		{Kind: KindIntent, Commit: "c1", PlanHash: "p1", Target: target, ResourceID: "nat-1", Verb: "assign", Addresses: []netip.Addr{addrB}},
		{Kind: KindOutcome, Intent: 5, Outcome: OutcomeRefused, Code: "NotMine", RequestID: "req-5"},
		{Kind: KindOutcome, Intent: 4, Outcome: OutcomeAccepted, RequestID: "req-4"},
		{Kind: KindSettled, Intent: 4, Outcome: OutcomeDone},
		{Kind: KindDrift, Commit: "c1", Target: target, ResourceID: "nat-1", Addresses: []netip.Addr{addrA}, Message: "it is back"},
		{Kind: KindDecision, Commit: "c2", PlanHash: "p2", ResourceID: "eni-1", Decision: "deny", Verb: "move",
			Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.1.16/28")}, Verdicts: []Verdict{{Rule: "x.y", Decision: "deny"}}},
	}
	at := func(n int) time.Time { return start.Add(time.Duration(n) * time.Second) }
	want := Story{Address: addrA, Events: []Event{
		{Seq: 4, Time: at(3), Kind: KindIntent, What: "unassign", Target: target, ResourceKind: nat, ResourceID: "nat-1",
			SpecName: "egress-a", SpecFile: "a.yaml", SpecLine: 7, Commit: "c1", Author: "Ann <ann@example.com>", Message: "Remove .20",
			PolicyDigest: "d1", PlanHash: "p1", Decision: "allow", MaxDrainSeconds: 350,
			Verdicts: []Verdict{{Rule: "action.cap_drain", Decision: "cap"}, {Rule: "plan.change_budget", Decision: "warn"}},
			Outcome:  OutcomeAccepted, RequestID: "req-4", Settled: OutcomeDone, SettledTime: at(7)},
		{Seq: 9, Time: at(8), Kind: KindDrift, What: "drift", Note: "it is back", Target: target, ResourceID: "nat-1",
			Commit: "c1", Author: "Ann <ann@example.com>", Message: "Remove .20"},
		{Seq: 10, Time: at(9), Kind: KindDecision, What: "move", ResourceID: "eni-1", Commit: "c2", PlanHash: "p2",
			Decision: "deny", Verdicts: []Verdict{{Rule: "x.y", Decision: "deny"}}},
	}}
	got := Explain(numbered(log), netip.MustParseAddr("::ffff:10.0.1.20"))
	if !reflect.DeepEqual(got, want) {
		text := func(s Story) string { data, _ := json.MarshalIndent(s, "", " "); return string(data) }
		t.Errorf("got  %s\nwant %s", text(got), text(want))
	}
	if got := Explain(log, netip.MustParseAddr("10.9.9.9")); len(got.Events) != 0 {
		t.Errorf("an address that nothing names: %v", got)
	}
}
