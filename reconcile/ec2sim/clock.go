package ec2sim

import (
	"slices"
	"time"
)

// EC2's NatGatewayAddressStatus.
const (
	statusAssigning      = "assigning"
	statusUnassigning    = "unassigning"
	statusAssociating    = "associating"
	statusDisassociating = "disassociating"
	statusSucceeded      = "succeeded"
	statusFailed         = "failed"
)

// EC2's NatGatewayState, as far as time changes it.
const (
	statePending   = "pending"
	stateAvailable = "available"
	stateDeleting  = "deleting"
	stateDeleted   = "deleted"
)

// advance lets simulated time pass. The world has no other clock: what is on its
// way carries the time that remains, so a world is a plain value that can be
// saved and loaded in the middle of a drain.
func (w *World) advance(d time.Duration) {
	if d <= 0 {
		return
	}
	for i := range w.NatGateways {
		if len(w.NatGateways[i].Transitions) > 0 {
			w.NatGateways[i].advance(d, w.Failing)
		}
		if w.NatGateways[i].StateRemaining > 0 {
			w.NatGateways[i].settle(d)
		}
	}
}

// advance settles the addresses of one gateway whose time has come.
func (g *NatGateway) advance(d time.Duration, failing []string) {
	left := make([]Transition, 0, len(g.Transitions))
	for _, t := range g.Transitions {
		// Somebody may have taken the address away by editing the world.
		if !slices.Contains(g.Secondary, t.IP) {
			continue
		}
		t.Remaining = max(0, t.Remaining-Duration(d))
		switch {
		case !moving(t.Status) || t.Remaining > 0:
			left = append(left, t)
		case t.Status == statusAssigning && slices.Contains(failing, t.IP):
			left = append(left, Transition{IP: t.IP, Status: statusFailed,
				FailureMessage: "The private IP address " + t.IP + " could not be assigned."})
		case t.Status == statusUnassigning || t.Status == statusDisassociating:
			g.Secondary = without(g.Secondary, t.IP)
		}
	}
	g.Transitions = left
}

// settle ends the gateway's own transition when its time has come.
func (g *NatGateway) settle(d time.Duration) {
	if g.StateRemaining = max(0, g.StateRemaining-Duration(d)); g.StateRemaining > 0 {
		return
	}
	switch g.State {
	case statePending:
		g.State = stateAvailable
	case stateDeleting:
		g.State, g.Transitions = stateDeleted, nil
	}
}

// moving reports whether an address with this status settles by itself.
func moving(status string) bool {
	switch status {
	case statusAssigning, statusUnassigning, statusAssociating, statusDisassociating:
		return true
	}
	return false
}

// busy reports whether an address of the gateway is in transition. A status that
// EC2 does not document (only an edit of the world makes one) counts too.
func (g *NatGateway) busy() bool {
	return slices.ContainsFunc(g.Transitions, func(t Transition) bool {
		return t.Status != statusFailed && t.Status != statusSucceeded
	})
}

// transition returns what is said of an address, or that it is in service.
func (g *NatGateway) transition(ip string) Transition {
	for _, t := range g.Transitions {
		if t.IP == ip {
			return t
		}
	}
	return Transition{IP: ip, Status: statusSucceeded}
}

// without returns a new list, so that older views of the world keep theirs.
func without(list []string, drop ...string) []string {
	kept := make([]string, 0, len(list))
	for _, s := range list {
		if !slices.Contains(drop, s) {
			kept = append(kept, s)
		}
	}
	return kept
}
