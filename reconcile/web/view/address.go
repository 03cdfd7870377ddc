package view

import (
	"net/netip"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// AddressState is where an address stands, in words for people.
type AddressState string

// The states of an address: EC2's, but unassigning is called draining, which is what
// it does, and succeeded serving. Planned is not EC2's: the plan adds it.
const (
	Serving        AddressState = "serving"
	Assigning      AddressState = "assigning"
	Draining       AddressState = "draining"
	Associating    AddressState = "associating"
	Disassociating AddressState = "disassociating"
	Failed         AddressState = "failed"
	Planned        AddressState = "planned"
)

// Address is one address of a resource.
type Address struct {
	IP       netip.Addr     `json:"ip"` // empty for a moment after an assign by count
	State    AddressState   `json:"state"`
	Primary  bool           `json:"primary"`
	PublicIP string         `json:"publicIp,omitempty"`
	Failure  string         `json:"failure,omitempty"` // EC2's words
	Change   inventory.Verb `json:"change,omitempty"`  // what the plan does to it

	// Since is when this daemon first saw the address in its transition, and Until
	// the end of a drain at the latest. EC2 does not tell: it is the time of the call
	// plus its longest drain, known where sluice made the call.
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// SecondsLeft is how long a drain may still take; below 0 it is late, as EC2's
	// clock is not ours. Nil: not known.
	SecondsLeft *int `json:"secondsLeft,omitempty"`
}

func (f *Fleet) address(at place, a inventory.Address, now time.Time) Address {
	out := Address{IP: a.IP, State: stateOf(a.Status), Primary: a.Primary, PublicIP: a.PublicIP, Failure: a.FailureMessage}
	if a.Status.Settled() {
		return out
	}
	for _, t := range f.transitions[at] {
		if t.Address == a.IP && t.Status == a.Status {
			out.timed(t, now)
		}
	}
	return out
}

func (a *Address) timed(t reconcile.Transition, now time.Time) {
	a.Since, a.Until = t.Since, t.Until
	if !t.Until.IsZero() {
		left := int(t.Until.Sub(now).Round(time.Second) / time.Second)
		a.SecondsLeft = &left
	}
}

// stateOf names EC2's status. One that EC2 does not document is shown as it is.
func stateOf(s inventory.Status) AddressState {
	switch s {
	case inventory.StatusUnassigning:
		return Draining
	case inventory.StatusSucceeded, "":
		return Serving
	}
	return AddressState(s)
}
