package calendar

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/schedule"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

func cron(t rapid.TB, expr, zone string) schedule.Schedule {
	t.Helper()
	s, err := schedule.Parse(expr, zone)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func window(t rapid.TB, name, expr, zone string, lasts time.Duration, deny bool) Window {
	t.Helper()
	w, err := schedule.NewWindow(cron(t, expr, zone), lasts)
	if err != nil {
		t.Fatal(err)
	}
	return Window{Name: name, Times: w, Deny: deny}
}

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

var prod = spec.Selector{Labels: map[string]string{"env": "prod"}}

func gateway(labels map[string]string) spec.Document {
	return spec.Document{Kind: inventory.KindNatGateway, Name: "egress", Target: "default", Labels: labels, File: "a.yaml", Line: 1}
}

// sample is nights for prod, never on a working day from 9 to 17 in New York, and a
// freeze at the turn of the year.
func sample(t rapid.TB) Calendar {
	nights := window(t, "nights", "0 2 * * *", "Europe/Berlin", 2*time.Hour, false)
	nights.Selector = prod
	return Calendar{
		Windows: []Window{nights, window(t, "trading", "0 9 * * 1-5", "America/New_York", 8*time.Hour, true)},
		Freezes: []Freeze{{Name: "year-end", From: at("2026-12-20T00:00:00Z"), Until: at("2027-01-07T00:00:00Z"), Reason: "year-end trade", Owner: "net@example.com"}},
	}
}

func TestWhatIsClosedSaysByWhatUntilWhenAndWhose(t *testing.T) {
	c := sample(t)
	labels := map[string]string{"env": "prod"}
	suspended := gateway(labels)
	suspended.Suspend = &spec.Suspend{Until: at("2026-11-23T01:30:00Z"), Reason: "a move", Owner: "ada"}
	cases := []struct {
		name, at string
		doc      spec.Document
		want     string // rule and message, one a line
		opens    string
	}{
		{"in the window everything is open", "2026-11-23T01:00:00Z", gateway(labels), "", "2026-11-23T01:00:00Z"},
		{"at the window's end it is closed", "2026-11-23T03:00:00Z", gateway(labels),
			"guard.window outside of window nights, which opens 2026-11-24 02:00 CET (Europe/Berlin)", "2026-11-24T02:00:00+01:00"},
		{"what no allow window selects needs none", "2026-11-23T03:00:00Z", gateway(nil), "", "2026-11-23T03:00:00Z"},
		{"a deny window closes it", "2026-11-23T15:00:00Z", gateway(nil),
			"guard.window inside of the deny window trading, until 2026-11-23 17:00 EST (America/New_York)", "2026-11-23T17:00:00-05:00"},
		{"both kinds of window, and the later end counts", "2026-11-23T15:00:00Z", gateway(labels),
			"guard.window inside of the deny window trading, until 2026-11-23 17:00 EST (America/New_York)\n" +
				"guard.window outside of window nights, which opens 2026-11-24 02:00 CET (Europe/Berlin)", "2026-11-24T02:00:00+01:00"},
		{"a suspend within the window", "2026-11-23T01:00:00Z", suspended,
			"guard.suspend suspended until 2026-11-23 01:30 UTC, owner ada: a move", "2026-11-23T01:30:00Z"},
		{"a suspend that has ended does not count", "2026-11-23T01:30:00Z", suspended, "", "2026-11-23T01:30:00Z"},
		{"a freeze, and the window after it", "2026-12-20T01:00:00Z", gateway(labels),
			"guard.freeze frozen by year-end until 2027-01-07 00:00 UTC, owner net@example.com: year-end trade", "2027-01-07T02:00:00+01:00"},
		{"a freeze has not begun before it begins", "2026-12-19T23:59:59Z", gateway(nil), "", "2026-12-19T23:59:59Z"},
		{"a freeze has ended when it ends", "2027-01-07T00:00:00Z", gateway(nil), "", "2027-01-07T00:00:00Z"},
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, h := range c.Closed(tt.doc, at(tt.at)) {
				got = append(got, h.Rule+" "+h.Msg)
				if !IsRule(h.Rule) {
					t.Errorf("%s is no rule of the calendar", h.Rule)
				}
			}
			if strings.Join(got, "\n") != tt.want {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), tt.want)
			}
			if opens := c.Opens(at(tt.at), tt.doc).Format(time.RFC3339); opens != tt.opens {
				t.Errorf("opens %s, want %s", opens, tt.opens)
			}
		})
	}
}

func TestTheWindowThatOpensFirstIsNamed(t *testing.T) {
	c := Calendar{Windows: []Window{
		window(t, "saturdays", "0 6 * * sat", "UTC", time.Hour, false), window(t, "nights", "0 2 * * *", "UTC", time.Hour, false),
	}}
	holds := c.Closed(gateway(nil), at("2026-11-23T04:00:00Z"))
	if len(holds) != 1 || holds[0].Msg != "outside of windows saturdays and nights; nights opens first, 2026-11-24 02:00 UTC" {
		t.Errorf("%+v", holds)
	}
	if open := c.Closed(gateway(nil), at("2026-11-28T06:59:59Z")); len(open) > 0 {
		t.Errorf("one open window is enough: %+v", open)
	}
}

func TestWhatNeverOpensHasNoEndWithinSight(t *testing.T) {
	always := window(t, "always", "* * * * *", "UTC", time.Hour, true)
	c := Calendar{Windows: []Window{always}}
	holds := c.Closed(gateway(nil), at("2026-11-23T04:00:00Z"))
	if len(holds) != 1 || !strings.Contains(holds[0].Msg, "does not end within sight") || !c.Opens(at("2026-11-23T04:00:00Z"), gateway(nil)).IsZero() {
		t.Errorf("%+v", holds)
	}
	c = Calendar{Windows: []Window{window(t, "nights", "0 2 * * *", "UTC", time.Hour, false), window(t, "no nights", "0 1 * * *", "UTC", 3*time.Hour, true)}}
	if opens := c.Opens(at("2026-11-23T04:00:00Z"), gateway(nil)); !opens.IsZero() {
		t.Errorf("windows that exclude each other open at %v", opens)
	}
}

// TestOpensIsTheFirstInstantAtWhichNothingHolds walks from minute to minute: all of
// what is drawn begins and ends on whole minutes.
func TestOpensIsTheFirstInstantAtWhichNothingHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Calendar
		from := at("2026-03-28T00:00:00Z").Add(time.Duration(rapid.IntRange(0, 3*1440).Draw(t, "from")) * time.Minute)
		for i := range rapid.IntRange(0, 3).Draw(t, "windows") {
			c.Windows = append(c.Windows, window(t, fmt.Sprint("w", i), rapid.SampledFrom([]string{"30 2 * * *", "0 0,8 * * *", "0 1 * * sun", "15 22 * * *"}).Draw(t, "cron"),
				rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "Australia/Lord_Howe"}).Draw(t, "zone"),
				time.Duration(rapid.SampledFrom([]int{30, 120, 400}).Draw(t, "minutes"))*time.Minute, rapid.Bool().Draw(t, "deny")))
		}
		doc := gateway(nil)
		if rapid.Bool().Draw(t, "suspended") {
			doc.Suspend = &spec.Suspend{Until: from.Add(time.Duration(rapid.IntRange(-60, 600).Draw(t, "until")) * time.Minute)}
		}
		opens := c.Opens(from, doc)
		last := opens
		if last.IsZero() {
			last = from.Add(5 * time.Hour)
		}
		for minute := from; minute.Before(last); minute = minute.Add(time.Minute) {
			if len(c.Closed(doc, minute)) == 0 {
				t.Fatalf("open at %v, and opens says %v", minute, opens)
			}
		}
		if !opens.IsZero() && len(c.Closed(doc, opens)) > 0 {
			t.Fatalf("closed at %v: %+v", opens, c.Closed(doc, opens))
		}
	})
}

func TestTheFirstScheduleThatSelectsADocumentIsIts(t *testing.T) {
	c := Calendar{Schedules: []Schedule{{Name: "prod", Selector: prod}, {Name: "gateways", Selector: spec.Selector{Kind: "NatGateway"}}}}
	eni := gateway(nil)
	eni.Kind = inventory.KindNetworkInterface
	for i, doc := range []spec.Document{gateway(map[string]string{"env": "prod"}), gateway(nil)} {
		if got := c.ScheduleOf(doc); got != i {
			t.Errorf("document %d has schedule %d", i, got)
		}
	}
	if got := c.ScheduleOf(eni); got != -1 {
		t.Errorf("nothing selects the interface, but schedule %d", got)
	}
}

func TestTheAgendaListsWhatComesInOrder(t *testing.T) {
	c := sample(t)
	c.Schedules = []Schedule{
		{Name: "prod drift", Selector: prod, Cron: cron(t, "0 3 * * *", "Europe/Berlin"), Correct: true},
		{Name: "drift", Cron: cron(t, "0 12 * * *", "UTC")},
	}
	docs := []spec.Document{gateway(map[string]string{"env": "prod"}), gateway(nil), gateway(nil)}
	docs[1].Name, docs[1].Line, docs[1].Suspend = "lab", 9, &spec.Suspend{Until: at("2026-11-23T14:00:00Z")}
	var got []string
	next, later := c.Agenda(docs, at("2026-11-22T13:00:00Z"), 9)
	for _, e := range append(next, later...) {
		got = append(got, fmt.Sprintf("%s %s %s %d", Clock(e.At), e.What, e.Name, *e.Specs))
	}
	want := `2026-11-23 02:00 CET (Europe/Berlin) window opens nights 1
2026-11-23 03:00 CET (Europe/Berlin) correct drift prod drift 1
2026-11-23 04:00 CET (Europe/Berlin) window closes nights 1
2026-11-23 12:00 UTC detect drift drift 2
2026-11-23 14:00 UTC suspend ends lab 1
2026-11-23 09:00 EST (America/New_York) deny window opens trading 3
2026-11-23 17:00 EST (America/New_York) deny window closes trading 3
2026-11-24 02:00 CET (Europe/Berlin) window opens nights 1
2026-11-24 03:00 CET (Europe/Berlin) correct drift prod drift 1
2026-12-20 00:00 UTC freeze begins year-end 3`
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	freeze, rest := c.Agenda(nil, at("2026-12-19T23:00:00Z"), 1)
	if len(freeze) != 1 || len(rest) != 4 || freeze[0].What != FreezeBegins || freeze[0].Specs != nil {
		t.Errorf("%+v", freeze)
	}
	if empty, _ := (Calendar{}).Agenda(nil, at("2026-12-19T23:00:00Z"), 10); len(empty) > 0 {
		t.Errorf("%+v", empty)
	}
}

func TestInstantsAreWrittenWithTheirZone(t *testing.T) {
	lord, err := time.LoadLocation("Australia/Lord_Howe")
	if err != nil {
		t.Fatal(err)
	}
	for want, when := range map[string]time.Time{
		"2026-11-22 12:00 UTC":                       at("2026-11-22T12:00:00Z"),
		"2026-11-22 12:00:07 UTC":                    at("2026-11-22T12:00:07Z"),
		"2026-11-22 23:00 +11 (Australia/Lord_Howe)": at("2026-11-22T12:00:00Z").In(lord),
	} {
		if got := Clock(when); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
