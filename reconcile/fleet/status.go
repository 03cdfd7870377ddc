package fleet

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/lease"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// Status says where the loops of the targets that are held stand, as one, and who holds
// which target.
func (c *Crew) Status() reconcile.Status {
	now := c.cfg.Now()
	s := reconcile.Status{
		Mode: c.cfg.Mode, Interval: c.cfg.Interval, Calendar: c.cfg.Calendar, GatewayLimit: map[string]int{}, BudgetLeft: map[string]int{},
		LastBeat: now, LastPoll: now, Plan: plan.Plan{Version: plan.Version, Mode: string(c.cfg.Mode), Resources: []plan.Resource{}},
	}
	for name, t := range c.cfg.Targets {
		s.GatewayLimit[name] = t.GatewayLimit
	}
	s.Leases = c.fleet.leases(now)
	var failures []string
	shown := fmt.Sprintf("%p", c)
	seats, past := c.fleet.present()
	for _, seat := range seats {
		loop := seat.current()
		if loop == nil {
			continue
		}
		part := loop.Status()
		if _, known := c.cfg.Targets[seat.target]; !known { // its lease is being given back
			s.Turns += part.Turns
			continue
		}
		merge(&s, part, seat.began())
		shown += fmt.Sprintf(" %s/%d %p %d", seat.target, seat.held.Epoch(), loop, part.Turns)
		if part.TurnError != "" {
			failures = append(failures, fmt.Sprintf("target %s: %s", seat.target, part.TurnError))
		}
		for i := range s.Leases {
			if s.Leases[i].Target == seat.target {
				s.Leases[i].PlanHash = part.Plan.PlanHash
			}
		}
	}
	for _, l := range s.Leases {
		if l.Error != "" {
			failures = append(failures, fmt.Sprintf("target %s: %s", l.Target, l.Error))
		}
	}
	if err := c.fleet.cfg.Keeper.Trouble(); err != nil {
		failures = append(failures, "leases: "+err.Error())
	}
	s.TurnError = strings.Join(failures, "; ")
	s.Turns = c.fleet.version(shown, s.Turns+past)
	finish(&s)
	return s
}

// merge adds one loop's status to that of all. What a loop has not done yet counts from
// when it began.
func merge(s *reconcile.Status, part reconcile.Status, began time.Time) {
	if part.LastTurn.After(s.LastTurn) { // what is said of one commit is said of the newest
		s.LastTurn, s.Commit, s.Rules, s.Rulings = part.LastTurn, part.Commit, part.Rules, part.Rulings
		s.Plan.Commit, s.Plan.PolicyDigest = part.Plan.Commit, part.Plan.PolicyDigest
	}
	s.LastBeat, s.LastPoll = earlier(s.LastBeat, orBegan(part.LastBeat, began)), earlier(s.LastPoll, orBegan(part.LastPoll, began))
	if part.LastLook.After(s.LastLook) {
		s.LastLook = part.LastLook
	}
	s.GitError = cmp.Or(s.GitError, part.GitError)
	s.Turns += part.Turns
	s.Plan.Hold = cmp.Or(s.Plan.Hold, part.Plan.Hold)
	s.Plan.Resources = append(s.Plan.Resources, part.Plan.Resources...)
	s.Inventories = append(s.Inventories, part.Inventories...)
	s.Documents = append(s.Documents, part.Documents...)
	s.Transitions = append(s.Transitions, part.Transitions...)
	maps.Copy(s.BudgetLeft, part.BudgetLeft)
}

func orBegan(at, began time.Time) time.Time {
	if at.IsZero() {
		return began
	}
	return at
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// finish orders what was merged, and counts it. A plan of several targets has no hash,
// since nobody can approve it.
func finish(s *reconcile.Status) {
	s.Plan.Resources = plan.Join(s.Plan.Resources)
	s.Plan.Summary = plan.Summarize(s.Plan.Resources)
	slices.SortStableFunc(s.Documents, func(a, b spec.Document) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	s.Documents = slices.CompactFunc(s.Documents, func(a, b spec.Document) bool { return a.File == b.File && a.Line == b.Line && a.Name == b.Name })
	if len(s.Leases) == 1 {
		s.Plan.PlanHash = s.Leases[0].PlanHash
	}
}

// leases lists who holds which target.
func (f *Fleet) leases(now time.Time) []reconcile.Lease {
	seats := map[string]*seat{}
	for _, s := range f.all() {
		seats[s.target] = s
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	list := []reconcile.Lease{}
	for _, item := range f.cfg.Keeper.Items() {
		l := reconcile.Lease{Target: item.Target, Holder: item.Holder, URL: item.URL, Epoch: item.Epoch, Lost: f.losses[item.Target], Error: f.errs[item.Target]}
		if s := seats[item.Target]; s != nil {
			l.Here, l.Epoch = true, s.held.Epoch()
			if from := s.held.ActFrom(); from.After(now) {
				l.ActFrom = from
			}
			l.Error = cmp.Or(s.failure(), l.Error)
		} else if item.Damaged != "" {
			l.Error = fmt.Sprintf("nobody can take its lease: %s; %s", item.Damaged, lease.Remedy)
		} else if item.Holder != "" {
			l.Error = "" // it is another replica's to say now
		}
		list = append(list, l)
	}
	return list
}

// version is the number of turns that a status tells: at least that many, and never the
// same for two that show different turns. Loops turn while they are asked one after another,
// so that their sum alone could be; and whoever keeps an index of a status goes by it.
func (f *Fleet) version(shown string, turns int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if shown != f.shown {
		f.shown, f.told = shown, max(f.told+1, turns)
	}
	return f.told
}
