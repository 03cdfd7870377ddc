package lease_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-6ca89210/sluice/reconcile/lease"
	"github.com/seed-6ca89210/sluice/reconcile/lease/leasetest"
)

// event is one thing that befalls a replica.
type event struct {
	After   time.Duration // since the event before
	Replica int
	Kind    string
	Before  time.Duration // of kind slow, as is the next
	Answer  time.Duration
}

// story is what happens in one run: plain data, drawn before the bubble begins.
type story struct {
	Replicas, Targets int
	Linger            []time.Duration // until each replica's holds are quiet
	Events            []event
	Blind             bool
}

func anyStory(t *rapid.T) story {
	seconds := func(most int) *rapid.Generator[time.Duration] {
		return rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.IntRange(0, most*4).Draw(t, "quarters")) * time.Second / 4
		})
	}
	s := story{Replicas: rapid.IntRange(2, 4).Draw(t, "replicas"), Targets: rapid.IntRange(1, 4).Draw(t, "targets")}
	s.Linger = rapid.SliceOfN(seconds(12), s.Replicas, s.Replicas).Draw(t, "linger")
	s.Events = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) event {
		return event{
			seconds(40).Draw(t, "after"), rapid.IntRange(0, s.Replicas-1).Draw(t, "replica"),
			rapid.SampledFrom([]string{"cut", "mend", "deaf", "hear", "slow", "late", "fast", "leave", "join", "kill"}).Draw(t, "kind"),
			seconds(70).Draw(t, "before"), seconds(10).Draw(t, "answer"),
		}
	}), 1, 25).Draw(t, "events")
	return s
}

// happen lets an event befall a replica, and returns what is in its place afterwards.
func (e event) happen(t *testing.T, table *leasetest.Table, r *replica, again func() *replica) *replica {
	switch e.Kind {
	case "cut", "mend":
		r.view.Down(e.Kind == "cut")
	case "deaf", "hear":
		r.view.Deaf(e.Kind == "deaf")
	case "slow":
		r.view.Slow(e.Before, e.Answer)
	case "late": // and yet in time
		r.view.Slow(e.Before/35, e.Answer/4)
	case "fast":
		r.view.Slow(0, 0)
	case "leave":
		go r.stop()
	case "kill": // what it would still say never arrives
		r.view.Down(true)
		go r.stop()
		return again()
	case "join":
		go r.stop()
		return again()
	}
	return r
}

// play runs a story, and returns what is wrong; "" when nothing is.
func (s story) play(t *testing.T) (wrong string) {
	synctest.Test(t, func(t *testing.T) {
		table := leasetest.New()
		if s.Blind {
			table.Blind()
		}
		targets := names("target", s.Targets)
		var all, live []*replica
		begin := func(i int) *replica {
			r := start(t, table, fmt.Sprintf("replica-%d-%d", i, len(all)), targets...)
			r.behave(s.Linger[i], nil)
			all = append(all, r)
			return r
		}
		for i := range s.Replicas {
			live = append(live, begin(i))
		}
		watch := func(d time.Duration) bool {
			for end := time.Now().Add(d); time.Now().Before(end) && wrong == ""; time.Sleep(250 * time.Millisecond) {
				synctest.Wait()
				wrong = twoHolders(all)
			}
			return wrong == ""
		}
		for _, e := range s.Events {
			if !watch(e.After) {
				return
			}
			live[e.Replica] = e.happen(t, table, live[e.Replica], func() *replica { return begin(e.Replica) })
		}
		for i, r := range live {
			r.view.Down(false)
			r.view.Deaf(false)
			r.view.Slow(0, 0)
			go r.stop() // some have ended anyway
			live[i] = begin(i)
		}
		if watch(5 * duration) {
			wrong = fallen(table.Written())
		}
		held := 0
		for _, r := range live {
			r.mu.Lock()
			held += len(r.held)
			r.mu.Unlock()
		}
		if held != s.Targets && wrong == "" {
			wrong = fmt.Sprintf("after the faults ceased %d of %d targets are held", held, s.Targets)
		}
	})
	return wrong
}

// twoHolders says which target two replicas hold by their own clocks, or "".
func twoHolders(all []*replica) string {
	type holder struct {
		replica int
		epoch   uint64
	}
	holders := map[string]holder{}
	for i, r := range all {
		r.mu.Lock()
		past := append([]*lease.Held(nil), r.past...)
		r.mu.Unlock()
		for _, h := range past {
			if h.Remaining() <= 0 {
				continue
			}
			if other, twice := holders[h.Target()]; twice {
				return fmt.Sprintf("%s is held by %d (epoch %d) and by %d (epoch %d)", h.Target(), other.replica, other.epoch, i, h.Epoch())
			}
			holders[h.Target()] = holder{i, h.Epoch()}
		}
	}
	return ""
}

func TestNoTwoReplicasEverHoldOneTargetAndEpochsNeverGoBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := anyStory(rt)
		if wrong := s.play(t); wrong != "" {
			rt.Fatal(wrong)
		}
	})
}

// A table that takes no notice of conditions breaks the promise, and the property sees it.
func TestATableWithoutConditionsIsFoundOut(t *testing.T) {
	s := story{Replicas: 3, Targets: 2, Linger: make([]time.Duration, 3), Blind: true}
	for i := range 20 {
		s.Events = append(s.Events, event{After: 20 * time.Second, Replica: i % 3, Kind: []string{"slow", "fast", "join"}[i/3%3], Before: 45 * time.Second})
	}
	if s.play(t) == "" {
		t.Error("nobody noticed")
	}
}
