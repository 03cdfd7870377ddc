package calendar

import (
	"fmt"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// The ids under which the calendar stands among a plan's verdicts.
const (
	SuspendRule = "guard.suspend"
	FreezeRule  = "guard.freeze"
	WindowRule  = "guard.window"
)

// IsRule reports whether a verdict's rule is the calendar's. Its holds end by
// themselves, and no approval lifts them.
func IsRule(id string) bool { return id == SuspendRule || id == FreezeRule || id == WindowRule }

// Hold is one reason why a resource must not be changed at an instant.
type Hold struct {
	Rule  string    // one of the ids above
	Msg   string    // for people: what, until when, whose, why
	Until time.Time // when this reason ends, in its own zone; zero: not within sight
}

// Closed returns why a document's resource must not be changed at t; nothing when
// it may be.
func (c Calendar) Closed(doc spec.Document, t time.Time) []Hold {
	var holds []Hold
	if s := doc.Suspend; s != nil && t.Before(s.Until) {
		holds = append(holds, Hold{SuspendRule, fmt.Sprintf("suspended until %s, owner %s: %s", Clock(s.Until), s.Owner, s.Reason), s.Until})
	}
	for _, f := range c.Freezes {
		if f.In(t) && f.Selector.Selects(doc) {
			holds = append(holds, Hold{FreezeRule, fmt.Sprintf("frozen by %s until %s, owner %s: %s", f.Name, Clock(f.Until), f.Owner, f.Reason), f.Until})
		}
	}
	for _, w := range c.Windows {
		if w.Deny && w.Selector.Selects(doc) && w.Times.Open(t) {
			holds = append(holds, w.denies(t))
		}
	}
	if h, outside := c.outside(doc, t); outside {
		holds = append(holds, h)
	}
	return holds
}

func (w Window) denies(t time.Time) Hold {
	end := w.Times.Closes(t)
	until := "and it does not end within sight"
	if !end.IsZero() {
		until = "until " + Clock(end)
	}
	return Hold{WindowRule, fmt.Sprintf("inside of the deny window %s, %s", w.Name, until), end}
}

// outside holds what has allow windows, while none of them is open.
func (c Calendar) outside(doc spec.Document, t time.Time) (Hold, bool) {
	var names []string
	var first Window
	var opens time.Time
	for _, w := range c.Windows {
		if w.Deny || !w.Selector.Selects(doc) {
			continue
		}
		next := w.Times.Opens(t)
		if next.Equal(t) {
			return Hold{}, false
		}
		names = append(names, w.Name)
		if !next.IsZero() && (opens.IsZero() || next.Before(opens)) {
			first, opens = w, next
		}
	}
	switch {
	case len(names) == 0:
		return Hold{}, false
	case opens.IsZero():
		return Hold{WindowRule, "outside of " + listed(names) + ", and none opens within sight", opens}, true
	case len(names) == 1:
		return Hold{WindowRule, fmt.Sprintf("outside of window %s, which opens %s", first.Name, Clock(opens)), opens}, true
	}
	return Hold{WindowRule, fmt.Sprintf("outside of %s; %s opens first, %s", listed(names), first.Name, Clock(opens)), opens}, true
}

func listed(names []string) string {
	if len(names) == 1 {
		return "window " + names[0]
	}
	return "windows " + strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// maxSteps bounds the search for an instant at which nothing holds.
const maxSteps = 64

// Opens returns the first instant from t on at which nothing holds any of the
// documents, in the zone of what held last; zero when there is none within sight.
func (c Calendar) Opens(t time.Time, docs ...spec.Document) time.Time {
	for range maxSteps {
		next := t
		for _, doc := range docs {
			for _, h := range c.Closed(doc, t) {
				if h.Until.IsZero() {
					return time.Time{}
				}
				if h.Until.After(next) {
					next = h.Until
				}
			}
		}
		if next.Equal(t) {
			return t
		}
		t = next
	}
	return time.Time{}
}

// Clock writes an instant for people: with seconds only where there are some, and
// with its zone, by name where the abbreviation says too little.
func Clock(t time.Time) string {
	layout := "2006-01-02 15:04"
	if t.Second() != 0 {
		layout += ":05"
	}
	text := t.Format(layout + " MST")
	if zone := t.Location().String(); zone != "UTC" && zone != "Local" && zone != "" {
		text += " (" + zone + ")"
	}
	return text
}
