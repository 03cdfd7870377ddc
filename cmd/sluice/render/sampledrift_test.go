package render

import (
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

var (
	driftSeen = time.Date(2026, 11, 22, 10, 3, 0, 0, time.UTC)
	mallory   = inventory.Actor{
		Principal: "arn:aws:sts::123456789012:assumed-role/Admin/mallory\x1b[31m", Type: "AssumedRole", Operation: "UnassignPrivateNatGatewayAddress",
		Time: driftSeen.Add(-20 * time.Second), SourceIP: "203.0.113.7", Console: true, EventID: "6f1c0d5e-0000-4000-8000-000000000001", RequestID: "59dbff89-35bd-4eac-99ed-be587EXAMPLE",
	}
)

// driftedPlan is a gateway whose drift is left alone, and one whose drift always comes
// back.
func driftedPlan() plan.Plan {
	left := gateway(plan.Blocked, "drift, left for a commit to adopt (drift.action is adopt): assign 10.0.1.20, then unassign 10.0.1.99")
	left.Drift = &plan.Drift{
		Addresses: []plan.Stray{
			{Address: "10.0.1.20", Change: plan.Removed, RightAt: driftSeen.Add(-time.Minute), Since: driftSeen, Who: &mallory},
			{Address: "10.0.1.99", Change: plan.Added, Since: driftSeen},
		},
		Note:  "who it was is being looked up in CloudTrail",
		Adopt: "sluice import --pr nat-0ee3edd182361f662 --config sluice.yaml | git apply",
	}
	contested := gateway(plan.Blocked, "contested: assign 10.0.2.20 was done 5 times under this commit and undone each time by somebody else; left alone until a new commit")
	contested.Spec.Name = "egress-b"
	contested.Drift = &plan.Drift{
		Addresses: []plan.Stray{{Address: "10.0.2.20", Change: plan.Changing, RightAt: driftSeen.Add(-time.Minute), Since: driftSeen}},
		Contested: true,
		Rounds: []plan.Round{
			{Action: "assign 10.0.2.20", Corrected: driftSeen.Add(-2 * time.Hour), Undone: driftSeen.Add(-time.Hour), Who: &mallory},
			{Action: "assign 10.0.2.20", Corrected: driftSeen.Add(-time.Hour)},
		},
	}
	return sealed("apply", left, contested)
}

func driftedRecords() []history.Record {
	who := history.Actor(mallory)
	of := func(seq uint64, kind history.Kind, message string, stray ...history.Stray) history.Record {
		return history.Record{
			Seq: seq, Time: driftSeen.Add(time.Duration(seq) * time.Minute), Kind: kind, Message: message, Target: "default", ResourceKind: "NatGateway",
			ResourceID: gatewayA, SpecName: "egress-a", SpecFile: "gateways/a.yaml", SpecLine: 1, Commit: sampleID, Addresses: ips("10.0.1.20"), Drift: stray,
		}
	}
	stray := history.Stray{Address: "10.0.1.20", Change: "removed", RightAt: driftSeen.Add(-time.Minute), Since: driftSeen}
	named := stray
	named.Who = &who
	contested := of(4, history.KindContested, "contested: assign 10.0.1.20 was done 5 times under this commit")
	contested.Rounds = []history.Round{{Action: "assign 10.0.1.20", Corrected: driftSeen.Add(-time.Hour), Undone: driftSeen, Who: &who}}
	return []history.Record{
		of(1, history.KindDrift, "assign 10.0.1.20", stray),
		of(2, history.KindAttributed, "", named),
		of(3, history.KindRestored, "as the spec says again"),
		contested,
		of(5, history.KindAttributed, "CloudTrail names nobody", stray),
	}
}
