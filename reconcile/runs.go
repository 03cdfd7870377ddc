package reconcile

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/calendar"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/schedule"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// largestStepBack is how far back a clock may be set without a run being due twice.
// One that was further ahead was wrong, and what it counted is forgotten.
const largestStepBack = 24 * time.Hour

// runs keeps account of the schedules' runs. A run is due in each target by itself,
// from its time on until a turn has read that target. However many runs were
// missed (the process was stopped or suspended, a clock was set), one is made up for
// them; the start of the daemon is a run too.
type runs struct {
	schedules []calendar.Schedule
	targets   []string
	key       string // what this process's places in a spread are taken from

	counted time.Time // every run up to then was due; zero: not begun
	due     map[run]time.Time
	begun   map[string]bool // resources whose drift is being corrected, until they are in sync
}

// run is a schedule's run in one target. Its value in runs.due is when it may start.
type run struct {
	schedule int
	target   string
}

func newRuns(c calendar.Calendar, targets []string, key string) *runs {
	return &runs{schedules: c.Schedules, targets: targets, key: key, due: map[run]time.Time{}, begun: map[string]bool{}}
}

// take makes the runs due that have come up to now, and reports whether there was
// one.
func (r *runs) take(now time.Time) bool {
	if now.Before(r.counted) && r.counted.Sub(now) <= largestStepBack {
		return false
	}
	news := false
	for i, s := range r.schedules {
		spread := time.Duration(0)
		if !r.counted.IsZero() {
			at := s.Cron.Next(r.counted)
			if at.IsZero() || at.After(now) {
				continue
			}
			spread = s.Cron.Spread(at)
		}
		news = true
		for _, target := range r.targets {
			r.due[run{i, target}] = now.Add(schedule.Jitter(r.key+" "+target, spread))
		}
	}
	r.counted = now
	return news
}

// all makes a run of every schedule due at once.
func (r *runs) all(now time.Time) {
	for i := range r.schedules {
		for _, target := range r.targets {
			r.due[run{i, target}] = now
		}
	}
}

// next returns when the next run comes; zero: never.
func (r *runs) next() time.Time {
	var soonest time.Time
	for _, s := range r.schedules {
		soonest = sooner(soonest, s.Cron.Next(r.counted))
	}
	return soonest
}

// sooner returns the earlier of two instants, of which a zero one is none.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// hurry takes the spread off what is due: somebody waits for this turn.
func (r *runs) hurry(now time.Time) {
	for k := range r.due {
		r.due[k] = now
	}
}

// starts returns when a target may be read at the latest of what is due there for
// one of its documents.
func (r *runs) starts(c calendar.Calendar, target string, docs []spec.Document) time.Time {
	var start time.Time
	for _, d := range docs {
		if at := r.due[run{c.ScheduleOf(d), target}]; d.Target == target && at.After(start) {
			start = at
		}
	}
	return start
}

// looked ends the runs of the targets that were read.
func (r *runs) looked(inventories []inventory.Inventory) {
	for _, inv := range inventories {
		if len(inv.Unread) == 0 {
			maps.DeleteFunc(r.due, func(k run, _ time.Time) bool { return k.target == inv.Target })
		}
	}
}

// stagger waits for a target's place in the spread of a run, so that targets that
// share a schedule do not all start in one second. Something new from Git ends it.
func (l *Loop) stagger(ctx context.Context, target string, docs []spec.Document) {
	if l.runs == nil {
		return
	}
	news := l.bell.next()
	wait := l.runs.starts(l.cfg.Calendar, target, docs).Sub(l.cfg.Now())
	if wait <= 0 || l.preempted() {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-news:
	}
}

// spreadKey tells this process from others on the same schedules and the same
// repository.
func (c *Config) spreadKey() string {
	key := c.Specs.String()
	for _, target := range slices.Sorted(maps.Keys(c.Targets)) {
		key += " " + target
	}
	return key
}
