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

// Status is EC2's NatGatewayAddressStatus (DescribeNatGateways:
// NatGatewayAddress.Status). Network interfaces have none: their addresses are empty
// here. reconcile/ec2 adds one of its own for what it could not read, "unreadable".
type Status string

// The statuses that EC2 documents, by name only: what each means, and how long a failed
// address stays listed, is said nowhere.
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

// Address is one private IPv4 address of a resource: DescribeNatGateways'
// NatGatewayAddress, or DescribeNetworkInterfaces' NetworkInterfacePrivateIpAddress.
type Address struct {
	IP      netip.Addr `json:"ip"`      // PrivateIp, PrivateIpAddress; the zero Addr while EC2 names none that can be read
	Primary bool       `json:"primary"` // IsPrimary, Primary: true only when EC2 said so; absent in its answer is false
	Status  Status     `json:"status,omitempty"`

	PublicIP           string `json:"publicIp,omitempty"`           // an Elastic IP that goes where the address goes
	AllocationID       string `json:"allocationId,omitempty"`       // of that, eipalloc-…
	AssociationID      string `json:"associationId,omitempty"`      // of that, eipassoc-…
	NetworkInterfaceID string `json:"networkInterfaceId,omitempty"` // eni-…; of a gateway, the interface that EC2 made for it
	FailureMessage     string `json:"failureMessage,omitempty"`     // of a gateway's address that failed
}

// NatGateway is one NAT gateway of DescribeNatGateways.
type NatGateway struct {
	ID               string            `json:"id"` // nat-…
	VpcID            string            `json:"vpcId"`
	SubnetID         string            `json:"subnetId"`                   // empty for a regional gateway
	State            string            `json:"state"`                      // pending, failed, available, deleting, deleted
	ConnectivityType string            `json:"connectivityType"`           // private, public
	AvailabilityMode string            `json:"availabilityMode,omitempty"` // zonal, regional
	FailureMessage   string            `json:"failureMessage,omitempty"`   // FailureCode and FailureMessage: of the creation only
	Tags             map[string]string `json:"tags,omitempty"`             // nil: it has none
	Addresses        []Address         `json:"addresses"`                  // NatGatewayAddresses: primary and failed ones too
}

// NetworkInterface is one network interface of DescribeNetworkInterfaces.
type NetworkInterface struct {
	ID               string            `json:"id"` // eni-…
	VpcID            string            `json:"vpcId"`
	SubnetID         string            `json:"subnetId"`
	Status           string            `json:"status"`           // available, in-use, …
	Type             string            `json:"interfaceType"`    // InterfaceType: interface, natGateway, …
	RequesterManaged bool              `json:"requesterManaged"` // RequesterManaged: an AWS service manages it
	OperatorManaged  bool              `json:"operatorManaged"`  // Operator.Managed: a service provider does
	Description      string            `json:"description,omitempty"`
	Tags             map[string]string `json:"tags,omitempty"`     // TagSet; nil: it has none
	Addresses        []Address         `json:"addresses"`          // PrivateIpAddresses: the primary one too
	Prefixes         []netip.Prefix    `json:"prefixes,omitempty"` // Ipv4Prefixes, each a /28
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
	AvailableIPCount *int         `json:"availableIpCount,omitempty"` // AvailableIpAddressCount; nil: EC2 did not say

	Reservations []Reservation `json:"reservations,omitempty"` // read only when an address is to be chosen
	Holders      []Holder      `json:"holders,omitempty"`      // every interface in the subnet
}

// Holder is an interface in a subnet, and the addresses and prefixes it holds, whoever
// made it: what anybody holds cannot be chosen.
type Holder struct {
	NetworkInterfaceID string         `json:"networkInterfaceId"`
	Type               string         `json:"interfaceType"` // as in [NetworkInterface]
	Addresses          []Address      `json:"addresses"`
	Prefixes           []netip.Prefix `json:"prefixes,omitempty"`
}

// Reservation is one subnet CIDR reservation of GetSubnetCidrReservations.
type Reservation struct {
	CIDR netip.Prefix `json:"cidr"`
	Type string       `json:"type"` // ReservationType: prefix (EC2 chooses prefixes there), explicit (EC2 chooses nothing there)
}

// Primary returns the address that EC2 called primary; false when it said so of none,
// as its answers do at times.
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

// SortAddresses sorts by address, then by status.
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
