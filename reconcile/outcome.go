package reconcile

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/gitsource"
	"github.com/seed-6ca89210/sluice/reconcile/apply"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// Outcome is what a turn found of one commit in one target: plain values, for
// whoever tells of it elsewhere. Nobody may change what its lists hold.
type Outcome struct {
	At         time.Time        // when it was told, by Config.Now
	Repository string           // of the specs; see gitsource.Repository
	Commit     gitsource.Commit // of a folder, its ID is no commit's
	Target     string           // of Config.Targets
	Mode       Mode
	// Seen is when the look began that read the commit first, in this process. First
	// says that no process before it had seen the commit, by the record.
	Seen  time.Time
	First bool

	// Failure is why nothing can be planned of what Git said: no spec at all, or
	// policies that do not compile. It stands until Git says something new.
	Failure string
	// Trouble is why sluice could not do its own work, such as write its record.
	// It may name files of this machine.
	Trouble string

	// What follows is empty with a Failure or a Trouble.

	PlanHash  string
	Hold      string          // why the commit itself is held
	Problems  []string        // of specs: "file:line:column: what is wrong"
	Resources []plan.Resource // the target's, as judged, and those of specs whose target is not known
	Summary   plan.Summary    // of Resources
	Steps     []apply.Step    // what became of this turn's calls
	Probes    []apply.Probe   // what a dry-run found out
	Unread    bool            // a part of the target could not be read
}

// Applied reports whether everything in the target is as the commit says.
func (o Outcome) Applied() bool {
	return o.Failure == "" && o.Trouble == "" && o.Hold == "" && len(o.Problems) == 0 && !o.Unread && o.Summary.InSync == len(o.Resources)
}

// report tells the observers what a turn came to, for each target. A turn that was
// broken off says nothing of the commit, and neither does a saved plan that is not
// this one.
func (l *Loop) report(ctx context.Context, d *Desired, t *Turn, err error) {
	var stale *StaleError
	if len(l.cfg.Observers) == 0 || err != nil && ctx.Err() != nil || errors.As(err, &stale) {
		return
	}
	for _, target := range slices.Sorted(maps.Keys(l.cfg.Targets)) {
		o := Outcome{At: l.cfg.Now(), Repository: d.source, Commit: d.Commit, Target: target, Mode: l.cfg.Mode,
			Seen: d.seen, First: d.Commit.ID == l.first}
		switch {
		case d.Err != nil:
			o.Failure = d.Err.Error()
		case err != nil:
			o.Trouble = err.Error()
		default:
			l.describe(&o, t)
		}
		for _, observe := range l.cfg.Observers {
			observe(o)
		}
	}
}

// describe fills in a target's part of a turn.
func (l *Loop) describe(o *Outcome, t *Turn) {
	p := t.Plan()
	o.PlanHash, o.Hold = p.PlanHash, p.Hold
	concerns := func(target string) bool {
		_, known := l.cfg.Targets[target]
		return target == o.Target || !known
	}
	for _, doc := range t.Desired.Specs.Documents {
		if concerns(doc.Target) {
			for _, problem := range doc.Problems {
				o.Problems = append(o.Problems, problem.Error())
			}
		}
	}
	for _, r := range p.Resources {
		if concerns(r.Target) {
			o.Resources = append(o.Resources, r)
		}
	}
	o.Summary = plan.Summarize(o.Resources)
	o.Unread = slices.ContainsFunc(t.Inventories, func(inv inventory.Inventory) bool { return inv.Target == o.Target && len(inv.Unread) > 0 })
	for _, s := range t.Steps {
		if s.Target == o.Target {
			o.Steps = append(o.Steps, s)
		}
	}
	for _, pr := range t.Probes {
		if pr.Target == o.Target {
			o.Probes = append(o.Probes, pr)
		}
	}
}
