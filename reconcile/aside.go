package reconcile

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/apply"
	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

const (
	contestedAfter = 5                // rounds of the same correction under one commit
	firstBackOff   = 30 * time.Second // doubles with each refusal of the same action
	lastBackOff    = 15 * time.Minute
	busyPause      = 5 * time.Second // another change is in progress there: wait
)

// aside remembers, by resource and difference, what EC2 would not do lately. It
// only ever makes sluice wait, and a new commit forgets it.
type aside struct {
	refusals map[string]refusal
	told     map[told]string // the contest of a resource that was recorded last
}

type told struct {
	resource string
	kind     history.Kind
}

type refusal struct {
	times  int
	until  time.Time
	reason string
	busy   bool
}

func newAside() *aside {
	return &aside{refusals: map[string]refusal{}, told: map[told]string{}}
}

// learn takes note of how the steps of a turn ended.
func (a *aside) learn(steps []apply.Step, now time.Time) {
	for _, s := range steps {
		key := differenceKey(s.Target, s.ID, s.Action)
		switch inventory.Class(s.Outcome) {
		case inventory.Class(apply.Accepted):
			delete(a.refusals, key)
		case inventory.ClassBusy:
			a.refusals[key] = refusal{until: now.Add(busyPause), busy: true,
				reason: fmt.Sprintf("EC2 answered %s: another change is in progress on %s; waiting", s.Code, s.ID)}
		case inventory.ClassUnauthorized, inventory.ClassNotFound, inventory.ClassRefused, inventory.ClassNotSent,
			inventory.ClassCredentials, inventory.ClassDryRunLeak, inventory.Class(apply.Guarded):
			r := a.refusals[key]
			pause := min(firstBackOff<<min(r.times, 10), lastBackOff)
			a.refusals[key] = refusal{times: r.times + 1, until: now.Add(pause), reason: refusalReason(s)}
		}
	}
}

func refusalReason(s apply.Step) string {
	text := s.Message
	if s.Code != "" {
		text = s.Code + ": " + text
	}
	if s.RequestID != "" {
		text += " (request " + s.RequestID + ")"
	}
	return fmt.Sprintf("%s was not done: %s", s.Action, text)
}

// setAside stops resources that must wait, drift that is only to be reported, and
// what is contested because the same correction was undone again and again. The first
// that fits counts: what is contested is left alone until a new commit, whatever
// schedules say of it. It is asked by the next action, since that is what would be done.
func (l *Loop) setAside(ctx context.Context, d *Desired, p *plan.Plan, now time.Time) error {
	docs := indexDocuments(d.Specs.Documents)
	for i := range p.Resources {
		r := &p.Resources[i]
		if r.State == plan.InSync {
			l.driftEnded(*r)
			delete(l.aside.told, told{resourceKey(*r), history.KindContested})
		}
		if r.State != plan.Pending || len(r.Waves) == 0 || len(r.Waves[0]) == 0 {
			continue
		}
		next := r.Waves[0][0]
		drifted, wait := l.drifted(d, *r), ""
		if drifted {
			wait = l.driftWaits(docs[r.Spec], *r, now)
		}
		rounds := l.cfg.Ledger.Rounds(p.Commit, r.Target, string(r.Kind), r.ID, actionKey(next))
		held, refused := l.aside.refusals[differenceKey(r.Target, r.ID, next)]
		switch {
		case rounds >= contestedAfter:
			reason := fmt.Sprintf("contested: %s was done %d times under this commit and undone each time by somebody else; left alone until a new commit", next, rounds)
			l.driftOf(r).Contested = true // it always comes back
			if err := l.tellOnce(ctx, history.KindContested, *p, *r, reason); err != nil {
				return err
			}
			r.Stop(plan.Blocked, reason)
		case drifted && wait != "":
			l.driftOf(r).Waits = true
			r.Stop(plan.Blocked, wait+": "+r.Reason)
		case refused && now.Before(held.until) && held.busy:
			r.Stop(plan.Converging, held.reason)
		case refused && now.Before(held.until):
			r.Stop(plan.Blocked, fmt.Sprintf("%s; to be tried again after %s", held.reason, held.until.UTC().Format("15:04:05")))
		}
	}
	p.Seal()
	return nil
}

// tellOnce records what a resource's difference came to, when it is news.
func (l *Loop) tellOnce(ctx context.Context, kind history.Kind, p plan.Plan, r plan.Resource, reason string) error {
	key := told{resourceKey(r), kind}
	if l.aside.told[key] == reason {
		return nil
	}
	rec := resourceRecord(kind, p, r)
	rec.Message = reason
	for _, a := range slices.Concat(r.Waves...) {
		rec.Addresses = append(rec.Addresses, a.Addresses...)
		rec.Prefixes = append(rec.Prefixes, a.Prefixes...)
	}
	if r.Drift != nil {
		rec.Drift, rec.Rounds = strayRecords(r.Drift.Addresses), roundRecords(r.Drift.Rounds)
	}
	if _, err := l.journal.append(ctx, rec); err != nil {
		return err
	}
	l.aside.told[key] = reason
	return nil
}

func differenceKey(target, id string, a plan.Action) string {
	return target + " " + id + " " + actionKey(a)
}

// actionKey names an action by what it changes, whatever the order.
func actionKey(a plan.Action) string {
	return history.Record{Verb: string(a.Verb), Addresses: a.Addresses, Prefixes: a.Prefixes}.ActionKey()
}
