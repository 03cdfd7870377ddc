package ec2sim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestEveryErrorHasItsCodeAndChangesNothing asks the example's world, with a few
// odd resources beside, for what EC2 refuses.
func TestEveryErrorHasItsCodeAndChangesNothing(t *testing.T) {
	const (
		assign, unassign = "AssignPrivateNatGatewayAddress", "UnassignPrivateNatGatewayAddress"
		add, remove      = "AssignPrivateIpAddresses", "UnassignPrivateIpAddresses"
		nats, enis       = "DescribeNatGateways", "DescribeNetworkInterfaces"
	)
	cases := []struct {
		name   string
		action string
		params []string
		status int
		code   string
	}{
		{"an action that does not exist", "RunInstances", nil, 400, "InvalidAction"},
		{"no action", "", nil, 400, "InvalidAction"},
		{"a gateway id that is malformed", assign, []string{"NatGatewayId", "nat-1", "PrivateIpAddressCount", "1"}, 400, "NatGatewayMalformed"},
		{"a malformed id among several", nats, []string{"NatGatewayId.1", egressA, "NatGatewayId.2", "egress"}, 400, "NatGatewayMalformed"},
		{"a gateway that is not there", nats, []string{"NatGatewayId.1", "nat-00000000000000000"}, 400, "NatGatewayNotFound"},
		{"assigning on a gateway that is not there", assign, []string{"NatGatewayId", "nat-00000000", "PrivateIpAddressCount", "1"}, 400, "NatGatewayNotFound"},
		{"no gateway id", assign, []string{"PrivateIpAddressCount", "1"}, 400, "MissingParameter"},
		{"neither addresses nor count", assign, []string{"NatGatewayId", egressA}, 400, "MissingParameter"},
		{"both addresses and count", assign, []string{"NatGatewayId", egressA, "PrivateIpAddress.1", "10.0.1.30", "PrivateIpAddressCount", "1"}, 400, "InvalidParameterCombination"},
		{"a count of nothing", assign, []string{"NatGatewayId", egressA, "PrivateIpAddressCount", "0"}, 400, "InvalidParameterValue"},
		{"a count of 32", assign, []string{"NatGatewayId", egressA, "PrivateIpAddressCount", "32"}, 400, "InvalidParameterValue"},
		{"a count that is no number", assign, []string{"NatGatewayId", egressA, "PrivateIpAddressCount", "two"}, 400, "InvalidParameterValue"},
		{"an address that is none", assign, []string{"NatGatewayId", egressA, "PrivateIpAddress.1", "10.0.1"}, 400, "InvalidParameterValue"},
		{"an IPv6 address", assign, []string{"NatGatewayId", egressA, "PrivateIpAddress.1", "::ffff:10.0.1.30"}, 400, "InvalidParameterValue"},
		{"an address twice", assign, []string{"NatGatewayId", egressA, "PrivateIpAddress.1", "10.0.1.30", "PrivateIpAddress.2", "10.0.1.30"}, 400, "InvalidParameterValue"},
		{"a parameter twice", assign, []string{"NatGatewayId", egressA, "NatGatewayId", egressB, "PrivateIpAddressCount", "1"}, 400, "InvalidParameterValue"},
		{"a parameter of another action", assign, []string{"NatGatewayId", egressA, "PrivateIpAddressCount", "1", "AllowReassignment", "true"}, 400, "UnknownParameter"},
		{"a list without a number", unassign, []string{"NatGatewayId", egressA, "PrivateIpAddress", "10.0.1.20"}, 400, "UnknownParameter"},
		{"a list that counts from 0", unassign, []string{"NatGatewayId", egressA, "PrivateIpAddress.0", "10.0.1.20"}, 400, "UnknownParameter"},
		{"a dry-run that is neither true nor false", assign, []string{"NatGatewayId", egressA, "PrivateIpAddressCount", "1", "DryRun", "yes"}, 400, "InvalidParameterValue"},
		{"an address outside the subnet", assign, []string{"NatGatewayId", egressA, "PrivateIpAddress.1", "10.0.2.50"}, 400, "InvalidParameterValue"},
		{"the subnet's router", assign, []string{"NatGatewayId", egressA, "PrivateIpAddress.1", "10.0.1.1"}, 400, "InvalidParameterValue"},
		{"the subnet's last address", assign, []string{"NatGatewayId", egressA, "PrivateIpAddress.1", "10.0.1.255"}, 400, "InvalidParameterValue"},
		{"an address that is here already", assign, []string{"NatGatewayId", egressA, "PrivateIpAddress.1", "10.0.1.20"}, 400, "InvalidParameterValue"},
		{"an address that an interface holds", assign, []string{"NatGatewayId", egressB, "PrivateIpAddress.1", "10.0.2.30"}, 400, "InvalidParameterValue"},
		{"the ninth address", assign, []string{"NatGatewayId", egressA, "PrivateIpAddressCount", "6"}, 400, "PrivateIpAddressLimitExceeded"},
		{"a public gateway", assign, []string{"NatGatewayId", "nat-0000000a", "PrivateIpAddressCount", "1"}, 400, "UnsupportedOperation"},
		{"a regional gateway", assign, []string{"NatGatewayId", "nat-0000000b", "PrivateIpAddressCount", "1"}, 400, "UnsupportedOperation"},
		{"a gateway that is being deleted", unassign, []string{"NatGatewayId", "nat-0000000c", "PrivateIpAddress.1", "10.0.1.60"}, 400, "IncorrectState"},
		{"assigning on a busy gateway", assign, []string{"NatGatewayId", "nat-0000000d", "PrivateIpAddressCount", "1"}, 400, "OperationInProgress"},
		{"unassigning on a busy gateway", unassign, []string{"NatGatewayId", "nat-0000000d", "PrivateIpAddress.1", "10.0.1.71"}, 400, "OperationInProgress"},
		{"unassigning the primary", unassign, []string{"NatGatewayId", egressA, "PrivateIpAddress.1", "10.0.1.10"}, 400, "InvalidParameterValue"},
		{"unassigning what is not there", unassign, []string{"NatGatewayId", egressA, "PrivateIpAddress.1", "10.0.1.99"}, 400, "InvalidParameterValue"},
		{"unassigning nothing", unassign, []string{"NatGatewayId", egressA}, 400, "MissingParameter"},
		{"a drain of 0", unassign, []string{"NatGatewayId", egressA, "PrivateIpAddress.1", "10.0.1.20", "MaxDrainDurationSeconds", "0"}, 400, "InvalidParameterValue"},
		{"a drain of 4001", unassign, []string{"NatGatewayId", egressA, "PrivateIpAddress.1", "10.0.1.20", "MaxDrainDurationSeconds", "4001"}, 400, "InvalidParameterValue"},
		{"a dry-run that is allowed", unassign, []string{"NatGatewayId", egressA, "PrivateIpAddress.1", "10.0.1.20", "DryRun", "true"}, 412, "DryRunOperation"},
		{"a dry-run of a read", nats, []string{"DryRun", "true"}, 412, "DryRunOperation"},
		{"an interface id that is malformed", enis, []string{"NetworkInterfaceId.1", "eni"}, 400, "InvalidNetworkInterfaceId.Malformed"},
		{"an interface that is not there", enis, []string{"NetworkInterfaceId.1", "eni-00000000"}, 400, "InvalidNetworkInterfaceID.NotFound"},
		{"assigning on an interface that is not there", add, []string{"NetworkInterfaceId", "eni-00000000", "SecondaryPrivateIpAddressCount", "1"}, 400, "InvalidNetworkInterfaceID.NotFound"},
		{"dry-run on an interface", add, []string{"NetworkInterfaceId", vipDB, "SecondaryPrivateIpAddressCount", "1", "DryRun", "true"}, 400, "UnknownParameter"},
		{"dry-run of a removal on an interface", remove, []string{"NetworkInterfaceId", vipDB, "PrivateIpAddress.1", "10.0.2.30", "DryRun", "false"}, 400, "UnknownParameter"},
		{"an interface over its limit", add, []string{"NetworkInterfaceId", vipDB, "SecondaryPrivateIpAddressCount", "29"}, 400, "PrivateIpAddressLimitExceeded"},
		{"an interface address taken, no reassignment", add, []string{"NetworkInterfaceId", vipDB, "PrivateIpAddress.1", "10.0.2.41"}, 400, "InvalidParameterValue"},
		{"a move of a primary", add, []string{"NetworkInterfaceId", vipDB, "PrivateIpAddress.1", "10.0.2.40", "AllowReassignment", "true"}, 400, "InvalidParameterValue"},
		{"a move from a gateway", add, []string{"NetworkInterfaceId", vipDB, "PrivateIpAddress.1", "10.0.2.20", "AllowReassignment", "true"}, 400, "InvalidParameterValue"},
		{"an interface address outside the subnet", add, []string{"NetworkInterfaceId", vipDB, "PrivateIpAddress.1", "10.0.1.99"}, 400, "InvalidParameterValue"},
		{"an interface with nothing to assign", add, []string{"NetworkInterfaceId", vipDB}, 400, "MissingParameter"},
		{"both prefixes and a count of them", add, []string{"NetworkInterfaceId", vipDB, "Ipv4Prefix.1", "10.0.2.64/28", "Ipv4PrefixCount", "1"}, 400, "InvalidParameterCombination"},
		{"a prefix that is no /28", add, []string{"NetworkInterfaceId", vipDB, "Ipv4Prefix.1", "10.0.2.64/27"}, 400, "InvalidParameterValue"},
		{"a prefix off its boundary", add, []string{"NetworkInterfaceId", vipDB, "Ipv4Prefix.1", "10.0.2.65/28"}, 400, "InvalidParameterValue"},
		{"a prefix over an address in use", add, []string{"NetworkInterfaceId", vipDB, "Ipv4Prefix.1", "10.0.2.16/28"}, 400, "InvalidParameterValue"},
		{"a prefix around an address of the same call", add, []string{"NetworkInterfaceId", vipDB, "PrivateIpAddress.1", "10.0.2.70", "Ipv4Prefix.1", "10.0.2.64/28"}, 400, "InvalidParameterValue"},
		{"more prefixes than there are free", add, []string{"NetworkInterfaceId", vipDB, "Ipv4PrefixCount", "16"}, 400, "InsufficientCidrBlocks"},
		{"the interface of a gateway", add, []string{"NetworkInterfaceId", derivedID("eni-", egressA), "SecondaryPrivateIpAddressCount", "1"}, 400, "OperationNotPermitted"},
		{"an interface that a service manages", add, []string{"NetworkInterfaceId", "eni-0000000e", "SecondaryPrivateIpAddressCount", "1"}, 400, "OperationNotPermitted"},
		{"an interface address to unassign is not there", remove, []string{"NetworkInterfaceId", vipDB, "PrivateIpAddress.1", "10.0.2.99"}, 400, "InvalidParameterValue"},
		{"an interface's primary to unassign", remove, []string{"NetworkInterfaceId", vipDB, "PrivateIpAddress.1", "10.0.2.100"}, 400, "InvalidParameterValue"},
		{"a prefix to unassign is not there", remove, []string{"NetworkInterfaceId", vipDB, "Ipv4Prefix.1", "10.0.2.64/28"}, 400, "InvalidParameterValue"},
		{"a subnet that is not there", "DescribeSubnets", []string{"SubnetId.1", "subnet-00000000"}, 400, "InvalidSubnetID.NotFound"},
		{"a subnet id that is malformed", "GetSubnetCidrReservations", []string{"SubnetId", "subnet"}, 400, "InvalidSubnetID.Malformed"},
		{"reservations of a subnet that is not there", "GetSubnetCidrReservations", []string{"SubnetId", "subnet-00000000"}, 400, "InvalidSubnetID.NotFound"},
		{"a page of 4", nats, []string{"MaxResults", "4"}, 400, "InvalidParameterValue"},
		{"a page of 1001", enis, []string{"MaxResults", "1001"}, 400, "InvalidParameterValue"},
		{"a page of ids", enis, []string{"MaxResults", "5", "NetworkInterfaceId.1", vipDB}, 400, "InvalidParameterCombination"},
		{"a token that nobody gave", nats, []string{"NextToken", "AAAA"}, 400, "InvalidNextToken"},
		{"a filter that does not exist", nats, []string{"Filter.1.Name", "private-ip", "Filter.1.Value.1", "10.0.1.10"}, 400, "InvalidParameterValue"},
		{"a filter without a value", nats, []string{"Filter.1.Name", "state"}, 400, "MissingParameter"},
		{"a filter without a name", nats, []string{"Filter.1.Value.1", "state"}, 400, "MissingParameter"},
		{"a filter of the wrong form", nats, []string{"Filter.1", "state"}, 400, "UnknownParameter"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := New(oddWorld(t), Options{})
			before := fmt.Sprintf("%+v", s.World())
			mustFail(t, ask(s, c.action, c.params...), c.status, c.code)
			// A drain of the busy gateway goes on, which is no effect of the call.
			if after := fmt.Sprintf("%+v", s.World()); stable(after) != stable(before) {
				t.Errorf("the world has changed:\n%s\n%s", before, after)
			}
			call := s.Calls()[0]
			if call.Effect || call.Code != c.code || call.Status != c.status || call.Action != c.action {
				t.Errorf("the log says %+v", call)
			}
		})
	}
}

// stable cuts the time that remains out of a printed world.
func stable(s string) string {
	var out []string
	for f := range strings.FieldsSeq(s) {
		if !strings.HasPrefix(f, "Remaining:") {
			out = append(out, f)
		}
	}
	return strings.Join(out, " ")
}

// oddWorld is the example's world with resources that EC2 refuses to change.
func oddWorld(t testing.TB) World {
	w := quickstart(t)
	w.NatGateways = append(w.NatGateways,
		NatGateway{ID: "nat-0000000a", SubnetID: subnetA, ConnectivityType: "public", Primary: "10.0.1.40"},
		NatGateway{ID: "nat-0000000b", VpcID: "vpc-0123456789abcdef0", AvailabilityMode: "regional", Primary: "10.0.1.50"},
		NatGateway{ID: "nat-0000000c", SubnetID: subnetA, State: "deleting", Primary: "10.0.1.61", Secondary: []string{"10.0.1.60"}},
		NatGateway{ID: "nat-0000000d", SubnetID: subnetA, Primary: "10.0.1.70", Secondary: []string{"10.0.1.71", "10.0.1.72"},
			Transitions: []Transition{{IP: "10.0.1.72", Status: statusUnassigning, Remaining: Duration(1e12)}}})
	w.NetworkInterfaces = append(w.NetworkInterfaces,
		NetworkInterface{ID: "eni-0000000f", SubnetID: subnetB, Primary: "10.0.2.40", Secondary: []string{"10.0.2.41", "10.0.2.42"}},
		NetworkInterface{ID: "eni-0000000e", SubnetID: subnetB, Primary: "10.0.2.60", RequesterManaged: true})
	return w
}

func TestAFullSubnetGivesNoAddressByCount(t *testing.T) {
	w := World{
		Subnets: []Subnet{{ID: "subnet-00000001", VpcID: "vpc-00000001", CIDR: "10.9.0.0/28"}},
		NatGateways: []NatGateway{{ID: "nat-00000001", SubnetID: "subnet-00000001", Primary: "10.9.0.4",
			Secondary: []string{"10.9.0.5", "10.9.0.6", "10.9.0.7"}}},
		NetworkInterfaces: []NetworkInterface{{ID: "eni-00000001", SubnetID: "subnet-00000001", Primary: "10.9.0.8",
			Secondary: []string{"10.9.0.9", "10.9.0.10", "10.9.0.11", "10.9.0.12"}}},
	}
	s := New(w, Options{})
	left := ask(s, "DescribeSubnets").texts("subnetSet/item/availableIpAddressCount")
	if !slices.Equal(left, []string{"2"}) {
		t.Fatalf("2 of 16 addresses are free, EC2 says %v", left)
	}
	mustFail(t, ask(s, "AssignPrivateNatGatewayAddress", "NatGatewayId", "nat-00000001", "PrivateIpAddressCount", "3"), 400, "InsufficientFreeAddressesInSubnet")
	mustFail(t, ask(s, "AssignPrivateIpAddresses", "NetworkInterfaceId", "eni-00000001", "Ipv4PrefixCount", "1"), 400, "InsufficientCidrBlocks")
	got := mustOK(t, ask(s, "AssignPrivateIpAddresses", "NetworkInterfaceId", "eni-00000001", "SecondaryPrivateIpAddressCount", "2"))
	if ips := got.texts("assignedPrivateIpAddressesSet/item/privateIpAddress"); !slices.Equal(ips, []string{"10.9.0.13", "10.9.0.14"}) {
		t.Fatalf("the two that are left are 13 and 14, got %v", ips)
	}
}
