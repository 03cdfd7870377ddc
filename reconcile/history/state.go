package history

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"
)

// state is a whole [Ledger] as plain data, with the keys of its maps spelled out. A
// field that is added to the one belongs into the other: a test holds them together.
type state struct {
	Intents      []intentState       `json:"intents,omitempty"` // oldest first
	Rounds       []roundState        `json:"rounds,omitempty"`
	Drains       []drainState        `json:"drains,omitempty"`
	Current      string              `json:"current,omitempty"`
	Commits      namesState          `json:"commits,omitzero"`
	Plans        namesState          `json:"plans,omitzero"`
	Authors      map[string][]string `json:"authors,omitempty"`
	Sources      map[string]string   `json:"sources,omitempty"`
	Open         []string            `json:"open,omitempty"`
	Unlisted     map[string]bool     `json:"unlisted,omitempty"`
	OpenUnlisted bool                `json:"openUnlisted,omitempty"`
	Converged    Record              `json:"converged,omitzero"`
	Decision     [2]string           `json:"decision"`
	Reached      map[string]string   `json:"reached,omitempty"`
	Approved     []json.RawMessage   `json:"approved,omitempty"`
	Acted        bool                `json:"acted,omitempty"`
	Base         string              `json:"base,omitempty"`
	Bases        map[string]string   `json:"bases,omitempty"`
	Taken        string              `json:"taken,omitempty"`
	Held         [2]string           `json:"held"`
	Drifts       driftsState         `json:"drifts,omitzero"`
	Requests     namesState          `json:"requests,omitzero"`
	Added        int                 `json:"added,omitempty"`
}

type intentState struct {
	Record  Record    `json:"record"`
	Outcome string    `json:"outcome,omitempty"`
	Ended   time.Time `json:"ended,omitzero"`
	Settled string    `json:"settled,omitempty"`
	Request string    `json:"request,omitempty"`
}

type roundState struct {
	Target string    `json:"target"`
	Kind   string    `json:"kind"`
	ID     string    `json:"id"`
	Key    string    `json:"key"`
	Times  int       `json:"times"`
	Last   time.Time `json:"last"`
}

type drainState struct {
	Target string     `json:"target"`
	ID     string     `json:"id"`
	Addr   netip.Addr `json:"address"`
	Until  time.Time  `json:"until"`
}

// MarshalJSON writes all that the ledger knows; equal ledgers give equal bytes.
func (l *Ledger) MarshalJSON() ([]byte, error) {
	s := state{
		Current: l.current, Authors: l.authors, Sources: l.sources, Open: l.open, Unlisted: l.unlisted, OpenUnlisted: l.openUnlisted, Converged: l.converged, Decision: l.decision,
		Reached: l.reached, Approved: l.approved, Acted: l.acted, Base: l.base, Bases: l.bases, Taken: l.taken, Held: l.held, Added: l.added,
		Commits: l.commits.state(), Plans: l.plans.state(), Requests: l.requests.state(), Drifts: l.drifts.state(),
	}
	for _, seq := range slices.Sorted(maps.Keys(l.intents)) {
		i := l.intents[seq]
		s.Intents = append(s.Intents, intentState{i.Record, i.outcome, i.ended, i.settled, i.request})
	}
	for r, t := range l.rounds {
		s.Rounds = append(s.Rounds, roundState{r.target, r.kind, r.id, r.key, t.times, t.last})
	}
	slices.SortFunc(s.Rounds, func(a, b roundState) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Key, b.Key))
	})
	for d, until := range l.drains {
		s.Drains = append(s.Drains, drainState{d.target, d.id, d.addr, until})
	}
	slices.SortFunc(s.Drains, func(a, b drainState) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.ID, b.ID), a.Addr.Compare(b.Addr))
	})
	return json.Marshal(s)
}

// UnmarshalJSON replaces the ledger by one that was written. What a newer sluice
// wrote, and this one would forget, is an error.
func (l *Ledger) UnmarshalJSON(data []byte) error {
	var s state
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return fmt.Errorf("what was known before the cut cannot be read: %w", err)
	}
	*l = *NewLedger()
	l.current, l.open, l.openUnlisted, l.converged, l.decision = s.Current, s.Open, s.OpenUnlisted, s.Converged, s.Decision
	l.approved, l.acted, l.base, l.taken, l.held, l.added = s.Approved, s.Acted, s.Base, s.Taken, s.Held, s.Added
	l.commits, l.plans, l.requests = s.Commits.names(), s.Plans.names(), s.Requests.names()
	l.drifts = s.Drifts.drifts()
	slices.Sort(l.open) // an older sluice wrote them as they came
	maps.Copy(l.authors, s.Authors)
	maps.Copy(l.unlisted, s.Unlisted)
	maps.Copy(l.sources, s.Sources)
	maps.Copy(l.bases, s.Bases)
	maps.Copy(l.reached, s.Reached)
	for _, in := range s.Intents {
		i := &intent{in.Record, in.Outcome, in.Ended, in.Settled, in.Request}
		key := resource{i.Target, i.ResourceKind, i.ResourceID}
		l.intents[i.Seq] = i
		l.resources[key] = append(l.resources[key], i)
	}
	for _, r := range s.Rounds {
		l.rounds[round{resource{r.Target, r.Kind, r.ID}, r.Key}] = tally{r.Times, r.Last}
	}
	for _, d := range s.Drains {
		l.drains[drain{d.Target, d.ID, d.Addr}] = d.Until
	}
	return nil
}
