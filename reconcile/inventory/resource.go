package inventory

import (
	"cmp"
	"net/netip"
	"slices"
)

// Kind is the kind of a resource, spelt as in a spec.
type Kind string

// The kinds that sluice manages.
const (
	KindNatGateway       Kind = "NatGateway"
	KindNetworkInterface Kind = "NetworkInterface"
)

// Status is EC2's NatGatewayAddressStatus. Network interfaces have none: their
// addresses are empty here.
type Status string

// The statuses that EC2 documents.
const (
	StatusAssigning      Status = "assigning"
	StatusUnassigning    Status = "unassigning"
	StatusAssociating    Status = "associating"
	StatusDisassociating Status = "disassociating"
	StatusSucceeded      Status = "succeeded"
	StatusFailed         Status = "failed"
)

// Settled reports whether an address with this status stays as it is until
// somebody calls EC2. A status that is not documented counts as in transition.
func (s Status) Settled() bool {
	return s == StatusSucceeded || s == StatusFailed || s == ""
}

// Serving reports whether an address with this status takes new connections.
func (s Status) Serving() bool { return s == StatusSucceeded || s == "" }

// Address is one private IPv4 address of a resource.
type Address struct {
	IP      netip.Addr `json:"ip"`
	Primary bool       `json:"primary"` // true only when EC2 said so; absent in its answer is false
	Status  Status     `json:"status,omitempty"`

	PublicIP           string `json:"publicIp,omitempty"` // an Elastic IP that goes where the address goes
	AllocationID       string `json:"allocationId,omitempty"`
	AssociationID      string `json:"associationId,omitempty"`
	NetworkInterfaceID string `json:"networkInterfaceId,omitempty"`
	FailureMessage     string `json:"failureMessage,omitempty"`
}

// NatGateway is one NAT gateway of DescribeNatGateways.
type NatGateway struct {
	ID               string            `json:"id"`
	VpcID            string            `json:"vpcId"`
	SubnetID         string            `json:"subnetId"`
	State            string            `json:"state"`                      // pending, failed, available, deleting, deleted
	ConnectivityType string            `json:"connectivityType"`           // private, public
	AvailabilityMode string            `json:"availabilityMode,omitempty"` // zonal, regional
	FailureMessage   string            `json:"failureMessage,omitempty"`   // of the creation only
	Tags             map[string]string `json:"tags,omitempty"`
	Addresses        []Address         `json:"addresses"`
}

// NetworkInterface is one network interface of DescribeNetworkInterfaces.
type NetworkInterface struct {
	ID               string            `json:"id"`
	VpcID            string            `json:"vpcId"`
	SubnetID         string            `json:"subnetId"`
	Status           string            `json:"status"`        // available, in-use, …
	Type             string            `json:"interfaceType"` // interface, natGateway, …
	RequesterManaged bool              `json:"requesterManaged"`
	OperatorManaged  bool              `json:"operatorManaged"`
	Description      string            `json:"description,omitempty"`
	Tags             map[string]string `json:"tags,omitempty"`
	Addresses        []Address         `json:"addresses"`
	Prefixes         []netip.Prefix    `json:"prefixes,omitempty"` // IPv4, each a /28
}

// Core returns the gateway without what may change for reasons of its own and no
// call depends on: its tags. Two equal cores are the same to a plan.
func (g NatGateway) Core() NatGateway {
	g.Tags = nil
	return g
}

// Core returns the interface without tags, description and attachment status.
func (n NetworkInterface) Core() NetworkInterface {
	n.Tags, n.Description, n.Status = nil, "", ""
	return n
}

// Subnet is one subnet of DescribeSubnets, with what is taken in it.
type Subnet struct {
	ID               string       `json:"id"`
	VpcID            string       `json:"vpcId"`
	CIDR             netip.Prefix `json:"cidr"`
	AvailableIPCount *int         `json:"availableIpCount,omitempty"` // nil: EC2 did not say

	Reservations []Reservation `json:"reservations,omitempty"` // read only when an address is to be chosen
	Holders      []Holder      `json:"holders,omitempty"`      // every interface in the subnet
}

// Holder is an interface in a subnet, and the addresses and prefixes it holds.
type Holder struct {
	NetworkInterfaceID string         `json:"networkInterfaceId"`
	Type               string         `json:"interfaceType"`
	Addresses          []Address      `json:"addresses"`
	Prefixes           []netip.Prefix `json:"prefixes,omitempty"`
}

// Reservation is one subnet CIDR reservation of GetSubnetCidrReservations.
type Reservation struct {
	CIDR netip.Prefix `json:"cidr"`
	Type string       `json:"type"` // prefix, explicit
}

// Primary returns the address that EC2 called primary.
func Primary(addresses []Address) (netip.Addr, bool) {
	i := slices.IndexFunc(addresses, func(a Address) bool { return a.Primary })
	if i < 0 {
		return netip.Addr{}, false
	}
	return addresses[i].IP, true
}

// Find returns the entry for ip.
func Find(addresses []Address, ip netip.Addr) (Address, bool) {
	i := slices.IndexFunc(addresses, func(a Address) bool { return a.IP == ip })
	if i < 0 {
		return Address{}, false
	}
	return addresses[i], true
}

// SortAddresses sorts by address.
func SortAddresses(list []Address) {
	slices.SortFunc(list, func(a, b Address) int {
		return cmp.Or(a.IP.Compare(b.IP), cmp.Compare(a.Status, b.Status))
	})
}

// SortPrefixes sorts by network, then length.
func SortPrefixes(list []netip.Prefix) {
	slices.SortFunc(list, func(a, b netip.Prefix) int {
		return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Bits(), b.Bits()))
	})
}
