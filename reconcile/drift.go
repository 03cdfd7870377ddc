package reconcile

import (
	"fmt"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/calendar"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// driftWaits says why a resource's drift is not corrected in this turn; empty: it
// is. In the daemon a correction begins at a run of the document's schedule, and
// then goes on to its end. A command is a run of every schedule.
func (l *Loop) driftWaits(doc spec.Document, r plan.Resource, now time.Time) string {
	i := l.cfg.Calendar.ScheduleOf(doc)
	if i < 0 {
		return ""
	}
	s := l.cfg.Calendar.Schedules[i]
	if !s.Correct && l.adoption(doc, r) != "" {
		return fmt.Sprintf("drift, left for a commit to adopt (schedule %s adopts)", s.Name)
	}
	if !s.Correct {
		return fmt.Sprintf("drift, only reported (schedule %s only detects)", s.Name)
	}
	if l.runs == nil || l.runs.begun[resourceKey(r)] {
		return ""
	}
	if _, due := l.runs.due[run{i, r.Target}]; due {
		l.runs.begun[resourceKey(r)] = true
		return ""
	}
	return fmt.Sprintf("drift, corrected at the next run of schedule %s, %s", s.Name, calendar.Clock(s.Cron.Next(now)))
}

// driftEnded forgets that a correction was begun.
func (l *Loop) driftEnded(r plan.Resource) {
	if l.runs != nil {
		delete(l.runs.begun, resourceKey(r))
	}
}

func indexDocuments(docs []spec.Document) map[plan.SpecRef]spec.Document {
	index := make(map[plan.SpecRef]spec.Document, len(docs))
	for _, d := range docs {
		index[plan.SpecRef{Name: d.Name, File: d.File, Line: d.Line}] = d
	}
	return index
}
