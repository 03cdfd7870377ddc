package schedule

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func mustWindow(t rapid.TB, expr, zone string, lasts time.Duration) Window {
	t.Helper()
	w, err := NewWindow(mustParse(t, expr, zone), lasts)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// changes lists when a window opens (+) and closes (-) from an instant, in local time.
func changes(w Window, from string, n int) string {
	at, err := time.Parse(time.RFC3339, from)
	if err != nil {
		panic(err)
	}
	var out []string
	for range n {
		var open bool
		at, open = w.Change(at)
		sign := "-"
		if open {
			sign = "+"
		}
		out = append(out, sign+at.In(w.Zone()).Format("15:04-0700"))
	}
	return strings.Join(out, " ")
}

func TestWindowsWhenTheClocksChange(t *testing.T) {
	const (
		nySpring, nyAutumn         = "2026-03-08T00:00:00-05:00", "2026-11-01T00:00:00-04:00"
		berlinSpring, berlinAutumn = "2026-03-29T00:00:00+01:00", "2026-10-25T00:00:00+02:00"
		lordSpring, lordAutumn     = "2026-10-04T00:00:00+10:30", "2026-04-05T00:00:00+11:00"
	)
	const berlin, ny, lord = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
	cases := []struct {
		name, expr, zone string
		lasts            time.Duration
		from, want       string
	}{
		{"an hour at a time that spring leaves out opens after the gap, for a whole hour",
			"30 2 * * *", berlin, time.Hour, berlinSpring, "+03:00+0200 -04:00+0200 +02:30+0200"},
		{"the same in New York", "30 2 * * *", ny, time.Hour, nySpring, "+03:00-0400 -04:00-0400 +02:30-0400"},
		{"the same where the gap is half an hour", "15 2 * * *", lord, time.Hour, lordSpring, "+02:30+1100 -03:30+1100 +02:15+1100"},
		{"an hour at a time that comes twice opens at the first only",
			"30 2 * * *", berlin, time.Hour, berlinAutumn, "+02:30+0200 -02:30+0100 +02:30+0100 -03:30+0100"},
		{"the same in New York", "30 1 * * *", ny, time.Hour, nyAutumn, "+01:30-0400 -01:30-0500 +01:30-0500"},
		{"the same where half an hour comes twice", "45 1 * * *", lord, 15 * time.Minute, lordAutumn, "+01:45+1100 -01:30+1030 +01:45+1030"},
		{"three hours over spring's change end an hour later by the clock",
			"0 1 * * *", berlin, 3 * time.Hour, berlinSpring, "+01:00+0100 -05:00+0200"},
		{"three hours over autumn's change end an hour earlier by the clock",
			"0 1 * * *", berlin, 3 * time.Hour, berlinAutumn, "+01:00+0200 -03:00+0100"},
		{"three hours over New York's spring", "0 0 * * *", ny, 3 * time.Hour, "2026-03-07T23:00:00-05:00", "+00:00-0500 -04:00-0400"},
		{"three hours over New York's autumn", "0 0 * * *", ny, 3 * time.Hour, "2026-10-31T23:00:00-04:00", "+00:00-0400 -02:00-0500"},
		{"two hours over Lord Howe's spring", "0 1 * * *", lord, 2 * time.Hour, lordSpring, "+01:00+1030 -03:30+1100"},
		{"two hours over Lord Howe's autumn", "0 1 * * *", lord, 2 * time.Hour, lordAutumn, "+01:00+1100 -02:30+1030"},
		{"ten minutes of every hour open in both passes of the hour that comes twice",
			"0 * * * *", berlin, 10 * time.Minute, "2026-10-25T01:30:00+02:00", "+02:00+0200 -02:10+0200 +02:00+0100 -02:10+0100 +03:00+0100"},
		{"openings that overlap are one", "0 1,2,3 * * *", "UTC", 90 * time.Minute, "2026-11-22T00:00:00Z", "+01:00+0000 -04:30+0000 +01:00+0000"},
		{"openings that touch are one", "0 1,2 * * *", "UTC", time.Hour, "2026-11-22T00:00:00Z", "+01:00+0000 -03:00+0000"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := changes(mustWindow(t, c.expr, c.zone, c.lasts), c.from, len(strings.Fields(c.want))); got != c.want {
				t.Errorf("%s for %s from %s:\n got %s\nwant %s", c.expr, c.lasts, c.from, got, c.want)
			}
		})
	}
}

func TestAWindowHasBounds(t *testing.T) {
	s := mustParse(t, "0 2 * * *", "UTC")
	for lasts, want := range map[time.Duration]string{
		0: "too short", -time.Hour: "too short", 59 * time.Second: "the least is 1m", 745 * time.Hour: "the most is 744h",
	} {
		if _, err := NewWindow(s, lasts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", lasts, err)
		}
	}
	at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	if w := (Window{}); w.Open(at) || !w.Opens(at).IsZero() || w.Zone() != time.UTC {
		t.Error("the zero window opens")
	}
	always := mustWindow(t, "* * * * *", "UTC", time.Hour)
	if end := always.Closes(at); !always.Open(at) || !end.IsZero() {
		t.Errorf("a window that is always open closes at %v", end)
	}
}

// TestAWindowIsOpenWhereARunIsNotLongerAgoThanItLasts compares a window with its
// runs, counted one by one from far enough back.
func TestAWindowIsOpenWhereARunIsNotLongerAgoThanItLasts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, at := schedules.Draw(t, "schedule"), instants.Draw(t, "at")
		lasts := time.Duration(rapid.SampledFrom([]int64{1, 7, 15, 60, 61, 90, 1440, 2 * 1440}).Draw(t, "minutes")) * time.Minute
		w, err := NewWindow(s, lasts)
		if err != nil {
			t.Fatal(err)
		}
		var last time.Time // the last run up to at
		for run := s.Next(at.Add(-lasts - time.Hour)); !run.IsZero() && !run.After(at); run = s.Next(run) {
			last = run
		}
		open := !last.IsZero() && at.Sub(last) < lasts
		if w.Open(at) != open {
			t.Fatalf("%q for %s: open at %v is %v, and its last run was %v", s, lasts, at, w.Open(at), last)
		}
		if open && !w.lastStart(at).Equal(last) {
			t.Fatalf("%q for %s: the last start up to %v is %v, not %v", s, lasts, at, w.lastStart(at), last)
		}
		change, opens := w.Change(at)
		if change.IsZero() { // always open
			return
		}
		if !change.After(at) || opens == open || w.Open(change) != opens || w.Open(change.Add(-1)) != open {
			t.Fatalf("%q for %s: open %v at %v, then %v at %v", s, lasts, open, at, opens, change)
		}
		between := at.Add(time.Duration(rapid.Int64Range(0, int64(change.Sub(at))-1).Draw(t, "step")))
		if w.Open(between) != open {
			t.Fatalf("%q for %s: another change at or before %v, between %v and %v", s, lasts, between, at, change)
		}
	})
}

func BenchmarkTheEndOfAMonthLongWindowThatOpensEveryMinute(b *testing.B) {
	s, err := Parse("* * 1 * *", "Europe/Berlin")
	if err != nil {
		b.Fatal(err)
	}
	w, err := NewWindow(s, maxWindow-10*24*time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		w.Closes(time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC))
	}
}
