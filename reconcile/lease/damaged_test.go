package lease_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/lease"
	"github.com/seed-6ca89210/sluice/reconcile/lease/leasetest"
)

func TestADamagedLeaseIsToldOnceAndTakenOnceItWasDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := leasetest.New()
		table.Put(lease.Item{Target: "prod", Version: 1 << 62, Damaged: "its epoch is no number"})
		a := start(t, table, "a", "prod", "test")
		time.Sleep(time.Hour)
		if a.holds() != "test" || a.log.count("a lease is damaged") != 1 || a.Items()[0].Damaged == "" {
			t.Fatalf("holds %q, says %+v, %d times in the log", a.holds(), a.Items(), a.log.count("a lease is damaged"))
		}
		for _, item := range table.Written() {
			if item.Target == "prod" {
				t.Fatalf("it was written over: %+v", item)
			}
		}
		table.Drop("prod")
		time.Sleep(third)
		if item := a.Items()[0]; a.holds() != "test" || item.Damaged != "" {
			t.Fatalf("taken at once, or still said to be damaged: %+v", item)
		}
		soon(t, func() bool { return a.holds() == "prod test" })
		if wait := time.Until(a.lease("prod").ActFrom()); wait < duration+longest-2*time.Second {
			t.Errorf("acts in %s", wait)
		}
	})
}
