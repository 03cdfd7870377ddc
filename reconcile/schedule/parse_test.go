package schedule

import (
	"strings"
	"testing"
	"time"
)

func TestParseRefusesWithASentence(t *testing.T) {
	cases := []struct{ name, expr, zone, want string }{
		{"an empty expression", "", "UTC", "it is empty"},
		{"blanks only", " \t ", "UTC", "it is empty"},
		{"a bare TZ= that makes the library panic", "TZ=", "UTC", "set timeZone instead"},
		{"a smuggled zone", "TZ=Asia/Tokyo 0 5 * * *", "UTC", "set timeZone instead"},
		{"a smuggled zone behind a blank", " CRON_TZ=Asia/Tokyo 0 5 * * *", "UTC", "set timeZone instead"},
		{"30 February", "0 0 30 2 *", "UTC", "never comes"},
		{"31 June or November", "0 0 31 6,11 *", "UTC", "never comes"},
		{"an empty list item", "0 , * * *", "UTC", `the hour field "," has an empty item`},
		{"a list that ends in a comma", "1, * * * *", "UTC", "empty item"},
		{"four fields", "* * * *", "UTC", "it has 4 fields"},
		{"seconds", "0 * * * * *", "UTC", "it has 6 fields"},
		{"a minute of 60", "60 * * * *", "UTC", "above maximum"},
		{"a step of nothing", "*/0 * * * *", "UTC", "positive"},
		{"a huge step", "*/99999999999999999999 * * * *", "UTC", "failed to parse int"},
		{"a descriptor nobody knows", "@noon", "UTC", "unrecognized descriptor"},
		{"a negative @every", "@every -1s", "UTC", "too short"},
		{"an @every under a minute", "@every 59s", "UTC", "the least is 1m"},
		{"an @every of centuries", "@every 2000000h", "UTC", "the most is"},
		{"an @every without duration", "@every", "UTC", "needs a duration"},
		{"an @every with a word", "@every day", "UTC", "needs a duration"},
		{"an over-long expression", strings.Repeat("*", 300) + " * * * *", "UTC", "longer than"},
		{"control bytes", "* * * * \x1b[31m", "UTC", "characters that do not belong"},
		{"a zone that is not known", "* * * * *", "Mars/Olympus", "is not known"},
		{"a path as zone", "* * * * *", "../../etc/passwd", "is not known"},
		{"the machine's own zone", "* * * * *", "Local", "write an IANA name"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s, err := Parse(c.expr, c.zone)
			if err == nil {
				t.Fatalf("accepted; next is %v", s.Next(time.Now()))
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q does not say %q", err, c.want)
			}
			if strings.ContainsAny(err.Error(), "\x1b\n") || len(err.Error()) > 250 {
				t.Errorf("error is not fit for a terminal: %q", err)
			}
		})
	}
}

func TestParseAcceptsWhatCronUsersWrite(t *testing.T) {
	from := time.Date(2026, 3, 4, 10, 7, 30, 5, time.UTC) // a Wednesday
	cases := []struct{ expr, zone, want string }{
		{"*/15 * * * *", "", "2026-03-04T10:15:00Z"},
		{" 0\t6 * * mon-fri ", "UTC", "2026-03-05T06:00:00Z"},
		{"0 6 * * *", "Asia/Kolkata", "2026-03-05T06:00:00+05:30"},
		{"0 0 29 2 *", "UTC", "2028-02-29T00:00:00Z"},
		{"0 0 1 jan ?", "UTC", "2027-01-01T00:00:00Z"},
		{"0 12 13 * 5", "UTC", "2026-03-06T12:00:00Z"}, // the 13th or a Friday
		{"@hourly", "UTC", "2026-03-04T11:00:00Z"},
		{"@daily", "UTC", "2026-03-05T00:00:00Z"},
		{"@weekly", "UTC", "2026-03-08T00:00:00Z"},
		{"@monthly", "UTC", "2026-04-01T00:00:00Z"},
		{"@yearly", "UTC", "2027-01-01T00:00:00Z"},
		{"@every 5m", "UTC", "2026-03-04T10:10:00Z"},
		{"@every 1h30m", "Europe/Berlin", "2026-03-04T11:30:00+01:00"},
	}
	for _, c := range cases {
		t.Run(c.expr, func(t *testing.T) {
			s, err := Parse(c.expr, c.zone)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Next(from).Format(time.RFC3339); got != c.want {
				t.Errorf("Next = %s, want %s", got, c.want)
			}
			if s.String() != strings.TrimSpace(c.expr) {
				t.Errorf("String = %q", s)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, expr := range []string{
		"*/15 * * * *", "TZ=", "CRON_TZ=UTC * * * * *", "0 0 30 2 *", "@every -1s", "@every 1m",
		"@hourly", "", ",", "1-5/2,7 * * * mon", "*/0 * * * *", "0 0 29 2 *", "? ? ? ? ?",
	} {
		f.Add(expr, "Europe/Berlin")
	}
	from := time.Date(2096, 3, 1, 0, 0, 0, 0, time.UTC) // the longest wait for a 29 February
	f.Fuzz(func(t *testing.T, expr, zone string) {
		s, err := Parse(expr, zone)
		if err != nil {
			return
		}
		if next := s.Next(from); !next.After(from) {
			t.Errorf("%q in %q: next of %v is %v", expr, zone, from, next)
		}
	})
}
