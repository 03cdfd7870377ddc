package lease_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/lease"
	"github.com/seed-6ca89210/sluice/reconcile/lease/leasetest"
)

// counted counts the calls to a table.
type counted struct {
	lease.Table
	renewals, beats, reads atomic.Int64
}

func (c *counted) Leases(ctx context.Context) ([]lease.Item, error) {
	c.reads.Add(1)
	return c.Table.Leases(ctx)
}

func (c *counted) Replicas(ctx context.Context) ([]lease.Replica, error) {
	c.reads.Add(1)
	return c.Table.Replicas(ctx)
}

func (c *counted) Write(ctx context.Context, item lease.Item, expect uint64) error {
	c.renewals.Add(1)
	return c.Table.Write(ctx, item, expect)
}

func (c *counted) Beat(ctx context.Context, r lease.Replica) error {
	c.beats.Add(1)
	return c.Table.Beat(ctx, r)
}

// USD for a write and a read on demand in us-east-1, by AWS's price list of 2026-09-11; no
// item of a lease or of a replica is larger than one unit, up to some 20 leases.
const perWrite, perRead, hoursAMonth = 0.625e-6, 0.125e-6, 730

// What ARCHITECTURE.md says of an idle hour: with leases of 30 s each target costs 360
// writes, and each replica 360 writes and 720 reads.
func TestAnIdleHourCostsWhatIsSaidOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := &counted{Table: leasetest.New().For()}
		targets := names("target", 3)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{}, 3)
		for _, id := range names("replica", 3) {
			keeper, err := lease.New(lease.Config{Table: table, ID: id, Targets: targets})
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				_ = keeper.Run(ctx, func(ctx context.Context, _ *lease.Held) error { <-ctx.Done(); return nil })
				ended <- struct{}{}
			}()
		}
		time.Sleep(time.Hour + time.Second) // by now they are spread
		before := [3]int64{table.renewals.Load(), table.beats.Load(), table.reads.Load()}
		time.Sleep(time.Hour)
		after := [3]int64{table.renewals.Load(), table.beats.Load(), table.reads.Load()}
		for i, want := range [3]int64{3 * 360, 3 * 360, 3 * 720} {
			if got := after[i] - before[i]; got != want {
				t.Errorf("%s: %d in an hour, not %d", []string{"renewals", "beats", "reads"}[i], got, want)
			} else {
				t.Logf("figure: DynamoDB %s: %d", []string{"writes an idle hour and target", "writes an idle hour and replica", "reads an hour and replica"}[i], got/3)
			}
		}
		target := 360 * hoursAMonth * perWrite
		t.Logf("figure: USD a month on DynamoDB for an idle target, and for a replica, on demand in us-east-1 at $0.625 a million writes, $0.125 a million reads (AWS's price list of 2026-09-11): %.2f, %.2f",
			target, target+720*hoursAMonth*perRead)
		cancel()
		for range 3 {
			<-ended
		}
	})
}
