package render

import (
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// takenRecords are a call of one replica, and another that goes on after it.
func takenRecords() []history.Record {
	call := history.Record{
		Kind: history.KindIntent, Commit: sampleID, Target: "prod-use1", ResourceKind: string(inventory.KindNatGateway), ResourceID: "nat-0ee3edd182361f662",
		SpecName: "egress-a", Verb: "assign", Addresses: ips("10.0.1.21"), Epoch: 3,
	}
	again := call
	again.Epoch = 4
	seen := again
	seen.Kind, seen.Intent, seen.Outcome = history.KindSettled, 8, history.OutcomeNotDone
	records := []history.Record{
		{Kind: history.KindTaken, Target: "prod-use1", Epoch: 3, Replica: "sluice-0-3f9a"},
		call,
		{Kind: history.KindTaken, Target: "prod-use1", Epoch: 4, Replica: "sluice-1-77b0"},
		seen,
		again,
	}
	for i := range records {
		records[i].Seq, records[i].Time = uint64(7+i), sampleTime.Add(time.Duration(i)*time.Minute)
	}
	return records
}
