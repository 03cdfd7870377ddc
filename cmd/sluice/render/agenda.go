package render

import (
	"io"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/calendar"
	"github.com/seed-6ca89210/sluice/reconcile/rulebook"
)

// Agenda is what will run, open, close and end after an instant, the soonest first.
type Agenda struct {
	At     time.Time        `json:"at"`
	Next   []calendar.Entry `json:"next"`
	Later  []calendar.Entry `json:"later"` // the first of everything that is not in Next
	Spread bool             `json:"-"`     // there are runs, which are spread over the targets
}

// AgendaJSON writes an agenda's JSON form.
func AgendaJSON(w io.Writer, a Agenda) error {
	if a.Next == nil {
		a.Next = []calendar.Entry{}
	}
	if a.Later == nil {
		a.Later = []calendar.Entry{}
	}
	return writeJSON(w, a)
}

// Agenda prints what will be when: in the zone in which each was written, and in UTC.
func (s *Style) Agenda(a Agenda) error {
	return s.print(func(pg *page) {
		if len(a.Next) == 0 {
			pg.flow(span{plain, "Nothing is scheduled after " + calendar.Clock(a.At) + "."})
			return
		}
		rows := agendaRows(a.Next)
		if len(a.Later) > 0 {
			rows = append(rows, row{cells: []span{{quiet, "and then, first"}, {}}})
			rows = append(rows, agendaRows(a.Later)[1:]...)
		}
		pg.table(0, rows)
		if a.Spread {
			pg.newline()
			pg.flow(span{quiet, "In the daemon each target starts a run later by its own part of a tenth of the time to the next one, and of at most 30s."})
		}
	})
}

func agendaRows(entries []calendar.Entry) []row {
	rows := []row{{cells: []span{{quiet, "when"}, {quiet, "in UTC"}, {quiet, "what"}, {quiet, "of"}}}}
	for _, e := range entries {
		name := e.Name
		if e.Specs != nil {
			name += ", " + count(*e.Specs, "spec", "specs")
		}
		rows = append(rows, row{cells: []span{{strong, e.At.Format("2006-01-02 15:04" + seconds(e.At) + " MST")}, {quiet, inUTC(e.At)},
			{eventInk(e.What), string(e.What)}, {plain, name + ": " + selected(e)}}})
	}
	return rows
}

// selected says which specs an entry is about.
func selected(e calendar.Entry) string {
	switch words := rulebook.SelectorWords(e.Selector); {
	case e.What == calendar.SuspendEnds:
		return "until then nothing is changed there"
	case words != "":
		return words
	case e.What == calendar.DriftCorrect || e.What == calendar.DriftDetect:
		return "what no other schedule selects"
	}
	return "all"
}

// inUTC is the same instant in UTC, without the day where it is the same too.
func inUTC(t time.Time) string {
	u := t.UTC()
	if u.Format(time.DateOnly) == t.Format(time.DateOnly) {
		return u.Format("15:04" + seconds(t))
	}
	return u.Format("01-02 15:04" + seconds(t))
}

// seconds is the layout of the seconds of an instant that has some.
func seconds(t time.Time) string {
	if t.Second() == 0 {
		return ""
	}
	return ":05"
}

// eventInk tells what lets changes through from what stops them.
func eventInk(e calendar.Event) ink {
	switch {
	case slices.Contains([]calendar.Event{calendar.WindowOpens, calendar.DenyCloses, calendar.FreezeEnds, calendar.SuspendEnds}, e):
		return good
	case slices.Contains([]calendar.Event{calendar.WindowCloses, calendar.DenyOpens, calendar.FreezeBegins}, e):
		return holding
	}
	return moving
}
