package ec2sim

import (
	"strings"
	"testing"
)

func TestAGatewayIsMadeWithItsSecondaryAddresses(t *testing.T) {
	cases := []struct {
		name   string
		params []string
		want   string // its addresses, the primary first
	}{
		{"nothing named", nil, "10.0.1.4"},
		{"a primary address", []string{"PrivateIpAddress", "10.0.1.50"}, "10.0.1.50"},
		{"secondary addresses by name", []string{"PrivateIpAddress", "10.0.1.50", "SecondaryPrivateIpAddress.1", "10.0.1.51", "SecondaryPrivateIpAddress.2", "10.0.1.52"}, "10.0.1.50 10.0.1.51 10.0.1.52"},
		{"a named one is not chosen as the primary", []string{"SecondaryPrivateIpAddress.1", "10.0.1.4"}, "10.0.1.5 10.0.1.4"},
		{"a count", []string{"SecondaryPrivateIpAddressCount", "2"}, "10.0.1.4 10.0.1.5 10.0.1.6"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := New(quickstart(t), Options{})
			made := mustOK(t, ask(s, "CreateNatGateway", append([]string{"SubnetId", subnetA, "ConnectivityType", "private"}, c.params...)...))
			id := made.texts("natGateway/natGatewayId")[0]
			got := mustOK(t, ask(s, "DescribeNatGateways", "NatGatewayId.1", id))
			if ips := strings.Join(got.texts("natGatewaySet/item/natGatewayAddressSet/item/privateIp"), " "); ips != c.want {
				t.Errorf("it has %q, want %q", ips, c.want)
			}
		})
	}
}

func TestAnInterfaceIsMadeWithItsAddressesAndPrefixes(t *testing.T) {
	cases := []struct {
		name          string
		params        []string
		primary, want string
	}{
		{"nothing named", nil, "10.0.2.4", ""},
		{"a count", []string{"SecondaryPrivateIpAddressCount", "2"}, "10.0.2.4", "10.0.2.5 10.0.2.6"},
		{"addresses, one of them primary", []string{"PrivateIpAddresses.1.PrivateIpAddress", "10.0.2.51", "PrivateIpAddresses.2.PrivateIpAddress", "10.0.2.50", "PrivateIpAddresses.2.Primary", "true"}, "10.0.2.50", "10.0.2.51"},
		{"a prefix by name", []string{"PrivateIpAddress", "10.0.2.50", "Ipv4Prefix.1.Ipv4Prefix", "10.0.2.64/28"}, "10.0.2.50", "10.0.2.64/28"},
		{"a prefix by count", []string{"Ipv4PrefixCount", "1"}, "10.0.2.4", "10.0.2.32/28"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := New(quickstart(t), Options{})
			made := mustOK(t, ask(s, "CreateNetworkInterface", append([]string{"SubnetId", subnetB}, c.params...)...))
			id := made.texts("networkInterface/networkInterfaceId")[0]
			if is := made.texts("networkInterface/privateIpAddress")[0]; is != c.primary {
				t.Errorf("its primary address is %s, want %s", is, c.primary)
			}
			if is := holds(s, id); is != c.want {
				t.Errorf("it holds %q, want %q", is, c.want)
			}
		})
	}
}

func TestNoAddressIsChosenOutOfAPrefixThatIsNamed(t *testing.T) {
	s := New(quickstart(t), Options{})
	// 25 addresses are free below 10.0.2.32.
	first := mustOK(t, ask(s, "CreateNetworkInterface", "SubnetId", subnetB, "SecondaryPrivateIpAddressCount", "24"))
	if is := holds(s, first.texts("networkInterface/networkInterfaceId")[0]); !strings.HasSuffix(is, " 10.0.2.31") {
		t.Fatalf("the first holds %s", is)
	}
	made := mustOK(t, ask(s, "CreateNetworkInterface", "SubnetId", subnetB, "Ipv4Prefix.1.Ipv4Prefix", "10.0.2.32/28"))
	if primary := made.texts("networkInterface/privateIpAddress")[0]; primary != "10.0.2.48" {
		t.Errorf("its primary address is %s", primary)
	}
}

func TestWhatCannotBeMadeIsRefusedAndChangesNothing(t *testing.T) {
	const gateway, networkInterface = "CreateNatGateway", "CreateNetworkInterface"
	cases := []struct {
		name, action string
		params       []string
		code         string
	}{
		{"an address that somebody holds", gateway, []string{"SecondaryPrivateIpAddress.1", "10.0.1.20"}, "InvalidParameterValue"},
		{"an address twice", gateway, []string{"PrivateIpAddress", "10.0.1.50", "SecondaryPrivateIpAddress.1", "10.0.1.50"}, "InvalidParameterValue"},
		{"an address of another subnet", gateway, []string{"SecondaryPrivateIpAddress.1", "10.0.9.1"}, "InvalidParameterValue"},
		{"a ninth address", gateway, []string{"SecondaryPrivateIpAddressCount", "8"}, "PrivateIpAddressLimitExceeded"},
		{"names and a count", gateway, []string{"SecondaryPrivateIpAddress.1", "10.0.1.50", "SecondaryPrivateIpAddressCount", "1"}, "InvalidParameterCombination"},
		{"two primary addresses", networkInterface, []string{"PrivateIpAddress", "10.0.1.50", "PrivateIpAddresses.1.PrivateIpAddress", "10.0.1.51", "PrivateIpAddresses.1.Primary", "true"}, "InvalidParameterCombination"},
		{"a specification without an address", networkInterface, []string{"PrivateIpAddresses.1.Primary", "true"}, "MissingParameter"},
		{"a primary that is neither true nor false", networkInterface, []string{"PrivateIpAddresses.1.PrivateIpAddress", "10.0.1.50", "PrivateIpAddresses.1.Primary", "yes"}, "InvalidParameterValue"},
		{"an unknown field", networkInterface, []string{"PrivateIpAddresses.1.Address", "10.0.1.50"}, "UnknownParameter"},
		{"prefixes by count beside addresses by count", networkInterface, []string{"Ipv4PrefixCount", "1", "SecondaryPrivateIpAddressCount", "1"}, "InvalidParameterCombination"},
		{"prefixes by count beside addresses by name", networkInterface, []string{"Ipv4PrefixCount", "1", "PrivateIpAddresses.1.PrivateIpAddress", "10.0.1.51"}, "InvalidParameterCombination"},
		{"a prefix by name beside addresses by count", networkInterface, []string{"Ipv4Prefix.1.Ipv4Prefix", "10.0.1.64/28", "SecondaryPrivateIpAddressCount", "2"}, "InvalidParameterCombination"},
		{"a prefix by name beside addresses by name", networkInterface, []string{"Ipv4Prefix.1.Ipv4Prefix", "10.0.1.64/28", "PrivateIpAddresses.1.PrivateIpAddress", "10.0.1.51"}, "InvalidParameterCombination"},
		{"a prefix twice", networkInterface, []string{"Ipv4Prefix.1.Ipv4Prefix", "10.0.1.64/28", "Ipv4Prefix.2.Ipv4Prefix", "10.0.1.64/28"}, "InvalidParameterValue"},
		{"a prefix around an address of the same call", networkInterface, []string{"PrivateIpAddress", "10.0.1.65", "Ipv4Prefix.1.Ipv4Prefix", "10.0.1.64/28"}, "InvalidParameterValue"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := New(quickstart(t), Options{})
			params := append([]string{"SubnetId", subnetA}, c.params...)
			if c.action == gateway {
				params = append(params, "ConnectivityType", "private")
			}
			if got := ask(s, c.action, params...); got.code != c.code {
				t.Errorf("it is %q, want %q: %s", got.code, c.code, got.body)
			}
			if w := s.World(); len(w.NatGateways) != 2 || len(w.NetworkInterfaces) != 1 || s.Calls()[0].Effect {
				t.Errorf("something was made: %+v", w)
			}
		})
	}
}

func TestAClientTokenStandsForOneRequest(t *testing.T) {
	gateway := []string{"ClientToken", "t", "SubnetId", subnetA, "ConnectivityType", "private"}
	eni := []string{"ClientToken", "t", "SubnetId", subnetA}
	cases := []struct {
		name, first string
		params      []string
		between     func(s *Server, id string)
		then        string
		thenParams  []string
		code, state string // of the second answer
	}{
		{name: "the same gateway", first: "CreateNatGateway", params: gateway, then: "CreateNatGateway", thenParams: gateway, state: "pending"},
		{name: "the same interface", first: "CreateNetworkInterface", params: eni, then: "CreateNetworkInterface", thenParams: eni, state: "available"},
		{name: "a gateway, then an interface", first: "CreateNatGateway", params: gateway, then: "CreateNetworkInterface", thenParams: eni, code: "IdempotentParameterMismatch"},
		{name: "an interface, then a gateway", first: "CreateNetworkInterface", params: eni, then: "CreateNatGateway", thenParams: gateway, code: "IdempotentParameterMismatch"},
		{name: "another address", first: "CreateNatGateway", params: gateway, then: "CreateNatGateway", thenParams: append(gateway, "PrivateIpAddress", "10.0.1.77"), code: "IdempotentParameterMismatch"},
		{name: "a gateway that was deleted", first: "CreateNatGateway", params: gateway, then: "CreateNatGateway", thenParams: gateway, state: "deleting",
			between: func(s *Server, id string) { ask(s, "DeleteNatGateway", "NatGatewayId", id) }},
		{name: "a gateway that is forgotten", first: "CreateNatGateway", params: gateway, then: "CreateNatGateway", thenParams: gateway, code: "IdempotentParameterMismatch",
			between: func(s *Server, _ string) { s.Edit(func(w *World) { w.NatGateways = nil }) }},
		{name: "an interface that was deleted", first: "CreateNetworkInterface", params: eni, then: "CreateNetworkInterface", thenParams: eni, code: "IdempotentParameterMismatch",
			between: func(s *Server, id string) { ask(s, "DeleteNetworkInterface", "NetworkInterfaceId", id) }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := New(quickstart(t), Options{})
			made := mustOK(t, ask(s, c.first, c.params...))
			id := strings.Join(append(made.texts("natGateway/natGatewayId"), made.texts("networkInterface/networkInterfaceId")...), "")
			if c.between != nil {
				c.between(s, id)
			}
			before := s.World()
			got := ask(s, c.then, c.thenParams...)
			if got.code != c.code {
				t.Fatalf("it is %q, want %q: %s", got.code, c.code, got.body)
			}
			if state := strings.Join(append(got.texts("natGateway/state"), got.texts("networkInterface/status")...), ""); state != c.state {
				t.Errorf("it is %q, want %q", state, c.state)
			}
			if w := s.World(); len(w.NatGateways) != len(before.NatGateways) || len(w.NetworkInterfaces) != len(before.NetworkInterfaces) {
				t.Error("something was made")
			}
		})
	}
}
