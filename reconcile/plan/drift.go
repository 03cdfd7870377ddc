package plan

import (
	"fmt"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// Drift is what differs on a resource though no commit asked for it. It is told
// beside the plan: neither the plan's hash nor a rule knows of it.
type Drift struct {
	Addresses []Stray `json:"addresses"`
	Note      string  `json:"note,omitempty"`      // why somebody is not named, or not yet
	Contested bool    `json:"contested,omitempty"` // every correction was undone: left alone
	Waits     bool    `json:"waits,omitempty"`     // for a run of its schedule or, where drift is not corrected, for a person: nothing is in the way
	Rounds    []Round `json:"rounds,omitempty"`    // the corrections under this commit, oldest first; at most ten
	Adopt     string  `json:"adopt,omitempty"`     // the command that writes the spec for what is live
}

// Stray is an address, or a prefix, that is not as the spec says.
type Stray struct {
	Address string           `json:"address"` // of a prefix with its length
	Change  Change           `json:"change"`
	RightAt time.Time        `json:"rightAt,omitzero"` // when it was last seen as the spec says; zero: not known
	Since   time.Time        `json:"since"`            // when it was first seen to differ
	Who     *inventory.Actor `json:"who,omitempty"`    // nil: not known
}

// Change is what happened to a stray address.
type Change string

// The changes.
const (
	Added    Change = "added"    // somebody added it
	Removed  Change = "removed"  // somebody took it away
	Changing Change = "changing" // somebody is adding it or taking it away: it is in transition
)

// Round is a correction that did not last.
type Round struct {
	Action    string           `json:"action"`          // what sluice did: "assign 10.0.1.20"
	Corrected time.Time        `json:"corrected"`       // when it did
	Undone    time.Time        `json:"undone,omitzero"` // when that was seen to be undone; zero: before it was seen, or not yet
	Who       *inventory.Actor `json:"who,omitempty"`   // who undid it; nil: not known
}

const instant = "2006-01-02 15:04:05Z"

// String says which address, what happened to it, when and by whom.
func (s Stray) String() string {
	what := map[Change]string{Added: "was added", Removed: "was taken away", Changing: "is in transition, which began"}[s.Change]
	text := fmt.Sprintf("%s %s before %s", s.Address, what, s.Since.UTC().Format(instant))
	if !s.RightAt.IsZero() {
		text = fmt.Sprintf("%s %s between %s and %s", s.Address, what, s.RightAt.UTC().Format(instant), s.Since.UTC().Format(instant))
	}
	if s.Who != nil {
		text += " by " + s.Who.String()
	}
	return text
}

// String says when a correction was made, and when and by whom it was undone.
func (r Round) String() string {
	text := fmt.Sprintf("%s was done %s, and undone", r.Action, r.Corrected.UTC().Format(instant))
	if r.Undone.IsZero() {
		text += " before it was seen"
	} else {
		text += " by " + r.Undone.UTC().Format(instant)
	}
	if r.Who != nil {
		text += ": " + r.Who.String()
	}
	return text
}

// Lines says all of it but the command that adopts it, one fact a line.
func (d *Drift) Lines() []string {
	if d == nil {
		return nil
	}
	var lines []string
	for _, s := range d.Addresses {
		lines = append(lines, s.String())
	}
	if d.Note != "" {
		lines = append(lines, d.Note)
	}
	if d.Contested {
		for _, r := range d.Rounds {
			lines = append(lines, r.String())
		}
	}
	return lines
}
