package leasetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/lease"
)

// Contend writes and reads leases as a client that does not care whose they are: each
// round it reads them, and then writes one over the version that it read, now or in an
// earlier round. Whatever a call fails for, the next round goes on.
func Contend(ctx context.Context, table lease.Table, client, rounds int, random *rand.Rand, targets []string) {
	read := map[string]lease.Item{}
	for round := range rounds {
		if items, err := table.Leases(ctx); err == nil && random.IntN(4) > 0 { // else what it knows is old
			for _, item := range items {
				read[item.Target] = item
			}
		}
		target := targets[random.IntN(len(targets))]
		known := read[target]
		item := lease.Item{
			Target: target, Holder: fmt.Sprintf("client-%d-%d", client, round), Epoch: known.Epoch + 1, Version: known.Version + 1, Duration: time.Minute,
		}
		_ = table.Write(ctx, item, known.Version)
	}
}
