package ec2sim

import (
	"encoding"
	"fmt"
	"time"
)

// World is what the simulator pretends to hold: the document of a world file,
// and the live state at one instant. Addresses, CIDRs and ids are the strings
// that go over the wire.
type World struct {
	APIVersion string `json:"apiVersion"` // sluice/v1
	Kind       string `json:"kind"`       // World

	Account    string `json:"account,omitempty"`    // twelve digits; 123456789012 when absent
	Region     string `json:"region,omitempty"`     // us-east-1 when absent
	Anonymous  bool   `json:"anonymous,omitempty"`  // serve requests without credentials too
	Throttling *bool  `json:"throttling,omitempty"` // EC2's token buckets; on when absent

	ClockAhead      Duration `json:"clockAhead,omitempty"`      // how far EC2's clock, as its answers show it, is ahead
	SimulatesPolicy bool     `json:"simulatesPolicy,omitempty"` // iam:SimulatePrincipalPolicy is allowed, and answers by denied

	Behaviour Behaviour `json:"behaviour,omitzero"` // what AWS answered where nothing is documented

	CloudTrail        CloudTrail         `json:"cloudTrail,omitzero"` // LookupEvents; off when absent
	Limits            Limits             `json:"limits,omitzero"`
	Timing            Timing             `json:"timing,omitzero"`
	Subnets           []Subnet           `json:"subnets,omitempty"`
	NatGateways       []NatGateway       `json:"natGateways,omitempty"`
	NetworkInterfaces []NetworkInterface `json:"networkInterfaces,omitempty"` // those of gateways are not listed
	Failing           []string           `json:"failing,omitempty"`           // addresses whose assignment to a gateway ends as failed
	Denied            []Denied           `json:"denied,omitempty"`            // what IAM denies; everything else is allowed
	Faults            []Fault            `json:"faults,omitempty"`            // armed; one that has fired as often as it may is taken out
}

// Limits are EC2's quotas, primary address included. A prefix takes one place of
// its interface.
type Limits struct {
	AddressesPerNatGateway       int `json:"addressesPerNatGateway,omitempty"`       // 8 when absent, AWS's quota
	AddressesPerNetworkInterface int `json:"addressesPerNetworkInterface,omitempty"` // 30 when absent; of EC2, the instance type says (DescribeInstanceTypes: Ipv4AddressesPerInterface)
}

// Timing says how long EC2 takes, in simulated time.
type Timing struct {
	Assign Duration `json:"assign,omitempty"` // how long an address is assigning; when absent Behaviour.Assign, else 3s
	Create Duration `json:"create,omitempty"` // how long a NAT gateway is pending, and deleting; when absent Behaviour.Create, else 10s
}

// Subnet is one subnet.
type Subnet struct {
	ID               string            `json:"id"`                         // subnet-… and 8 or 17 hexadecimal digits
	VpcID            string            `json:"vpcId"`                      // vpc-…
	CIDR             string            `json:"cidr"`                       // IPv4, /16 to /28
	AvailabilityZone string            `json:"availabilityZone,omitempty"` // the region's first when absent
	Tags             map[string]string `json:"tags,omitempty"`
	Reservations     []Reservation     `json:"reservations,omitempty"`
}

// Reservation is a subnet CIDR reservation, as GetSubnetCidrReservations lists it.
type Reservation struct {
	CIDR string `json:"cidr"` // within the subnet
	Type string `json:"type"` // prefix or explicit
}

// NatGateway is one NAT gateway. Secondary lists every secondary address that
// EC2 would report; Transitions says which of them are not simply in service.
type NatGateway struct {
	ID                 string            `json:"id"`
	Name               string            `json:"name,omitempty"` // shorthand for the tag Name
	Tags               map[string]string `json:"tags,omitempty"`
	SubnetID           string            `json:"subnetId,omitempty"`         // absent on a regional gateway
	VpcID              string            `json:"vpcId,omitempty"`            // the subnet's when absent
	ConnectivityType   string            `json:"connectivityType,omitempty"` // private when absent, or public
	AvailabilityMode   string            `json:"availabilityMode,omitempty"` // zonal when absent, or regional
	State              string            `json:"state,omitempty"`            // EC2's NatGatewayState; available when absent
	StateRemaining     Duration          `json:"stateRemaining,omitempty"`   // simulated time until pending or deleting ends; never when absent
	FailureCode        string            `json:"failureCode,omitempty"`      // of a creation that failed
	FailureMessage     string            `json:"failureMessage,omitempty"`   // likewise
	Primary            string            `json:"primary,omitempty"`          // absent on a regional gateway only
	Secondary          []string          `json:"secondary,omitempty"`
	Transitions        []Transition      `json:"transitions,omitempty"`        // of some of Secondary, one each
	NetworkInterfaceID string            `json:"networkInterfaceId,omitempty"` // made from ID when absent
	OmitIsPrimary      bool              `json:"omitIsPrimary,omitempty"`      // never say which address is primary
	DrainsAfter        Duration          `json:"drainsAfter,omitempty"`        // connections end by themselves after this; else a drain takes all its time
}

// Transition is a secondary address of a gateway that is on its way, or failed.
type Transition struct {
	IP             string   `json:"ip"`
	Status         string   `json:"status"`              // EC2's NatGatewayAddressStatus, not succeeded
	Remaining      Duration `json:"remaining,omitempty"` // simulated time until it settles
	FailureMessage string   `json:"failureMessage,omitempty"`
}

// NetworkInterface is one network interface other than those of NAT gateways,
// which the simulator makes by itself.
type NetworkInterface struct {
	ID               string            `json:"id"`
	SubnetID         string            `json:"subnetId"`
	Description      string            `json:"description,omitempty"`
	Tags             map[string]string `json:"tags,omitempty"`
	Status           string            `json:"status,omitempty"`           // EC2's NetworkInterfaceStatus; in-use when absent
	InterfaceType    string            `json:"interfaceType,omitempty"`    // interface when absent
	RequesterManaged bool              `json:"requesterManaged,omitempty"` // a service's: nobody may change it
	OperatorManaged  bool              `json:"operatorManaged,omitempty"`  // likewise
	Primary          string            `json:"primary"`
	Secondary        []string          `json:"secondary,omitempty"`
	Prefixes         []string          `json:"prefixes,omitempty"` // each a /28
}

// Denied takes actions away from a principal, as IAM would.
type Denied struct {
	AccessKeyID string   `json:"accessKeyId"` // an access key id, or "*"
	Actions     []string `json:"actions"`     // operation names without ec2:; * stands for any characters, ? for one
}

// Duration is a length of time, written like 3s, 5m or 1h30m.
type Duration time.Duration

var (
	_ encoding.TextMarshaler   = Duration(0)
	_ encoding.TextUnmarshaler = (*Duration)(nil)
)

// MarshalText writes the duration the way it is read. There is no error.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads a Go duration that is not negative. The error quotes the text and
// says how to write one; d is then as before.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v < 0 {
		return fmt.Errorf("%q is no duration; write it like 3s, 5m or 1h30m", text)
	}
	*d = Duration(v)
	return nil
}
