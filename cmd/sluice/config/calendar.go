package config

import (
	"cmp"
	"strconv"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/calendar"
	"github.com/seed-6ca89210/sluice/reconcile/schedule"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
	"github.com/seed-6ca89210/sluice/reconcile/strictyaml"
)

// rawCalendar is schedules, windows and freezes as they are written.
type rawCalendar struct {
	Schedules []struct {
		Name     string        `json:"name"`
		Selector spec.Selector `json:"selector"`
		Cron     string        `json:"cron"`
		TimeZone string        `json:"timeZone"`
		Action   string        `json:"action"`
	} `json:"schedules"`
	Windows []struct {
		Name     string        `json:"name"`
		Selector spec.Selector `json:"selector"`
		Action   string        `json:"action"`
		Cron     string        `json:"cron"`
		TimeZone string        `json:"timeZone"`
		Duration string        `json:"duration"`
	} `json:"windows"`
	Freezes []struct {
		Name     string        `json:"name"`
		Selector spec.Selector `json:"selector"`
		From     string        `json:"from"`
		Until    string        `json:"until"`
		Reason   string        `json:"reason"`
		Owner    string        `json:"owner"`
	} `json:"freezes"`
}

// defaultSchedule is the name under which the setting drift stands beside
// schedules.
const defaultSchedule = "drift"

// calendar reads the calendar. The setting drift is its last schedule, for whatever
// no other one selects. The targets are those of cfg.
func (l *loader) calendar(cfg Config) calendar.Calendar {
	var c calendar.Calendar
	names := map[string]bool{"schedules " + defaultSchedule: true}
	for i, s := range l.raw.Schedules {
		at := l.entry(cfg, names, s.Name, s.Selector, "schedules", i)
		c.Schedules = append(c.Schedules, calendar.Schedule{Name: s.Name, Selector: s.Selector,
			Cron: l.cron(s.Cron, s.TimeZone, at), Correct: corrects(s.Action), Adopt: s.Action == "adopt"})
	}
	c.Schedules = append(c.Schedules, calendar.Schedule{Name: defaultSchedule, Cron: l.cron(cfg.Drift.Cron, cfg.Drift.TimeZone, []string{"drift"}),
		Correct: corrects(cfg.Drift.Action), Adopt: cfg.Drift.Action == "adopt"})
	for i, w := range l.raw.Windows {
		at := l.entry(cfg, names, w.Name, w.Selector, "windows", i)
		c.Windows = append(c.Windows, calendar.Window{Name: w.Name, Selector: w.Selector, Deny: w.Action == "deny",
			Times: l.window(l.cron(w.Cron, w.TimeZone, at), w.Duration, append(at, "duration"))})
	}
	for i, f := range l.raw.Freezes {
		at := l.entry(cfg, names, f.Name, f.Selector, "freezes", i)
		freeze := calendar.Freeze{Name: f.Name, Selector: f.Selector, Until: l.instant(f.Until, append(at, "until")), Reason: f.Reason, Owner: f.Owner}
		if f.From != "" {
			freeze.From = l.instant(f.From, append(at, "from"))
		}
		if !freeze.Until.IsZero() && !freeze.Until.After(freeze.From) {
			l.problem(append(at, "until"), "until is not after from, so the freeze would never be in force")
		}
		c.Freezes = append(c.Freezes, freeze)
	}
	return c
}

// entry checks what all entries of a list have, and returns where this one stands.
func (l *loader) entry(cfg Config, names map[string]bool, name string, selector spec.Selector, list string, i int) []string {
	at := []string{list, strconv.Itoa(i)}
	at = at[:len(at):len(at)] // each append makes a path of its own
	if key := list + " " + name; names[key] && name != "" {
		l.problem(append(at, "name"), "the name %q is taken in %s; give this one another", name, list)
	} else {
		names[key] = true
	}
	if _, known := cfg.Targets[selector.Target]; selector.Target != "" && !known {
		l.problem(append(at, "selector", "target"), "there is no target %.70q in targets, so this would select nothing", selector.Target)
	}
	return at
}

// cron parses an expression and its zone; a problem stands at each by itself.
func (l *loader) cron(expr, zone string, at []string) schedule.Schedule {
	if _, err := schedule.Parse("@daily", zone); err != nil {
		l.problem(append(at[:len(at):len(at)], "timeZone"), "%v", err)
		zone = ""
	}
	s, err := schedule.Parse(cmp.Or(expr, "@daily"), zone) // that it is missing is the schema's to say
	if err != nil {
		l.problem(append(at[:len(at):len(at)], "cron"), "%v", err)
	}
	return s
}

func (l *loader) window(opens schedule.Schedule, duration string, at []string) schedule.Window {
	lasts, err := time.ParseDuration(duration)
	if err != nil {
		l.problem(at, "duration %.40q is none; write one such as 4h or 90m", duration)
		return schedule.Window{}
	}
	w, err := schedule.NewWindow(opens, lasts)
	if err != nil {
		l.problem(at, "%v", err)
		return w
	}
	first := opens.Next(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	if !first.IsZero() && w.Closes(first).IsZero() {
		l.problem(at, "a window that lasts %.40s and opens at %q has no end: one opening runs into the next; make it shorter, or use a freeze", duration, opens)
	}
	return w
}

func (l *loader) instant(text string, at []string) time.Time {
	t, err := strictyaml.Instant(text)
	if err != nil {
		l.problem(at, "%s %v; write one such as 2027-01-07T08:00:00+01:00", at[len(at)-1], err)
	}
	return t
}

// corrects reports whether an action corrects drift, as it does when none is given.
func corrects(action string) bool { return action == "" || action == "correct" }
