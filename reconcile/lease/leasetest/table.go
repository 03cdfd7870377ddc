// Package leasetest is a table of leases in memory, for tests: what replicas share, as
// each of them reaches it. It waits by the time package, so it works in a bubble of
// testing/synctest.
package leasetest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/seed-6ca89210/sluice/reconcile/lease"
)

// Table is what all replicas share. It is safe for concurrent use.
type Table struct {
	mu       sync.Mutex
	items    map[string]lease.Item
	replicas map[string]lease.Replica
	written  []lease.Item
	blind    bool
	calls    int // on their way
	quiet    sync.Cond
}

// New returns an empty table.
func New() *Table {
	t := &Table{items: map[string]lease.Item{}, replicas: map[string]lease.Replica{}}
	t.quiet.L = &t.mu
	return t
}

// For returns the table as one replica reaches it: whole, until its [View] is told
// otherwise. Each call returns another.
func (t *Table) For() *View { return &View{table: t} }

// Settle returns when every call has had its effect, also those that nobody waits for
// any more: where views were slow, the end of a bubble needs that.
func (t *Table) Settle() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.calls > 0 {
		t.quiet.Wait()
	}
}

func (t *Table) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls++
}

func (t *Table) finish() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.calls--; t.calls == 0 {
		t.quiet.Broadcast()
	}
}

// Item returns a target's lease as it stands; the zero Item when there is none.
func (t *Table) Item(target string) lease.Item {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.items[target]
}

// Written returns everything that was ever written of leases, in order.
func (t *Table) Written() []lease.Item {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.written)
}

// Put sets a lease by hand, whatever stands there; Drop removes one.
func (t *Table) Put(item lease.Item) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.items[item.Target] = item
}

// Drop removes a lease by hand.
func (t *Table) Drop(target string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.items, target)
}

// Blind makes the table ignore every write's condition from now on: the bug that a
// checker of the protocol has to find.
func (t *Table) Blind() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.blind = true
}

func (t *Table) leases() []lease.Item {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.SortedFunc(maps.Values(t.items), func(a, b lease.Item) int { return cmp.Compare(a.Target, b.Target) })
}

func (t *Table) write(item lease.Item, expect uint64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.items[item.Target].Version != expect && !t.blind {
		return lease.ErrConflict
	}
	t.items[item.Target] = item
	t.written = append(t.written, item)
	return nil
}

func (t *Table) present() []lease.Replica {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.SortedFunc(maps.Values(t.replicas), func(a, b lease.Replica) int { return cmp.Compare(a.ID, b.ID) })
}

func (t *Table) beat(r lease.Replica) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.replicas[r.ID] = r
}

func (t *Table) leave(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.replicas, id)
}

var _ lease.Table = (*View)(nil)

// Leases implements [lease.Table].
func (v *View) Leases(ctx context.Context) (items []lease.Item, err error) {
	return call(ctx, v, false, func() ([]lease.Item, error) { return v.table.leases(), nil })
}

// Write implements [lease.Table].
func (v *View) Write(ctx context.Context, item lease.Item, expect uint64) error {
	_, err := call(ctx, v, true, func() (struct{}, error) { return struct{}{}, v.table.write(item, expect) })
	return err
}

// Replicas implements [lease.Table].
func (v *View) Replicas(ctx context.Context) ([]lease.Replica, error) {
	return call(ctx, v, false, func() ([]lease.Replica, error) { return v.table.present(), nil })
}

// Beat implements [lease.Table].
func (v *View) Beat(ctx context.Context, r lease.Replica) error {
	_, err := call(ctx, v, true, func() (struct{}, error) { v.table.beat(r); return struct{}{}, nil })
	return err
}

// Leave implements [lease.Table].
func (v *View) Leave(ctx context.Context, id string) error {
	_, err := call(ctx, v, true, func() (struct{}, error) { v.table.leave(id); return struct{}{}, nil })
	return err
}
