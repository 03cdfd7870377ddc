package leasetest

import (
	"context"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/lease"
)

// Hold takes a target's lease as the replica id, and returns it. It is given back by
// what is returned beside it, or when the test ends. The lease lasts for an hour.
func Hold(t testing.TB, table lease.Table, id, target string) (*lease.Held, func()) {
	t.Helper()
	keeper, err := lease.New(lease.Config{Table: table, ID: id, Targets: []string{target}, Duration: time.Hour, LongestCall: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	held, ended := make(chan *lease.Held, 1), make(chan struct{})
	go func() {
		defer close(ended)
		_ = keeper.Run(ctx, func(ctx context.Context, h *lease.Held) error {
			held <- h
			<-ctx.Done()
			return nil
		})
	}()
	end := func() { cancel(); <-ended }
	t.Cleanup(end)
	select {
	case h := <-held:
		return h, end
	case <-time.After(30 * time.Second):
		t.Fatalf("%s does not get the lease of %s: %v %+v", id, target, keeper.Trouble(), keeper.Items())
		return nil, nil
	}
}
