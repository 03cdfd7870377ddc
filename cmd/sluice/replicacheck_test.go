package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// noTwoActors checks the simulators' own logs and what their doors saw: every changing
// call names a lease, epochs never go back in the order of the calls, and no two calls
// were on their way at a time. It returns how many calls it looked at.
func (s *replicaStage) noTwoActors() (calls int) {
	s.t.Helper()
	for _, target := range replicaTargets {
		last := uint64(0)
		for _, c := range s.ec2[target].sim.Calls() {
			if !strings.HasPrefix(c.Action, "Assign") && !strings.HasPrefix(c.Action, "Unassign") {
				continue
			}
			calls++
			epoch, named := epochOf(c.UserAgent)
			if !named || epoch < last {
				s.t.Errorf("%s: call %d is of epoch %d, after one of epoch %d: %s", target, c.Seq, epoch, last, c.UserAgent)
			}
			last = max(last, epoch)
		}
		seen := s.ec2[target].seen()
		for i := 1; i < len(seen); i++ {
			if seen[i].begin.Before(seen[i-1].end) {
				s.t.Errorf("%s: a call of epoch %d began at %s, while one of epoch %d was on its way until %s", target,
					seen[i].epoch, seen[i].begin.Format(time.StampMicro), seen[i-1].epoch, seen[i-1].end.Format(time.StampMicro))
			}
		}
	}
	return calls
}

// seen returns the calls in the order of their beginnings.
func (w *guardedEC2) seen() []actorCall {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := slices.Clone(w.calls)
	slices.SortFunc(list, func(a, b actorCall) int { return a.begin.Compare(b.begin) })
	return list
}

// reign is one holding of a target's lease, as its log tells.
type reign struct {
	epoch   uint64
	replica string
	taken   time.Time
	acts    time.Time // its first record after that; zero: none
}

// reigns verifies a target's log, and returns who had it.
func (s *replicaStage) reigns(target string) []reign {
	s.t.Helper()
	log := s.db.Log(target)
	if _, err := history.Verify(s.t.Context(), log); err != nil {
		s.t.Errorf("the log of %s: %v", target, err)
	}
	var list []reign
	for r, err := range log.Records(s.t.Context(), 1) {
		if err != nil {
			s.t.Fatal(err)
		}
		switch n := len(list); {
		case r.Kind == history.KindTaken:
			list = append(list, reign{epoch: r.Epoch, replica: r.Replica, taken: r.Time})
		case n > 0 && list[n-1].acts.IsZero():
			list[n-1].acts = r.Time
		}
	}
	return list
}

// staleCalls counts calls of a lease that were made after another replica had taken the
// target over: all clocks here are one.
func (s *replicaStage) staleCalls() int {
	stale := 0
	for _, target := range replicaTargets {
		reigns := s.reigns(target)
		for _, c := range s.ec2[target].seen() {
			i := slices.IndexFunc(reigns, func(r reign) bool { return r.epoch > c.epoch })
			if i >= 0 && c.begin.After(reigns[i].taken) {
				stale++
				s.t.Errorf("%s: a call of epoch %d at %s, after epoch %d had begun at %s", target,
					c.epoch, c.begin.Format(time.StampMicro), reigns[i].epoch, reigns[i].taken.Format(time.StampMicro))
			}
		}
	}
	return stale
}

// takeovers says how long targets were without anybody: from a fault of their holder to
// the first record of another replica that works for them.
func (s *replicaStage) takeovers(faults []replicaFault) []time.Duration {
	var list []time.Duration
	for _, target := range replicaTargets {
		reigns := s.reigns(target)
		for _, f := range faults {
			if !f.holds[target] {
				continue
			}
			i := slices.IndexFunc(reigns, func(r reign) bool { return r.taken.After(f.at) })
			if i > 0 && !reigns[i].acts.IsZero() && reigns[i].taken.Sub(f.at) < f.lasted+3*replicaLease {
				list = append(list, reigns[i].acts.Sub(f.at))
			}
		}
	}
	slices.Sort(list)
	return list
}

// quantile is of a sorted list.
func quantile(list []time.Duration, q float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	return list[min(len(list)-1, int(q*float64(len(list))))]
}

// converged says what is not as the newest commit asks; empty: all is.
func (s *replicaStage) converged() string {
	for _, target := range replicaTargets {
		held := slices.Clone(s.ec2[target].sim.World().NatGateways[0].Secondary)
		slices.Sort(held)
		if got := strings.Join(held, ", "); got != s.wanted {
			return fmt.Sprintf("%s holds %s, and is to hold %s", target, got, s.wanted)
		}
	}
	return ""
}
