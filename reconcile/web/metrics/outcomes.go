package metrics

import (
	"slices"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/apply"
)

// known is what was found last in a target.
type known struct {
	commit  string
	applied bool // and counted
	said    map[said]bool
}

// said is one decision about one resource.
type said struct {
	commit, file, name, rule, decision string
}

// Observe takes what a turn found; it belongs among a loop's observers.
func (m *Metrics) Observe(o reconcile.Outcome) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.known[o.Target]
	if k == nil {
		k = &known{}
		m.known[o.Target] = k
	}
	if k.commit != o.Commit.ID {
		k.commit, k.applied = o.Commit.ID, false
	}
	if o.Failure != "" || o.Trouble != "" {
		return
	}
	if !k.applied && o.First && o.Mode == reconcile.Apply && o.Applied() && o.Summary.InSync > 0 {
		k.applied = true
		m.applied.WithLabelValues(o.Target).Observe(o.At.Sub(o.Seen).Seconds())
	}
	if !o.Unread && !slices.ContainsFunc(o.Steps, apply.Step.Refused) {
		m.success.WithLabelValues(o.Target).Set(seconds(o.At))
	}
	m.decide(k, o)
}

// decide counts the decisions that the turn before did not find.
func (m *Metrics) decide(k *known, o reconcile.Outcome) {
	now := map[said]bool{}
	for _, r := range o.Resources {
		for _, v := range r.Verdicts {
			s := said{o.Commit.ID, r.Spec.File, r.Spec.Name, v.Rule, v.Decision}
			if !k.said[s] && !now[s] {
				m.decisions.WithLabelValues(v.Rule, v.Decision).Inc()
			}
			now[s] = true
		}
	}
	k.said = now
}
