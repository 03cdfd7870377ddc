package schedule

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func mustParse(t rapid.TB, expr, zone string) Schedule {
	t.Helper()
	s, err := Parse(expr, zone)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// runs lists the runs from an instant, in local time with its offset.
func runs(s Schedule, from string, n int) string {
	at, err := time.Parse(time.RFC3339, from)
	if err != nil {
		panic(err)
	}
	var out []string
	for range n {
		at = s.Next(at)
		out = append(out, at.Format("15:04-0700"))
	}
	return strings.Join(out, " ")
}

func TestNextWhenTheClocksChange(t *testing.T) {
	// The instants are midnight of the day on which the clocks change.
	const (
		nySpring, nyAutumn         = "2026-03-08T00:00:00-05:00", "2026-11-01T00:00:00-04:00"
		berlinSpring, berlinAutumn = "2026-03-29T00:00:00+01:00", "2026-10-25T00:00:00+02:00"
		lordSpring, lordAutumn     = "2026-10-04T00:00:00+10:30", "2026-04-05T00:00:00+11:00"
	)
	cases := []struct{ name, expr, zone, from, want string }{
		{"a fixed time in the gap runs at the first instant after it",
			"30 2 * * *", "America/New_York", nySpring, "03:00-0400 02:30-0400"},
		{"two fixed times in one gap are one run",
			"10,40 2 * * *", "America/New_York", nySpring, "03:00-0400 02:10-0400"},
		{"a fixed time in the gap and one at its end are one run",
			"0 2,3 * * *", "Europe/Berlin", berlinSpring, "03:00+0200 02:00+0200"},
		{"a fixed time that comes twice runs at the first",
			"30 1 * * *", "America/New_York", nyAutumn, "01:30-0400 01:30-0500"},
		{"fixed times around the repeated hour run once each",
			"30 1-3 * * *", "America/New_York", nyAutumn, "01:30-0400 02:30-0500 03:30-0500 01:30-0500"},
		{"a fixed time in Berlin's repeated hour runs once",
			"30 2 * * *", "Europe/Berlin", berlinAutumn, "02:30+0200 02:30+0100"},
		{"every half hour is not silent in the repeated hour",
			"*/30 * * * *", "America/New_York", nyAutumn,
			"00:30-0400 01:00-0400 01:30-0400 01:00-0500 01:30-0500 02:00-0500"},
		{"every half hour of one hour runs in both passes",
			"*/30 1 * * *", "America/New_York", nyAutumn, "01:00-0400 01:30-0400 01:00-0500 01:30-0500 01:00-0500"},
		{"every half hour jumps over the gap",
			"*/30 * * * *", "Europe/Berlin", berlinSpring, "00:30+0100 01:00+0100 01:30+0100 03:00+0200 03:30+0200"},
		{"every hour by name is every hour",
			"30 0-23 * * *", "America/New_York", nyAutumn, "00:30-0400 01:30-0400 01:30-0500 02:30-0500"},
		{"every hour at half past keeps its pace over the gap",
			"30 * * * *", "America/New_York", nySpring, "00:30-0500 01:30-0500 03:30-0400 04:30-0400"},
		{"@hourly runs in both passes",
			"@hourly", "Europe/Berlin", berlinAutumn, "01:00+0200 02:00+0200 02:00+0100 03:00+0100"},
		{"every second hour keeps its pace into the gap",
			"0 */2 * * *", "America/New_York", nySpring, "03:00-0400 04:00-0400 06:00-0400"},
		{"a gap of half an hour: a fixed time in it",
			"15 2 * * *", "Australia/Lord_Howe", lordSpring, "02:30+1100 02:15+1100"},
		{"a gap of half an hour: the hour that is left out is made up",
			"0 * * * *", "Australia/Lord_Howe", lordSpring, "01:00+1030 02:30+1100 03:00+1100"},
		{"half an hour twice: a fixed time in it runs once",
			"45 1 * * *", "Australia/Lord_Howe", lordAutumn, "01:45+1100 01:45+1030"},
		{"half an hour twice: every quarter runs in both passes",
			"*/15 * * * *", "Australia/Lord_Howe", "2026-04-05T01:15:00+11:00",
			"01:30+1100 01:45+1100 01:30+1030 01:45+1030 02:00+1030"},
		{"a day that a country left out",
			"0 9 * * *", "Pacific/Apia", "2011-12-29T09:00:00-10:00", "00:00+1400 09:00+1400"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := runs(mustParse(t, c.expr, c.zone), c.from, len(strings.Fields(c.want)))
			if got != c.want {
				t.Errorf("%s from %s:\n got %s\nwant %s", c.expr, c.from, got, c.want)
			}
		})
	}
}

func TestNextOutsideTheCalendarIsNever(t *testing.T) {
	s := mustParse(t, "* * * * *", "America/New_York")
	for _, at := range []time.Time{
		time.Unix(1<<60, 0), time.Unix(-1<<60, 0), time.Date(9001, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		if next := s.Next(at); !next.IsZero() {
			t.Errorf("Next(%v) = %v", at, next)
		}
	}
	if next := (Schedule{}).Next(time.Now()); !next.IsZero() {
		t.Errorf("the zero schedule is due at %v", next)
	}
}

func TestNextFindsTheLeapDayPastTheYearWithoutOne(t *testing.T) {
	next := mustParse(t, "0 0 29 2 *", "America/New_York").Next(time.Date(2096, 3, 1, 0, 0, 0, 0, time.UTC))
	if got := next.Format("2006-01-02 15:04"); got != "2104-02-29 00:00" {
		t.Errorf("next leap day is %s", got)
	}
}

var zones = []string{
	"", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo",
	"Africa/Casablanca", "Pacific/Apia", "Atlantic/Azores", "America/St_Johns", "Asia/Kathmandu",
}

var instants = rapid.Custom(func(t *rapid.T) time.Time {
	seconds := rapid.Int64Range(-2e9, 4e9).Draw(t, "unix") // 1906 to 2096
	if rapid.IntRange(0, 9).Draw(t, "turn of the year") == 0 {
		year := rapid.IntRange(1950, 2096).Draw(t, "year")
		seconds = time.Date(year, 12, 31, 0, 0, int(seconds%86400), 0, time.UTC).Unix()
	}
	return time.Unix(seconds, rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
})

// schedules draws expressions that come often enough to be stepped through.
var schedules = rapid.Custom(func(t *rapid.T) Schedule {
	minute := rapid.SampledFrom([]string{"*", "*/7", "*/15", "0", "30", "5,45", "10-20/5"}).Draw(t, "minute")
	hour := rapid.SampledFrom([]string{"*", "*/2", "*/5", "0", "1", "2", "3", "1-3", "0,12", "23"}).Draw(t, "hour")
	day := rapid.SampledFrom([]string{"* * *", "1 * *", "* * sun", "* 3,10,11 *", "29 2 *", "*/2 * 1-5"}).Draw(t, "day")
	expr := minute + " " + hour + " " + day
	if rapid.IntRange(0, 9).Draw(t, "every") == 0 {
		expr = "@every " + rapid.SampledFrom([]string{"1m", "7m", "90m", "24h"}).Draw(t, "d")
	}
	return mustParse(t, expr, rapid.SampledFrom(zones).Draw(t, "zone"))
})

func TestNextIsLaterAndMonotoneAndNeverTheSameTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, at := schedules.Draw(t, "schedule"), instants.Draw(t, "at")
		next := s.Next(at)
		if !next.After(at) {
			t.Fatalf("%q: Next(%v) = %v", s, at, next)
		}
		if after := s.Next(next); !after.After(next) {
			t.Fatalf("%q: %v twice", s, next)
		}
		// Whatever lies between at and its next run has that same next run.
		between := at.Add(time.Duration(rapid.Int64Range(0, int64(next.Sub(at))-1).Draw(t, "step")))
		if again := s.Next(between); !again.Equal(next) {
			t.Fatalf("%q: next of %v is %v, but of %v it is %v", s, at, next, between, again)
		}
	})
}

// TestNextAgreesWithAClockThatIsWatched compares Next with a slow reading of the
// documented rules: look at the wall clock every minute over three days around a
// change, and note what it shows.
func TestNextAgreesWithAClockThatIsWatched(t *testing.T) {
	changes := map[string][]string{
		"America/New_York":    {"2026-03-08", "2026-11-01"},
		"Europe/Berlin":       {"2026-03-29", "2026-10-25"},
		"Australia/Lord_Howe": {"2026-04-05", "2026-10-04"},
		"Atlantic/Azores":     {"2026-03-29", "2026-10-25"},
		"America/Sao_Paulo":   {"2018-02-18", "2018-11-04"},
		"Australia/Sydney":    {"2028-12-31"}, // where Go's own bounds of the period are wrong
	}
	exprs := []string{
		"* * * * *", "*/15 * * * *", "30 * * * *", "0 */2 * * *", "*/20 1-3 * * *",
		"30 1 * * *", "30 2 * * *", "0 0 * * *", "15,45 0,1,2,23 * * *", "0 3 * * sun", "59 23 * * *",
	}
	for zone, days := range changes {
		for _, day := range days {
			for _, expr := range exprs {
				s := mustParse(t, expr, zone)
				start, err := time.ParseInLocation("2006-01-02", day, s.zone)
				if err != nil {
					t.Fatal(err)
				}
				from, to := start.Add(-30*time.Hour).UTC(), start.Add(40*time.Hour).UTC()
				want := watched(s, from, to)
				var got []time.Time
				for at := s.Next(from); at.Before(to) && len(got) <= len(want); at = s.Next(at) {
					got = append(got, at.UTC())
				}
				if !slices.Equal(got, want) {
					t.Errorf("%q in %s around %s:\n got %v\nwant %v", expr, zone, day, got, want)
				}
			}
		}
	}
}

// watched is the oracle. It knows the zone only by asking what the clock shows.
func watched(s Schedule, from, to time.Time) []time.Time {
	matches := func(wall time.Time) bool { return s.fields.Next(wall.Add(-1)).Equal(wall) }
	shows := func(at time.Time) time.Time {
		l := at.In(s.zone)
		return time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), 0, 0, time.UTC)
	}
	seen, due := map[time.Time]bool{}, map[time.Time]bool{}
	for at := from.Add(-24 * time.Hour); at.Before(to); at = at.Add(time.Minute) {
		wall, last := shows(at), shows(at.Add(-time.Minute))
		for gap := last.Add(time.Minute); gap.Before(wall); gap = gap.Add(time.Minute) {
			switch {
			case !matches(gap):
			case s.repeats:
				due[at.Add(gap.Sub(last)-time.Minute)] = true
			default:
				due[at] = true
			}
		}
		if matches(wall) && (s.repeats || !seen[wall]) {
			due[at] = true
		}
		seen[wall] = true
	}
	var list []time.Time
	for at := range due {
		if at.After(from) && at.Before(to) {
			list = append(list, at)
		}
	}
	slices.SortFunc(list, time.Time.Compare)
	return list
}

func TestJitterSpreadsAThousandTargets(t *testing.T) {
	const max, slots = time.Minute, 10
	var count [slots]int
	for i := range 1000 {
		key := "target-" + string(rune('a'+i%26)) + time.Duration(i).String()
		d := Jitter(key, max)
		if d < 0 || d >= max || d != Jitter(key, max) {
			t.Fatalf("Jitter(%q) = %v", key, d)
		}
		count[d*slots/max]++
	}
	for slot, n := range count {
		if n < 60 || n > 140 {
			t.Errorf("%d of 1000 in tenth %d: %v", n, slot, count)
		}
	}
	if Jitter("x", 0) != 0 || Jitter("x", -time.Second) != 0 {
		t.Error("a maximum that is not positive must give no delay")
	}
}
