package leasetest_test

import (
	"testing"

	"github.com/seed-6ca89210/sluice/reconcile/lease/leasetest"
)

func TestTheTableInMemoryIsOne(t *testing.T) { leasetest.Conform(t, leasetest.New().For()) }
