package inventory

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Actor is who made a call that changed addresses. Where it comes from AWS every
// text is somebody else's: it is bounded and free of control characters, and no more.
type Actor struct {
	Principal string    `json:"principal"`           // an ARN, an AWS service, or "sluice" for a call of one's own record
	Type      string    `json:"type,omitempty"`      // CloudTrail's userIdentity type: IAMUser, AssumedRole, Root, AWSService, …
	Operation string    `json:"operation"`           // of EC2
	Time      time.Time `json:"time"`                // by AWS's clock, or, of one's own record, by its clock
	SourceIP  string    `json:"sourceIp,omitempty"`  // an address, or the name of an AWS service
	Console   bool      `json:"console,omitempty"`   // made in AWS's web console
	Sluice    bool      `json:"sluice,omitempty"`    // made by a sluice
	EventID   string    `json:"eventId,omitempty"`   // CloudTrail's
	RequestID string    `json:"requestId,omitempty"` // EC2's
	Commit    string    `json:"commit,omitempty"`    // of one's own record
}

// String says who, how and when, in one line.
func (a Actor) String() string {
	text := a.Principal
	switch {
	case a.Sluice && a.Commit != "":
		text = "sluice itself"
	case a.Sluice:
		text += ", another sluice"
	case a.Console:
		text += " in the console"
	}
	text += fmt.Sprintf(" (%s at %s", a.Operation, a.Time.UTC().Format("2006-01-02 15:04:05Z"))
	request := a.RequestID
	if a.EventID != "" {
		request = "" // the event has it
	}
	for _, part := range []struct{ label, value string }{
		{"from ", a.SourceIP}, {"event ", a.EventID}, {"request ", request}, {"commit ", a.Commit},
	} {
		if part.value != "" {
			text += ", " + part.label + part.value
		}
	}
	return text + ")"
}

// TrailEvent is a call that changed addresses, as CloudTrail tells it.
type TrailEvent struct {
	Actor
	Resources []string       // the nat-… and eni-… that the request names
	Addresses []netip.Addr   // that the request names; where it names none (a count), those of the answer
	Prefixes  []netip.Prefix // likewise
	Failed    bool           // the event has an errorCode: it changed nothing, a DryRun included
}

// TrailQuery asks for calls in a span of time. Exactly one of ResourceID and
// Operation is set: LookupEvents takes one attribute only.
type TrailQuery struct {
	ResourceID   string    // LookupEvents: ResourceName; nat-… or eni-…
	Operation    string    // LookupEvents: EventName, such as AssignPrivateIpAddresses
	Since, Until time.Time // LookupEvents: StartTime, EndTime; by AWS's clock
}

// Gives reports whether an EC2 operation adds addresses to what it names. Only the
// operations that sluice itself makes are known.
func Gives(operation string) bool {
	return operation == "AssignPrivateNatGatewayAddress" || operation == "AssignPrivateIpAddresses"
}

// Takes reports whether an EC2 operation takes addresses away from what it names. An
// assign that moves an address takes it from somebody whom it does not name.
func Takes(operation string) bool {
	return operation == "UnassignPrivateNatGatewayAddress" || operation == "UnassignPrivateIpAddresses"
}

// Operations are those of EC2 that can give a resource of a kind an address, or, with
// takes, take one from it.
func Operations(k Kind, takes bool) []string {
	switch {
	case k == KindNatGateway && takes:
		return []string{"UnassignPrivateNatGatewayAddress"}
	case k == KindNatGateway:
		return []string{"AssignPrivateNatGatewayAddress"}
	case takes: // an assign elsewhere with AllowReassignment takes too
		return []string{"UnassignPrivateIpAddresses", "AssignPrivateIpAddresses"}
	}
	return []string{"AssignPrivateIpAddresses"}
}

// Names reports whether the event is about an address ("10.0.1.20") or a prefix
// ("10.0.1.64/28"), by its text.
func (e TrailEvent) Names(cidr string) bool {
	return slices.ContainsFunc(e.Addresses, func(a netip.Addr) bool { return a.String() == cidr }) ||
		slices.ContainsFunc(e.Prefixes, func(p netip.Prefix) bool { return p.String() == cidr })
}
