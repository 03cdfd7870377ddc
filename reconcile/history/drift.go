package history

import (
	"slices"
	"time"
)

// Actor is who made a call: see the fields of the same names in inventory.Actor.
type Actor struct {
	Principal string    `json:"principal"`
	Type      string    `json:"type,omitempty"`
	Operation string    `json:"operation"`
	Time      time.Time `json:"time"`
	SourceIP  string    `json:"sourceIp,omitempty"`
	Console   bool      `json:"console,omitempty"`
	Sluice    bool      `json:"sluice,omitempty"`
	EventID   string    `json:"eventId,omitempty"`
	RequestID string    `json:"requestId,omitempty"`
	Commit    string    `json:"commit,omitempty"`
}

// Stray is an address, or a prefix, that was not as its spec says.
type Stray struct {
	Address string    `json:"address"`
	Change  string    `json:"change"`           // added, removed, changing
	RightAt time.Time `json:"rightAt,omitzero"` // when it was last seen as the spec says
	Since   time.Time `json:"since"`            // when it was first seen to differ
	Who     *Actor    `json:"who,omitempty"`
}

// Round is a correction that did not last.
type Round struct {
	Action    string    `json:"action"`
	Corrected time.Time `json:"corrected"`
	Undone    time.Time `json:"undone,omitzero"`
	Who       *Actor    `json:"who,omitempty"`
}

// The bounds of what a [Ledger] keeps of drift.
const (
	keepRounds     = 10 // of a resource
	keepUnanswered = 64 // drift records that nobody is named for yet
)

// drifts is what the log says of drift. It keeps one record for each resource that
// differs now, one time for each that was ever seen as its spec says, and of the
// current commit the last rounds.
type drifts struct {
	open       map[resource]Record
	right      map[string]time.Time // by the keys of Record.Reached
	rounds     map[resource][]correction
	unanswered []Record
}

// correction is a round with the number of the drift record that told its end.
type correction struct {
	Round
	undoneBy uint64
}

func newDrifts() drifts {
	return drifts{open: map[resource]Record{}, right: map[string]time.Time{}, rounds: map[resource][]correction{}}
}

func resourceOf(r Record) resource { return resource{r.Target, r.ResourceKind, r.ResourceID} }

func (k resource) key() string { return k.target + "/" + k.kind + "/" + k.id }

// reached notes that resources were seen as their specs say.
func (d *drifts) reached(r Record) {
	for key := range r.Reached {
		d.right[key] = r.Time
	}
	for k := range d.open {
		if _, ok := r.Reached[k.key()]; ok {
			delete(d.open, k)
		}
	}
}

func (d *drifts) add(r Record) {
	k := resourceOf(r)
	switch {
	case r.Kind == KindRestored:
		delete(d.open, k)
		d.right[k.key()] = r.Time
	case r.Kind == KindDrift:
		d.open[k] = r
		if list := d.rounds[k]; len(list) > 0 && list[len(list)-1].Undone.IsZero() {
			list[len(list)-1].Undone, list[len(list)-1].undoneBy = r.Time, r.Seq
		}
		d.unanswered = append(d.unanswered, r)
		if len(d.unanswered) > keepUnanswered {
			d.unanswered = slices.Delete(d.unanswered, 0, 1)
		}
	case r.Kind == KindAttributed:
		d.attribute(k, r)
	}
}

func (d *drifts) attribute(k resource, r Record) {
	d.unanswered = slices.DeleteFunc(d.unanswered, func(u Record) bool { return u.Seq == r.Of })
	if open, ok := d.open[k]; ok && open.Seq == r.Of {
		open.Drift, open.Outcome = r.Drift, r.Message
		d.open[k] = open
	}
	for i, c := range d.rounds[k] {
		if c.undoneBy == r.Of {
			for _, s := range r.Drift {
				if s.Who != nil && c.Who == nil {
					d.rounds[k][i].Who, c.Who = s.Who, s.Who
				}
			}
		}
	}
}

// corrected notes that an action took effect under the current commit.
func (d *drifts) corrected(intent Record) {
	k := resourceOf(intent)
	list := append(d.rounds[k], correction{Round: Round{Action: intent.ActionKey(), Corrected: intent.Time}})
	d.rounds[k] = list[max(0, len(list)-keepRounds):]
}

// Drift returns the record of what differs on a resource since it last was as its
// spec says, with who did it as far as an attributed record told; that record's
// words are its Outcome. It is false when nothing does.
func (l *Ledger) Drift(target, kind, id string) (Record, bool) {
	r, ok := l.drifts.open[resource{target, kind, id}]
	return r, ok
}

// RightAt returns when a resource was last recorded to be as its spec says, by the
// key of [Record.Reached]; zero when never.
func (l *Ledger) RightAt(key string) time.Time { return l.drifts.right[key] }

// Corrections returns the last actions that took effect on a resource under the
// current commit, oldest first, with when and by whom each was undone.
func (l *Ledger) Corrections(target, kind, id string) []Round {
	var list []Round
	for _, c := range l.drifts.rounds[resource{target, kind, id}] {
		list = append(list, c.Round)
	}
	return list
}

// Unanswered returns the drift records that no attributed record is about, the last
// 64 at most.
func (l *Ledger) Unanswered() []Record { return slices.Clone(l.drifts.unanswered) }

// Asked reports whether a request id is that of a call in the log: of the last 4,096.
func (l *Ledger) Asked(requestID string) bool { return requestID != "" && l.requests.set[requestID] }

// Made returns the last call of the log that may have had an effect on an address of
// a resource since a time, with its request id. It reaches back a day at most.
func (l *Ledger) Made(target, kind, id, cidr string, since time.Time) (r Record, ok bool) {
	for _, i := range slices.Backward(l.resources[resource{target, kind, id}]) {
		if !i.Time.Before(since) && !i.ineffective() && slices.Contains(i.cidrTexts(), cidr) {
			r = i.Record
			r.RequestID = i.request
			return r, true
		}
	}
	return Record{}, false
}
