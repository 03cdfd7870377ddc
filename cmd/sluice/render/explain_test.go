package render

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// sampleStory is the story of an address that was tried, refused, taken away by
// somebody, and asked for once more against policy.
func sampleStory() history.Story {
	at := func(seq uint64, seconds int, kind history.Kind, what string) history.Event {
		return history.Event{
			Seq: seq, Time: sampleTime.Add(time.Duration(seconds) * time.Second), Kind: kind, What: what,
			Target: "default", ResourceKind: "NatGateway", ResourceID: gatewayA,
			SpecName: egressA.Name, SpecFile: egressA.File, SpecLine: egressA.Line,
			Commit: sampleID, Author: "Ada Lovelace <ada@example.com>", Message: "Swap an address of egress-a",
			PolicyDigest: samplePolicy, PlanHash: swapPlan().PlanHash,
		}
	}
	probe := at(2, 0, history.KindProbe, "assign")
	probe.Outcome, probe.Code, probe.RequestID = history.OutcomeAccepted, "DryRunOperation", requestA
	added := at(3, 1, history.KindIntent, "assign")
	added.Decision, added.Outcome, added.RequestID = "allow", history.OutcomeAccepted, requestA
	added.Settled, added.SettledTime = history.OutcomeDone, sampleTime.Add(6*time.Second)
	refused := at(6, 60, history.KindIntent, "unassign")
	refused.Decision, refused.MaxDrainSeconds = "allow", 350
	refused.Verdicts = []history.Verdict{{Rule: "action.cap_drain", Decision: "cap", Msg: "drains are capped at 350 s"}}
	refused.Outcome, refused.Code, refused.RequestID = history.OutcomeRefused, "UnauthorizedOperation", requestB
	refused.Note = "You are not authorized to perform this operation."
	refused.Settled, refused.SettledTime = history.OutcomeNotDone, sampleTime.Add(93*time.Second)
	drift := at(123, 86400, history.KindDrift, "drift")
	drift.Target, drift.Note = "prod-use1", "assign 10.0.1.21"
	denied := at(130, 90000, history.KindDecision, "decision")
	denied.Decision, denied.SpecName, denied.SpecFile, denied.SpecLine = "deny", "", "", 0
	denied.Verdicts = []history.Verdict{{Rule: "spec.allowed_cidrs", Decision: "deny", Msg: "10.0.1.21 is outside the allowed ranges"}}
	moved := at(140, 90001, history.KindIntent, "move")
	moved.ResourceKind, moved.ResourceID, moved.SpecName, moved.From = "NetworkInterface", vip, "vip-db", "eni-0123456789abcdef0"
	moved.Decision, moved.Outcome = "allow", history.OutcomeLost
	return history.Story{
		Address: netip.MustParseAddr("10.0.1.21"),
		Events:  []history.Event{probe, added, refused, drift, denied, moved},
	}
}

func TestExplainIsAsInTheGoldenFiles(t *testing.T) {
	for name, story := range map[string]history.Story{
		"explain": sampleStory(), "explain-unknown": {Address: netip.MustParseAddr("10.9.9.9")},
	} {
		var text, colour, data bytes.Buffer
		if err := styled(&text, false, 80).Explain(story); err != nil {
			t.Fatal(err)
		}
		if err := styled(&colour, true, 80).Explain(story); err != nil {
			t.Fatal(err)
		}
		if err := ExplainJSON(&data, story); err != nil {
			t.Fatal(err)
		}
		golden(t, name, text.Bytes())
		golden(t, name+".colour", colour.Bytes())
		golden(t, name+"-json", data.Bytes())
	}
}
