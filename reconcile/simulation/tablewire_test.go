package simulation

import (
	"context"
	"errors"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/lease"
	"github.com/seed-6ca89210/sluice/reconcile/lease/leasetest"
)

// tableWire is the network between a replica and the table of leases.
type tableWire struct {
	p    *process
	view *leasetest.View
}

var _ lease.Table = tableWire{}

var errNoAnswer = errors.New("no answer came")

// asked carries one request there and back, each way in a time of its own. Its effect
// has the world's context: who does not wait any more does not take it back.
func asked[T any](ctx context.Context, t tableWire, what, target string, effect func(context.Context) (T, error)) (T, error) {
	w := t.p.w
	about := []any{"table", what, target, t.p.place, w.nth("table", what, target, t.p.place)}
	var none T
	if err := t.arrives(ctx, about, "there"); err != nil {
		return none, err
	}
	if what == "write" {
		switch {
		case w.strikes(leaseLost, 0.006, about...):
			w.fired(leaseLost)
			w.add("process %d: the answer of a lease's write is lost", t.p.number)
			if w.chance(0.7, append(about, "has its effect")...) {
				_, _ = effect(w.t.Context())
			}
			return none, errNoAnswer
		case w.strikes(leaseLate, 0.006, about...):
			w.fired(leaseLate)
			w.add("process %d: a lease's write comes late", t.p.number)
			w.twins.flights.Go(func() {
				time.Sleep(w.between(time.Second, 40*time.Second, append(about, "late")...))
				_, _ = effect(context.Background())
			})
			<-ctx.Done()
			return none, t.p.wait(ctx, w.between(0, time.Second, append(about, "given up")...))
		}
	}
	value, err := effect(w.t.Context())
	if back := t.arrives(ctx, about, "back"); back != nil {
		return none, back
	}
	return value, err
}

// arrives lets one way's time pass. Who is cut off waits until the caller gives up.
func (t tableWire) arrives(ctx context.Context, about []any, way string) error {
	w := t.p.w
	if err := t.p.wait(ctx, w.between(2*time.Millisecond, 60*time.Millisecond, append(about, way)...)); err != nil {
		return err
	}
	if !t.p.cutOff() {
		return nil
	}
	w.fired(tableCut)
	<-ctx.Done()
	return t.p.wait(ctx, w.between(0, time.Second, append(about, "given up")...))
}

type nothing struct{}

// Leases implements [lease.Table].
func (t tableWire) Leases(ctx context.Context) ([]lease.Item, error) {
	return asked(ctx, t, "leases", "", t.view.Leases)
}

// Write implements [lease.Table].
func (t tableWire) Write(ctx context.Context, item lease.Item, expect uint64) error {
	_, err := asked(ctx, t, "write", item.Target, func(ctx context.Context) (nothing, error) {
		before := t.p.w.twins.table.Item(item.Target)
		err := t.view.Write(ctx, item, expect)
		if err == nil {
			t.p.w.twins.moved(t.p, before, item)
		}
		return nothing{}, err
	})
	return err
}

// Replicas implements [lease.Table].
func (t tableWire) Replicas(ctx context.Context) ([]lease.Replica, error) {
	return asked(ctx, t, "replicas", "", t.view.Replicas)
}

// Beat implements [lease.Table].
func (t tableWire) Beat(ctx context.Context, r lease.Replica) error {
	_, err := asked(ctx, t, "beat", "", func(ctx context.Context) (nothing, error) { return nothing{}, t.view.Beat(ctx, r) })
	return err
}

// Leave implements [lease.Table].
func (t tableWire) Leave(ctx context.Context, id string) error {
	_, err := asked(ctx, t, "leave", "", func(ctx context.Context) (nothing, error) { return nothing{}, t.view.Leave(ctx, id) })
	return err
}
