package reconcile_test

import (
	"testing"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/schedule"
)

func everyQuarter(t *testing.T, correct bool) *reconcile.Drift {
	t.Helper()
	s, err := schedule.Parse("*/15 * * * *", "UTC")
	if err != nil {
		t.Fatal(err)
	}
	return &reconcile.Drift{Schedule: s, Correct: correct}
}
