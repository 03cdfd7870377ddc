package view

import (
	"slices"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// Overview is where the loop stands, without the single resources.
type Overview struct {
	Mode   string   `json:"mode"`
	Commit Commit   `json:"commit"`
	Plan   PlanHead `json:"plan"`

	Ready     bool      `json:"ready"` // false: no turn has ended yet, and the rest is empty
	Turns     int       `json:"turns"`
	LastTurn  time.Time `json:"lastTurn,omitzero"` // when a turn last ended well
	LastLook  time.Time `json:"lastLook,omitzero"` // when Git was last read
	LastBeat  time.Time `json:"lastBeat,omitzero"` // when the loop last did anything
	LastPoll  time.Time `json:"lastPoll,omitzero"` // when an attempt to read Git last ended, well or not
	GitError  string    `json:"gitError"`          // of the last look; empty when it went well
	TurnError string    `json:"turnError"`         // of the last turn
	// ExportError is why old records were not all exported and deleted.
	ExportError string `json:"exportError"`

	Config ConfigStatus `json:"config"`

	Addresses AddressCount `json:"addresses"`
	Unread    []Unread     `json:"unread"` // what EC2 could not be asked

	// Leases say who works for each target, where several replicas share them; then the
	// rest is of the targets that this one holds.
	Leases []Lease `json:"leases,omitempty"`
}

// Lease says who works for a target.
type Lease struct {
	Target   string    `json:"target"`
	Holder   string    `json:"holder"` // the replica; empty: nobody
	URL      string    `json:"url,omitempty"`
	Epoch    uint64    `json:"epoch"`
	Here     bool      `json:"here"`               // it is the one that was asked
	ActFrom  time.Time `json:"actFrom,omitzero"`   // until then nothing is changed
	PlanHash string    `json:"planHash,omitempty"` // what an approval names; of the one that was asked
	Error    string    `json:"error,omitempty"`    // why nothing is done
}

// Elsewhere returns who works for a target, where that is not the replica that was asked.
func (o Overview) Elsewhere(target string) (Lease, bool) {
	for _, l := range o.Leases {
		if l.Target == target && !l.Here {
			return l, true
		}
	}
	return Lease{}, false
}

// StandsBy reports whether the replica that was asked works for no target, since others
// have them all.
func (o Overview) StandsBy() bool {
	return len(o.Leases) > 0 && !slices.ContainsFunc(o.Leases, func(l Lease) bool { return l.Here })
}

// ConfigStatus is which configuration is in force.
type ConfigStatus struct {
	Loaded time.Time `json:"loaded,omitzero"` // when it was read
	Error  string    `json:"error"`           // why the last one was refused since
}

// Commit is the commit that is in force.
type Commit struct {
	ID      string    `json:"id"`               // 40 hexadecimal digits; of a folder dir: and a hash
	Author  string    `json:"author"`           // as the commit has it, which proves nothing
	Time    time.Time `json:"time,omitzero"`    // of the committer
	Message string    `json:"message"`          // the whole
	Signer  string    `json:"signer,omitempty"` // proven; empty: not verified
}

// PlanHead is a plan without its resources.
type PlanHead struct {
	Commit        string       `json:"commit"`
	PolicyDigest  string       `json:"policyDigest"`
	InventoryHash string       `json:"inventoryHash"`
	PlanHash      string       `json:"planHash"`
	Hold          string       `json:"hold,omitempty"`
	Summary       plan.Summary `json:"summary"`
}

// AddressCount counts the addresses of the resources that specs name.
type AddressCount struct {
	Serving   int `json:"serving"`
	Assigning int `json:"assigning"` // and associating, disassociating
	Draining  int `json:"draining"`
	Failed    int `json:"failed"`
}

// Unread is a part of EC2 that could not be read.
type Unread struct {
	Target string `json:"target"`
	Part   string `json:"part"`
	Reason string `json:"reason"`
}

// Overview says where the loop stands.
func (f *Fleet) Overview() Overview {
	s := f.status
	o := Overview{
		Mode:   string(s.Mode),
		Commit: Commit{ID: s.Commit.ID, Author: person(s.Commit.Author.Name, s.Commit.Author.Email), Time: s.Commit.Time, Message: s.Commit.Message, Signer: s.Commit.Signer},
		Plan: PlanHead{Commit: s.Plan.Commit, PolicyDigest: s.Plan.PolicyDigest, InventoryHash: s.Plan.InventoryHash,
			PlanHash: s.Plan.PlanHash, Hold: s.Plan.Hold, Summary: s.Plan.Summary},
		Ready: s.Ready(), Turns: s.Turns, LastTurn: s.LastTurn, LastLook: s.LastLook, LastBeat: s.LastBeat, LastPoll: s.LastPoll,
		GitError: s.GitError, TurnError: s.TurnError, ExportError: s.ExportError, Config: ConfigStatus(s.Config), Unread: []Unread{},
	}
	for _, l := range s.Leases {
		o.Leases = append(o.Leases, Lease{l.Target, l.Holder, l.URL, l.Epoch, l.Here, l.ActFrom, l.PlanHash, l.Error})
	}
	for at := range f.planned {
		for _, a := range f.live[at].addresses() {
			o.Addresses.add(a.Status)
		}
	}
	for _, inv := range s.Inventories {
		for _, u := range inv.Unread {
			o.Unread = append(o.Unread, Unread{inv.Target, string(u.Part), u.Reason})
		}
	}
	return o
}

func (c *AddressCount) add(s inventory.Status) {
	switch {
	case s == inventory.StatusUnassigning:
		c.Draining++
	case s == inventory.StatusFailed:
		c.Failed++
	case s.Serving():
		c.Serving++
	default:
		c.Assigning++
	}
}

func person(name, email string) string {
	switch {
	case email == "":
		return name
	case name == "":
		return email
	}
	return name + " <" + email + ">"
}
