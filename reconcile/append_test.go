package reconcile_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// appends counts them: each is one write, where the record is on DynamoDB.
type appends struct {
	history.Store
	n int
}

func (a *appends) Append(ctx context.Context, records ...history.Record) ([]history.Record, error) {
	a.n++
	return a.Store.Append(ctx, records...)
}

// What ARCHITECTURE.md says of writes: three for each call (intent, outcome, what was
// seen), four for a commit (it, its decision, what was reached, that all was), and none
// while there is nothing to do.
func TestACallTakesThreeAppendsAndAnIdleHourNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, world("10.0.1.20", "10.0.1.21"), gateway("10.0.1.21", "10.0.1.22"))
		counted := &appends{}
		s.config = func(c *reconcile.Config) {
			counted.Store = c.History
			c.History = counted
		}
		s.converge()
		wantMutations(t, s, "assign .22", "unassign .20")
		if calls := len(s.mutations()); counted.n != 3*calls+4 {
			t.Errorf("%d appends for %d calls of one commit", counted.n, calls)
		}
		t.Log("figure: writes to the record an EC2 call: 3, and 4 a commit")
		t.Logf("figure: USD on DynamoDB for the writes of a thousand EC2 calls, at $0.625 a million (AWS's price list of 2026-09-11): %.4f", 3*1000*0.625e-6)
		counted.n = 0
		s.serve(time.Hour, nil)
		if counted.n != 0 {
			t.Errorf("%d appends in an hour in which nothing happened", counted.n)
		}
	})
}
