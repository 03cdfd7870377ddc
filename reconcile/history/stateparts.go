package history

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// namesState is a [names] as plain data.
type namesState struct {
	Ring []string `json:"ring"`
	Next int      `json:"next"`
}

func (n names) state() namesState { return namesState{n.ring, n.next} }

func (s namesState) names() names {
	n := names{ring: s.Ring, next: s.Next}
	for _, name := range s.Ring {
		if n.set == nil {
			n.set = map[string]bool{}
		}
		n.set[name] = true
	}
	return n
}

// driftsState is a [drifts] as plain data.
type driftsState struct {
	Open       []Record             `json:"open,omitempty"` // in the order of their resources
	Right      map[string]time.Time `json:"right,omitempty"`
	Rounds     []roundsState        `json:"rounds,omitempty"`
	Unanswered []Record             `json:"unanswered"`
}

type roundsState struct {
	Target string            `json:"target"`
	Kind   string            `json:"kind"`
	ID     string            `json:"id"`
	List   []correctionState `json:"list"`
}

type correctionState struct {
	Round    Round  `json:"round"`
	UndoneBy uint64 `json:"undoneBy,omitempty"`
}

func (d drifts) state() driftsState {
	s := driftsState{Right: d.right, Unanswered: d.unanswered}
	for _, k := range slices.SortedFunc(maps.Keys(d.open), resource.compare) {
		s.Open = append(s.Open, d.open[k])
	}
	for _, k := range slices.SortedFunc(maps.Keys(d.rounds), resource.compare) {
		r := roundsState{Target: k.target, Kind: k.kind, ID: k.id}
		for _, c := range d.rounds[k] {
			r.List = append(r.List, correctionState{c.Round, c.undoneBy})
		}
		s.Rounds = append(s.Rounds, r)
	}
	return s
}

func (s driftsState) drifts() drifts {
	d := newDrifts()
	d.unanswered = s.Unanswered
	maps.Copy(d.right, s.Right)
	for _, r := range s.Open {
		d.open[resourceOf(r)] = r
	}
	for _, r := range s.Rounds {
		k := resource{r.Target, r.Kind, r.ID}
		for _, c := range r.List {
			d.rounds[k] = append(d.rounds[k], correction{c.Round, c.UndoneBy})
		}
	}
	return d
}

func (k resource) compare(other resource) int {
	return cmp.Or(cmp.Compare(k.target, other.target), cmp.Compare(k.kind, other.kind), cmp.Compare(k.id, other.id))
}
