package ec2sim

import (
	"strings"
	"testing"
)

// holds returns the secondary addresses and prefixes of an interface.
func holds(s *Server, id string) string {
	got := ask(s, "DescribeNetworkInterfaces", "NetworkInterfaceId.1", id)
	ips := got.texts("networkInterfaceSet/item/privateIpAddressesSet/item/privateIpAddress")
	if len(ips) == 0 {
		return got.body
	}
	return strings.Join(append(ips[1:], got.texts("networkInterfaceSet/item/ipv4PrefixSet/item/ipv4Prefix")...), " ")
}

func TestAnInterfaceGetsAndGivesAddressesAndPrefixes(t *testing.T) {
	const add, remove = "AssignPrivateIpAddresses", "UnassignPrivateIpAddresses"
	cases := []struct {
		name, action string
		params       []string
		want         string // of eni vip-db, which holds 10.0.2.30
		other        string // of the neighbour, which holds 10.0.2.41 and 10.0.2.42
	}{
		{"an address by name", add, []string{"PrivateIpAddress.1", "10.0.2.31"}, "10.0.2.30 10.0.2.31", "10.0.2.41 10.0.2.42"},
		{"two addresses by count", add, []string{"SecondaryPrivateIpAddressCount", "2"}, "10.0.2.30 10.0.2.4 10.0.2.5", "10.0.2.41 10.0.2.42"},
		{"an address from the neighbour", add, []string{"PrivateIpAddress.1", "10.0.2.41", "AllowReassignment", "true"}, "10.0.2.30 10.0.2.41", "10.0.2.42"},
		{"a move that was done already", add, []string{"PrivateIpAddress.1", "10.0.2.30", "AllowReassignment", "true"}, "10.0.2.30", "10.0.2.41 10.0.2.42"},
		{"a prefix by name", add, []string{"Ipv4Prefix.1", "10.0.2.64/28"}, "10.0.2.30 10.0.2.64/28", "10.0.2.41 10.0.2.42"},
		{"a prefix by count takes the lowest free block", add, []string{"Ipv4PrefixCount", "1"}, "10.0.2.30 10.0.2.64/28", "10.0.2.41 10.0.2.42"},
		{"an address away", remove, []string{"PrivateIpAddress.1", "10.0.2.30"}, "", "10.0.2.41 10.0.2.42"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := New(oddWorld(t), Options{})
			got := mustOK(t, ask(s, c.action, append([]string{"NetworkInterfaceId", vipDB}, c.params...)...))
			if done := got.texts("return"); len(done) != 1 || done[0] != "true" {
				t.Errorf("the answer is %s", got.body)
			}
			if is := holds(s, vipDB); is != c.want {
				t.Errorf("it holds %q, want %q", is, c.want)
			}
			if is := holds(s, "eni-0000000f"); is != c.other {
				t.Errorf("the neighbour holds %q, want %q", is, c.other)
			}
			if !s.Calls()[0].Effect {
				t.Error("the log does not say that there was an effect")
			}
		})
	}
}

func TestAPrefixTakesSixteenAddressesAndComesBack(t *testing.T) {
	s := New(quickstart(t), Options{})
	count := func() string {
		return ask(s, "DescribeSubnets", "SubnetId.1", subnetB).texts("subnetSet/item/availableIpAddressCount")[0]
	}
	// 256, less EC2's five, less 10.0.2.10, .20, .30 and .100.
	if n := count(); n != "247" {
		t.Fatalf("at first %s are free", n)
	}
	got := mustOK(t, ask(s, "AssignPrivateIpAddresses", "NetworkInterfaceId", vipDB, "Ipv4Prefix.1", "10.0.2.64/28"))
	if p := got.texts("assignedIpv4PrefixSet/item/ipv4Prefix"); len(p) != 1 || p[0] != "10.0.2.64/28" {
		t.Fatalf("assigned %v", p)
	}
	if n := count(); n != "231" {
		t.Errorf("with the prefix %s are free", n)
	}
	mustFail(t, ask(s, "AssignPrivateIpAddresses", "NetworkInterfaceId", vipDB, "PrivateIpAddress.1", "10.0.2.70"), 400, "InvalidParameterValue")
	mustFail(t, ask(s, "AssignPrivateIpAddresses", "NetworkInterfaceId", vipDB, "Ipv4Prefix.1", "10.0.2.64/28"), 400, "InvalidParameterValue")
	mustOK(t, ask(s, "UnassignPrivateIpAddresses", "NetworkInterfaceId", vipDB, "Ipv4Prefix.1", "10.0.2.64/28"))
	if n := count(); n != "247" {
		t.Errorf("in the end %s are free", n)
	}
}

func TestReservationsAreListedAndBindWhatEC2Chooses(t *testing.T) {
	w := quickstart(t)
	w.Subnets[0].Reservations = append(w.Subnets[0].Reservations, Reservation{"10.0.1.64/28", "prefix"})
	w.NetworkInterfaces = append(w.NetworkInterfaces, NetworkInterface{ID: "eni-00000001", SubnetID: subnetA, Primary: "10.0.1.100"})
	s := New(w, Options{})
	got := mustOK(t, ask(s, "GetSubnetCidrReservations", "SubnetId", subnetA, "Filter.1.Name", "reservationType", "Filter.1.Value.1", "expl*"))
	const item = "subnetIpv4CidrReservationSet/item/"
	if c, k := got.texts(item+"cidr"), got.texts(item+"reservationType"); len(c) != 1 || c[0] != "10.0.1.240/28" || k[0] != "explicit" {
		t.Errorf("listed %v %v", c, k)
	}
	mustFail(t, ask(s, "AssignPrivateIpAddresses", "NetworkInterfaceId", "eni-00000001", "PrivateIpAddress.1", "10.0.1.66"), 400, "InvalidParameterValue")
	mustOK(t, ask(s, "AssignPrivateIpAddresses", "NetworkInterfaceId", "eni-00000001", "PrivateIpAddress.1", "10.0.1.242"))
	mustOK(t, ask(s, "AssignPrivateIpAddresses", "NetworkInterfaceId", "eni-00000001", "Ipv4PrefixCount", "1"))
	if is := holds(s, "eni-00000001"); is != "10.0.1.242 10.0.1.64/28" {
		t.Errorf("the reserved block comes first, it holds %s", is)
	}
}
