package simulation

import (
	"fmt"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/lease"
)

// leases is what the table saw of each lease: by it the checker judges the replicas'
// protocol, without a word of theirs.
type leases struct {
	wrote map[string]map[string]time.Time // by target and replica: its last write, since nobody had calls on the way
	gave  map[string]*process             // by target: who gave it back last
}

func newLeases() leases {
	l := leases{wrote: map[string]map[string]time.Time{}, gave: map[string]*process{}}
	for _, target := range targets {
		l.wrote[target] = map[string]time.Time{}
	}
	return l
}

// moved takes in a write that had its effect.
func (s *twins) moved(p *process, before, now lease.Item) {
	flying := s.w.checker.inFlight(now.Target)
	s.mu.Lock()
	defer s.mu.Unlock()
	wrote := s.leases.wrote[now.Target]
	switch {
	case now.Holder == "":
		s.leases.gave[now.Target] = p
		s.w.add("process %d gives %s back, epoch %d", p.number, now.Target, now.Epoch)
		s.clean(p, now, flying)
	case now.Holder != before.Holder && now.Epoch <= before.Epoch:
		s.w.fail(8, "%s takes %s in epoch %d, after %q had it in epoch %d", p.id, now.Target, now.Epoch, before.Holder, before.Epoch)
	case now.Epoch > before.Epoch:
		s.w.add("process %d takes %s from %q, epoch %d", p.number, now.Target, before.Holder, now.Epoch)
		s.taken(p, before, time.Since(wrote[before.Holder]))
	}
	if now.Clean {
		clear(wrote)
		return
	}
	wrote[p.id] = time.Now()
}

// clean judges a giving back after which the next holder need not wait.
func (s *twins) clean(p *process, now lease.Item, flying int) {
	if !now.Clean {
		return
	}
	if flying > 0 {
		s.w.fail(8, "%s is given back as clean, with %d calls on their way", now.Target, flying)
	}
	for id, at := range s.leases.wrote[now.Target] {
		if ago := time.Since(at); id != p.id && ago < 2*leaseLasts+longestCall {
			s.w.fail(8, "%s is given back as clean %s after %s renewed it, whose calls may be on their way", now.Target, ago, id)
		}
	}
}

// taken judges a taking by when the holder before wrote last: it has its lease from
// before that on.
func (s *twins) taken(p *process, before lease.Item, ago time.Duration) {
	giver := s.leases.gave[before.Target]
	switch {
	case before.Holder != "" && before.Holder != p.id:
		s.w.fired(leaseTakenOver)
		if ago < leaseLasts {
			s.w.fail(8, "%s takes %s %s after %s renewed its lease", p.id, before.Target, ago, before.Holder)
		}
	case before.Holder == "" && giver != nil && giver != p && giver.ctx.Err() == nil:
		s.w.fired(leaseMoved)
	}
}

// mayCall says why a replica must not make a call in a target now, or "". It has to
// have the lease, which it may not know; its lease counts from its last write at the
// latest; and every other's last call has ended when a lease after that one's last write
// somebody could take it, and a lease and the longest call after that.
func (s *twins) mayCall(p *process, target string, epoch uint64) string {
	item := s.table.Item(target)
	if item.Holder != p.id || item.Epoch != epoch {
		return fmt.Sprintf("%s sends it in epoch %d, and %q has %s in epoch %d", p.id, epoch, item.Holder, target, item.Epoch)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, at := range s.leases.wrote[target] {
		ago := time.Since(at)
		switch {
		case id == p.id && ago > leaseLasts:
			return fmt.Sprintf("%s sends it %s after its last renewal", p.id, ago)
		case id != p.id && ago < 2*leaseLasts+longestCall:
			return fmt.Sprintf("%s sends it %s after %s renewed the lease, whose calls may be on their way", p.id, ago, id)
		}
	}
	return ""
}

// 8. No other mutating call of the target is between any sender and EC2; and the sender
// may send it, by the table of leases.
func isAloneInItsTarget(s *step) string {
	if n := s.flying[s.a.target]; n > 1 {
		return fmt.Sprintf("%d calls are in flight in %s", n, s.a.target)
	}
	if s.w.pair {
		return s.w.twins.mayCall(s.p, s.a.target, s.req.epoch)
	}
	return ""
}

// 8. In the order in which calls have their effects, epochs never go back.
func neverGoesBack(e *effect) string {
	if !e.req.mutating() {
		return ""
	}
	last := e.epochs[e.a.target]
	e.epochs[e.a.target] = max(last, e.req.epoch)
	if e.req.epoch < last {
		return fmt.Sprintf("it is of epoch %d, and came after a call of epoch %d", e.req.epoch, last)
	}
	return ""
}

// outlives tests that a call whose sender was not paused is over, for it, before its lease.
func (s *twins) outlives(p *process, target string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, known := s.leases.wrote[target][p.id]; known && time.Since(at) > leaseLasts && !p.dead() {
		s.w.fail(8, "%s still waits for a call of %s %s after it renewed the lease", p.id, target, time.Since(at))
	}
}

func (c *checker) inFlight(target string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flying[target]
}
