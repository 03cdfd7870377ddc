package ec2

import (
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// subnetWorld answers the three reads of Subnets; an entry that begins with < is
// the inside of a success, another one is an error code.
type subnetWorld map[string]string

func (s subnetWorld) wire() *wire {
	return &wire{answer: func(_ int, form url.Values) (int, string) {
		text := s[form.Get("Action")]
		if text != "" && !strings.HasPrefix(text, "<") {
			return 400, errorBody(text, "refused")
		}
		return ok(form, text)
	}}
}

const twoSubnets = `<subnetSet>
	<item><subnetId>subnet-2</subnetId><vpcId>vpc-1</vpcId><cidrBlock>10.0.2.0/24</cidrBlock><availableIpAddressCount>249</availableIpAddressCount></item>
	<item><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId><cidrBlock>10.0.1.0/24</cidrBlock></item>
	<item><subnetId>subnet-9</subnetId><cidrBlock>10.0.9.0/24</cidrBlock></item></subnetSet>`

func inSubnet(id, subnet, ip string) string {
	return interfaceXML(id, "<interfaceType>interface</interfaceType><subnetId>"+subnet+"</subnetId><privateIpAddressesSet><item><privateIpAddress>"+ip+
		"</privateIpAddress></item></privateIpAddressesSet>")
}

func TestSubnetsAreReadWithHoldersAndReservations(t *testing.T) {
	environment(t)
	w := subnetWorld{
		"DescribeSubnets": twoSubnets,
		"DescribeNetworkInterfaces": "<networkInterfaceSet>" + inSubnet("eni-2", "subnet-2", "10.0.2.9") + inSubnet("eni-1", "subnet-2", "10.0.2.8") +
			inSubnet("eni-9", "subnet-9", "10.0.9.9") + "</networkInterfaceSet>",
		"GetSubnetCidrReservations": `<subnetIpv4CidrReservationSet>
			<item><subnetId>subnet-2</subnetId><cidr>10.0.2.64/28</cidr><reservationType>prefix</reservationType></item>
			<item><cidr>10.0.2.16/32</cidr><reservationType>explicit</reservationType></item></subnetIpv4CidrReservationSet>`,
	}.wire()
	subnets, unread := client(t, modeObserve, w).Subnets(t.Context(), inventory.SubnetQuery{
		IDs: []string{"subnet-2", "subnet-1", "subnet-2", "subnet-3"}, Reservations: []string{"subnet-2"}})
	holder := func(id, ip string) inventory.Holder {
		return inventory.Holder{NetworkInterfaceID: id, Type: "interface", Addresses: []inventory.Address{{IP: addr(ip), NetworkInterfaceID: id}}}
	}
	want := []inventory.Subnet{
		{ID: "subnet-1", VpcID: "vpc-1", CIDR: netip.MustParsePrefix("10.0.1.0/24")},
		{ID: "subnet-2", VpcID: "vpc-1", CIDR: netip.MustParsePrefix("10.0.2.0/24"), AvailableIPCount: new(249),
			Holders: []inventory.Holder{holder("eni-1", "10.0.2.8"), holder("eni-2", "10.0.2.9")},
			Reservations: []inventory.Reservation{
				{CIDR: netip.MustParsePrefix("10.0.2.16/32"), Type: "explicit"}, {CIDR: netip.MustParsePrefix("10.0.2.64/28"), Type: "prefix"}}},
	}
	if !reflect.DeepEqual(subnets, want) {
		t.Errorf("got  %+v\nwant %+v", subnets, want)
	}
	if len(unread) != 1 || unread[0].Subject != "subnet-3" || unread[0].Part != inventory.ReadSubnets {
		t.Errorf("unread %v", unread)
	}
	if w.sent() != 3 {
		t.Errorf("%d requests, want 3", w.sent())
	}
	if f := w.forms[1]; f.Get("Filter.1.Name") != "subnet-id" || f.Get("Filter.1.Value.2") != "subnet-2" || f.Get("IncludeManagedResources") != "true" {
		t.Errorf("sent %s", f.Encode())
	}
}

func TestSubnetsThatCannotBeReadWhollyAreUnread(t *testing.T) {
	environment(t)
	tests := []struct {
		name   string
		world  subnetWorld
		part   inventory.Read
		reason string
		read   int // subnets that are returned all the same
	}{
		{"DescribeSubnets fails", subnetWorld{"DescribeSubnets": "UnauthorizedOperation"}, inventory.ReadSubnets, "ec2:DescribeSubnets", 0},
		{"holders fail", subnetWorld{"DescribeSubnets": twoSubnets, "DescribeNetworkInterfaces": "UnauthorizedOperation"}, inventory.ReadSubnets, "ec2:DescribeNetworkInterfaces", 0},
		{"reservations fail", subnetWorld{"DescribeSubnets": twoSubnets, "GetSubnetCidrReservations": "InvalidAction"}, inventory.ReadReservations, "does not offer", 1},
		{"a reservation is no range", subnetWorld{"DescribeSubnets": twoSubnets, "GetSubnetCidrReservations": "<subnetIpv4CidrReservationSet><item><cidr>x</cidr></item></subnetIpv4CidrReservationSet>"},
			inventory.ReadReservations, "cannot be read", 1},
		{"a holder has an address that is none", subnetWorld{"DescribeSubnets": twoSubnets, "DescribeNetworkInterfaces": "<networkInterfaceSet>" + inSubnet("eni-1", "subnet-2", "?") + "</networkInterfaceSet>"},
			inventory.ReadSubnets, "eni-1", 0},
		{"the range is none", subnetWorld{"DescribeSubnets": strings.Replace(twoSubnets, "10.0.2.0/24", "all", 1)}, inventory.ReadSubnets, "no IPv4 range", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := client(t, modeObserve, tt.world.wire())
			subnets, unread := c.Subnets(t.Context(), inventory.SubnetQuery{IDs: []string{"subnet-2"}, Reservations: []string{"subnet-2"}})
			if len(unread) != 1 || unread[0].Part != tt.part || unread[0].Subject != "subnet-2" || !strings.Contains(unread[0].Reason, tt.reason) {
				t.Errorf("unread %+v", unread)
			}
			if len(subnets) != tt.read {
				t.Errorf("subnets %+v", subnets)
			}
		})
	}
}

func TestAnEndpointThatDoesNotKnowManagedResourcesIsAskedWithout(t *testing.T) {
	environment(t)
	w := &wire{}
	w.answer = func(_ int, form url.Values) (int, string) {
		if form.Has("IncludeManagedResources") {
			return 400, errorBody("UnknownParameter", "The parameter IncludeManagedResources is not recognized")
		}
		return ok(form, map[string]string{"DescribeSubnets": twoSubnets,
			"DescribeNetworkInterfaces": "<networkInterfaceSet>" + inSubnet("eni-1", "subnet-1", "10.0.1.9") + "</networkInterfaceSet>"}[form.Get("Action")])
	}
	subnets, unread := client(t, modeObserve, w).Subnets(t.Context(), inventory.SubnetQuery{IDs: []string{"subnet-1"}})
	if len(subnets) != 1 || len(subnets[0].Holders) != 1 || len(unread) != 0 {
		t.Errorf("subnets %+v, unread %v", subnets, unread)
	}
}

func TestNoSubnetsAreNoRequests(t *testing.T) {
	environment(t)
	w := subnetWorld{}.wire()
	if subnets, unread := client(t, modeObserve, w).Subnets(t.Context(), inventory.SubnetQuery{}); len(subnets)+len(unread)+w.sent() != 0 {
		t.Errorf("subnets %v, unread %v, %d requests", subnets, unread, w.sent())
	}
}
