package inventory

import (
	"errors"
	"fmt"
	"net/netip"
)

// Verb is what a mutating call does.
type Verb string

// The verbs. A move is an assign with AllowReassignment: EC2 takes the address
// from the interface that holds it.
const (
	VerbAssign   Verb = "assign"
	VerbUnassign Verb = "unassign"
	VerbMove     Verb = "move"
)

// Call is one mutating EC2 call, with explicit addresses or prefixes, never a
// count. Which operation it is follows from Kind and Verb.
type Call struct {
	Kind            Kind
	ID              string         // nat-… or eni-…
	Verb            Verb           // a move goes to network interfaces only
	Addresses       []netip.Addr   // IPv4; either these or Prefixes, never both
	Prefixes        []netip.Prefix // IPv4, each a /28; network interfaces only
	MaxDrainSeconds int            // unassign on a NAT gateway: EC2's MaxDrainDurationSeconds, 1 to 4000; else not read
	DryRun          bool           // NAT gateways only: EC2 has no DryRun on interfaces
	Epoch           uint64         // of the lease that the call is made under, told to EC2 for its log; 0: there is none
}

// Operation returns the name of the EC2 API operation.
func (c Call) Operation() string {
	nat := c.Kind == KindNatGateway
	switch {
	case nat && c.Verb == VerbUnassign:
		return "UnassignPrivateNatGatewayAddress"
	case nat:
		return "AssignPrivateNatGatewayAddress"
	case c.Verb == VerbUnassign:
		return "UnassignPrivateIpAddresses"
	default:
		return "AssignPrivateIpAddresses"
	}
}

// Answer is EC2's success. For a dry-run it means that the call was authorised
// (EC2's DryRunOperation).
type Answer struct {
	RequestID string    // EC2's; empty when its answer had none
	Addresses []Address // as EC2 lists them; none of a dry-run, nor of UnassignPrivateIpAddresses
}

// Class says what a failed call means for the loop. It comes from EC2's error
// code alone ("Error codes for the Amazon EC2 API"), or from the lack of an answer;
// never from a message.
type Class string

// The classes of a [Fault].
const (
	ClassUnauthorized Class = "unauthorized" // this principal may not: final for this plan
	ClassCredentials  Class = "credentials"  // no, expired or unknown credentials: ends the batch
	ClassThrottled    Class = "throttled"    // try later
	ClassBusy         Class = "busy"         // another change is in progress: wait
	ClassNotFound     Class = "not-found"    // the resource is not there
	ClassRefused      Class = "refused"      // final for this plan; codes that sluice does not know are this
	ClassLost         Class = "lost"         // no answer: the effect is unknown until it is observed
	ClassNotSent      Class = "not-sent"     // nothing left this process
	ClassDryRunLeak   Class = "dry-run-leak" // the endpoint carried out a dry-run: stop
)

// Fault is a call that EC2 did not carry out, or whose effect is unknown.
type Fault struct {
	Operation string // of the API, such as AssignPrivateIpAddresses; Reread where none was chosen yet
	Class     Class
	Code      string // the API's error code without "Client."; "" when no answer had one
	Message   string // for people: what happened, and what to do; one line, no secrets
	RequestID string // EC2's; "" where none is known
}

// Error says what happened in one line.
func (f *Fault) Error() string {
	text := f.Message
	if f.Code != "" {
		text = f.Code + ": " + f.Message
	}
	if f.RequestID != "" {
		return fmt.Sprintf("%s: %s (request %s)", f.Operation, text, f.RequestID)
	}
	return fmt.Sprintf("%s: %s", f.Operation, text)
}

// FaultClass returns the class of err, which is not nil. An error that is no [Fault]
// counts as lost: nothing is known of its effect.
func FaultClass(err error) Class {
	var f *Fault
	if errors.As(err, &f) {
		return f.Class
	}
	return ClassLost
}
