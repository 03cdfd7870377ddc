package notify

import (
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// patience is how long a target may not be readable before that is told: most such
// troubles pass by themselves.
const patience = 2 * time.Minute

// story follows one target from turn to turn.
type story struct {
	commit  string
	episode Episode // the last one that began
	open    bool
	last    notice
	strays  []string  // what drifted in this episode: what was put right of it meanwhile is no news
	unread  time.Time // since when the target cannot be read; zero: it can
}

// news is a notice and what it is of.
type news struct {
	Episode
	notice
	end bool // of an episode that a commit ended of which nothing is told
}

// hear takes what a turn found, and returns what is to be told, in order. What was told
// before is returned again, for destinations that have not heard it yet.
func (s *story) hear(o reconcile.Outcome, number func() int) []news {
	if s.passing(o) {
		return nil
	}
	if s.commit != o.Commit.ID || !s.open {
		s.strays = nil
	}
	s.stray(o)
	n := newNotice(o, s.strays)
	var list []news
	if s.commit != o.Commit.ID {
		if s.open {
			list = append(list, news{s.episode, s.last.superseded(o), n.Kind == Applied})
		}
		s.commit, s.open, s.episode = o.Commit.ID, false, Episode{}
	}
	switch {
	case n.Kind == Applied && !s.open:
		if s.episode == (Episode{}) { // nothing was to be done: no news
			return list
		}
		n = s.last
	case !s.open:
		s.episode, s.open = Episode{o.Target, o.Commit.ID, number()}, true
	case n.Kind == Applied:
		s.open = false
	case n.Digest == s.last.Digest:
		n.At = s.last.At
	}
	s.last = n
	return append(list, news{Episode: s.episode, notice: n})
}

// stray adds what drifts.
func (s *story) stray(o reconcile.Outcome) {
	for _, r := range o.Resources {
		if r.Drift == nil {
			continue
		}
		for _, a := range r.Drift.Addresses {
			if key := subject(r) + a.Address; !slices.Contains(s.strays, key) {
				s.strays = append(s.strays, key)
			}
		}
	}
}

// passing reports whether all that is wrong is that EC2 could not be read, and that
// not for long.
func (s *story) passing(o reconcile.Outcome) bool {
	for _, r := range o.Resources {
		if r.State == plan.InSync || r.State == plan.Pending || r.State == plan.Converging {
			continue
		}
		if r.State != plan.Error {
			o.Unread = false
		}
	}
	if !o.Unread || o.Failure != "" || o.Trouble != "" || o.Hold != "" || len(o.Problems) > 0 {
		s.unread = time.Time{}
		return false
	}
	if s.unread.IsZero() {
		s.unread = o.At
	}
	return o.At.Sub(s.unread) < patience
}
