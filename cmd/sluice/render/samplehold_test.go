package render

import (
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

const sampleHold = "commit 7f3c2a1b9d04 does not descend from aaaaaaaaaaaa, which was last applied: the branch was rewound to a commit behind it; put the change on top of that one, or acknowledge it: sluice ack " + sampleID

// heldPlan is a plan of a commit that is held, and nothing else about it.
func heldPlan() plan.Plan {
	p := swapPlan()
	p.Hold = sampleHold
	r := &p.Resources[0]
	r.Stop(plan.Held, "guard.commit: the commit is held")
	r.Verdicts = append(r.Verdicts, plan.Verdict{Rule: "guard.commit", Decision: "hold", Msg: "the commit is held"})
	p.Seal()
	return p
}

// heldInSync is a held commit that asks for nothing.
func heldInSync() plan.Plan {
	p := syncedPlan()
	p.Hold = sampleHold
	return p
}

func heldRecords() []history.Record {
	return []history.Record{
		{Seq: 7, Time: sampleTime, Kind: history.KindHeld, Commit: sampleID, Message: sampleHold},
		{Seq: 8, Time: sampleTime.Add(time.Hour), Kind: history.KindAcknowledged, Commit: sampleID, Author: "ada@bastion-1", Message: "a secret was dropped"},
		{Seq: 9, Time: sampleTime.Add(2 * time.Hour), Kind: history.KindAcknowledged, Commit: sampleID, Author: "ada@bastion-1"},
	}
}
