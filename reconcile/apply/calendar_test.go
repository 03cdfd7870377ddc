package apply

import (
	"slices"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/calendar"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/schedule"
)

func TestTheCallAfterAWindowHasClosedIsNotMade(t *testing.T) {
	cron, err := schedule.Parse("0 2 * * *", "UTC")
	if err != nil {
		t.Fatal(err)
	}
	nights, err := schedule.NewWindow(cron, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	c := calendar.Calendar{Windows: []calendar.Window{{Name: "nights", Times: nights}}}
	now := time.Date(2026, 11, 23, 2, 59, 59, 0, time.UTC) // the window's last second
	approved, all := worldAt(t, 2, c, now)
	f := &fake{now: all[0]}
	f.answer = func(inventory.Call) (inventory.Answer, error) {
		now = now.Add(time.Second) // the first call takes it
		return inventory.Answer{}, nil
	}
	r := Runner{Clients: map[string]EC2{"default": f}, Journal: f, Now: func() time.Time { return now }}
	steps := r.Apply(t.Context(), approved, all)
	var got []Outcome
	for _, s := range steps {
		got = append(got, s.Outcome)
	}
	if want := []Outcome{Accepted, Closed, Closed}; !slices.Equal(got, want) {
		t.Fatalf("outcomes %v, want %v", got, want)
	}
	if want := "not sent: guard.window: outside of window nights, which opens 2026-11-24 02:00 UTC"; steps[1].Message != want {
		t.Errorf("message %q, want %q", steps[1].Message, want)
	}
	if intents := slices.DeleteFunc(slices.Clone(f.log), func(s string) bool { return len(s) < 6 || s[:6] != "intent" }); len(intents) != 1 {
		t.Errorf("intents of calls that were not made: %v", f.log)
	}
}
