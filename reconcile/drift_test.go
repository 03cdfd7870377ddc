package reconcile_test

import (
	"testing"

	"github.com/seed-6ca89210/sluice/reconcile/calendar"
	"github.com/seed-6ca89210/sluice/reconcile/schedule"
)

func everyQuarter(t *testing.T, correct bool) calendar.Calendar {
	t.Helper()
	return calendar.Calendar{Schedules: []calendar.Schedule{{Name: "drift", Cron: cron(t, "*/15 * * * *"), Correct: correct}}}
}

func cron(t *testing.T, expr string) schedule.Schedule {
	t.Helper()
	s, err := schedule.Parse(expr, "UTC")
	if err != nil {
		t.Fatal(err)
	}
	return s
}
