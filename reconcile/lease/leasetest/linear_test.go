package leasetest_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/lease"
	"github.com/seed-6ca89210/sluice/reconcile/lease/leasetest"
)

const patience = time.Minute

// contention is what five clients did to a table whose calls take up to 8 ms, some of
// which nobody waits for to the end.
func contention(t *testing.T, seed uint64, blind bool) (operations []leasetest.Operation) {
	t.Helper()
	targets := []string{"prod", "test"}
	synctest.Test(t, func(t *testing.T) {
		table := leasetest.New()
		if blind {
			table.Blind()
		}
		recorder := leasetest.NewRecorder(targets...)
		var clients sync.WaitGroup
		for n := range 5 {
			random := rand.New(rand.NewPCG(seed, uint64(n)))
			view := table.For()
			slow := slowly{view, view, random}
			clients.Go(func() { leasetest.Contend(t.Context(), recorder.Client(n, slow), n, 30, random, targets) })
		}
		clients.Wait()
		table.Settle()
		operations = recorder.Operations()
	})
	return operations
}

// slowly is a view whose calls take another time each, and which gives some of them up.
type slowly struct {
	lease.Table
	view   *leasetest.View
	random *rand.Rand
}

func (s slowly) pace(ctx context.Context) (context.Context, context.CancelFunc) {
	s.view.Slow(time.Duration(s.random.IntN(4000))*time.Microsecond, time.Duration(s.random.IntN(4000))*time.Microsecond)
	if s.random.IntN(20) == 0 {
		return context.WithTimeout(ctx, 2*time.Millisecond)
	}
	return context.WithCancel(ctx)
}

func (s slowly) Leases(ctx context.Context) ([]lease.Item, error) {
	ctx, cancel := s.pace(ctx)
	defer cancel()
	return s.Table.Leases(ctx)
}

func (s slowly) Write(ctx context.Context, item lease.Item, expect uint64) error {
	ctx, cancel := s.pace(ctx)
	defer cancel()
	return s.Table.Write(ctx, item, expect)
}

func TestTheTableInMemoryIsLinearizable(t *testing.T) {
	for seed := range uint64(20) {
		operations := contention(t, seed, false)
		if ok, known := leasetest.Linearizable(operations, patience); !ok || !known {
			t.Errorf("seed %d, %d operations: linearizable %t, known %t", seed, len(operations), ok, known)
		}
	}
}

func TestATableThatIgnoresConditionsIsFoundNotToBeLinearizable(t *testing.T) {
	for seed := range uint64(5) {
		if ok, known := leasetest.Linearizable(contention(t, seed, true), patience); ok || !known {
			t.Errorf("seed %d: linearizable %t, known %t", seed, ok, known)
		}
	}
}

// Each of these can be told from the promise by one look.
func TestHistoriesThatNoTableMakes(t *testing.T) {
	item := func(version uint64, holder string) lease.Item {
		return lease.Item{Target: "prod", Version: version, Holder: holder}
	}
	op := func(call, end int, o leasetest.Operation) leasetest.Operation {
		o.Target, o.Call, o.Return = "prod", time.Duration(call), time.Duration(end)
		return o
	}
	wrote := func(i lease.Item, expect uint64) leasetest.Operation {
		return leasetest.Operation{Write: true, Item: i, Expect: expect}
	}
	read := func(i lease.Item) leasetest.Operation { return leasetest.Operation{Item: i} }
	refused := wrote(item(1, "b"), 0)
	refused.Refused = true
	doubt := wrote(item(2, "a"), 1)
	doubt.Doubt = true
	for name, c := range map[string]struct {
		operations []leasetest.Operation
		want       bool
	}{
		"a write is read":                        {[]leasetest.Operation{op(1, 2, wrote(item(1, "a"), 0)), op(3, 4, read(item(1, "a")))}, true},
		"a read sees what is over":               {[]leasetest.Operation{op(1, 2, wrote(item(1, "a"), 0)), op(3, 4, read(lease.Item{}))}, false},
		"a read that overlaps may":               {[]leasetest.Operation{op(1, 4, wrote(item(1, "a"), 0)), op(2, 3, read(lease.Item{}))}, true},
		"two writes of one version":              {[]leasetest.Operation{op(1, 2, wrote(item(1, "a"), 0)), op(3, 4, wrote(item(1, "b"), 0))}, false},
		"a refusal for nothing":                  {[]leasetest.Operation{op(1, 2, refused)}, false},
		"a doubtful write that had no effect":    {[]leasetest.Operation{op(1, 2, wrote(item(1, "a"), 0)), op(3, 4, doubt), op(5, 6, read(item(1, "a")))}, true},
		"a doubtful write with a late effect":    {[]leasetest.Operation{op(1, 2, wrote(item(1, "a"), 0)), op(3, 4, doubt), op(5, 6, read(item(1, "a"))), op(7, 8, read(item(2, "a")))}, true},
		"a doubtful write whose effect vanishes": {[]leasetest.Operation{op(1, 2, wrote(item(1, "a"), 0)), op(3, 4, doubt), op(5, 6, read(item(2, "a"))), op(7, 8, read(item(1, "a")))}, false},
	} {
		if ok, known := leasetest.Linearizable(c.operations, patience); ok != c.want || !known {
			t.Errorf("%s: linearizable %t, known %t", name, ok, known)
		}
	}
}
