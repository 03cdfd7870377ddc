package ec2

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

func TestDoSendsExactlyWhatTheCallSays(t *testing.T) {
	environment(t)
	tests := []struct {
		name string
		call inventory.Call
		want string
	}{
		{"assign on a NAT gateway", assignNatCall,
			"Action=AssignPrivateNatGatewayAddress&NatGatewayId=nat-1&PrivateIpAddress.1=10.0.1.20&PrivateIpAddress.2=10.0.1.21&Version=2016-11-15"},
		{"unassign on a NAT gateway", unassignNatCall,
			"Action=UnassignPrivateNatGatewayAddress&MaxDrainDurationSeconds=60&NatGatewayId=nat-1&PrivateIpAddress.1=10.0.1.20&Version=2016-11-15"},
		{"assign a prefix to an interface", assignEniCall,
			"Action=AssignPrivateIpAddresses&Ipv4Prefix.1=10.0.2.64%2F28&NetworkInterfaceId=eni-1&Version=2016-11-15"},
		{"move to an interface", moveEniCall,
			"Action=AssignPrivateIpAddresses&AllowReassignment=true&NetworkInterfaceId=eni-1&PrivateIpAddress.1=10.0.2.30&Version=2016-11-15"},
		{"unassign from an interface", unassignEniCall,
			"Action=UnassignPrivateIpAddresses&NetworkInterfaceId=eni-1&PrivateIpAddress.1=10.0.2.30&Version=2016-11-15"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := answering(func(int, url.Values) string { return "<return>true</return>" })
			answer, err := client(t, modeApply, w).Do(t.Context(), tt.call)
			if err != nil {
				t.Fatal(err)
			}
			if answer.RequestID != "req-1" {
				t.Errorf("request id %q, want the one in the answer's XML", answer.RequestID)
			}
			if w.sent() != 1 {
				t.Fatalf("%d requests were sent, want 1", w.sent())
			}
			if got := w.forms[0].Encode(); got != tt.want {
				t.Errorf("sent\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestDoReturnsTheAddressesThatEC2Lists(t *testing.T) {
	environment(t)
	w := answering(func(int, url.Values) string {
		return `<natGatewayAddressSet><item><privateIp>10.0.1.21</privateIp><status>assigning</status></item>
			<item><privateIp>10.0.1.20</privateIp><isPrimary>true</isPrimary><status>succeeded</status></item></natGatewayAddressSet>`
	})
	answer, err := client(t, modeApply, w).Do(t.Context(), assignNatCall)
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Addresses) != 2 || answer.Addresses[0].IP != addr("10.0.1.20") || !answer.Addresses[0].Primary ||
		answer.Addresses[1].Status != inventory.StatusAssigning {
		t.Errorf("addresses %+v", answer.Addresses)
	}
	w = answering(func(int, url.Values) string {
		return `<assignedPrivateIpAddressesSet><item><privateIpAddress>10.0.2.30</privateIpAddress></item></assignedPrivateIpAddressesSet>`
	})
	answer, err = client(t, modeApply, w).Do(t.Context(), moveEniCall)
	if err != nil || len(answer.Addresses) != 1 || answer.Addresses[0].IP != addr("10.0.2.30") {
		t.Errorf("answer %+v, error %v", answer, err)
	}
}

func TestDoRefusesBeforeAnythingIsSent(t *testing.T) {
	environment(t)
	with := func(ca inventory.Call, change func(*inventory.Call)) inventory.Call {
		change(&ca)
		return ca
	}
	tests := []struct {
		name string
		call inventory.Call
		want string
	}{
		{"no addresses", with(assignNatCall, func(c *inventory.Call) { c.Addresses = nil }), "no address"},
		{"addresses and prefixes", with(assignEniCall, func(c *inventory.Call) { c.Addresses = moveEniCall.Addresses }), "a call each"},
		{"prefixes on a gateway", with(assignNatCall, func(c *inventory.Call) { c.Addresses, c.Prefixes = nil, assignEniCall.Prefixes }), "no prefixes"},
		{"a move to a gateway", with(assignNatCall, func(c *inventory.Call) { c.Verb = inventory.VerbMove }), "cannot be moved"},
		{"dry-run on an interface", dry(unassignEniCall), "no DryRun"},
		{"a drain of 0 s", with(unassignNatCall, func(c *inventory.Call) { c.MaxDrainSeconds = 0 }), "drain of 0 s"},
		{"a drain of 4001 s", with(unassignNatCall, func(c *inventory.Call) { c.MaxDrainSeconds = 4001 }), "drain of 4001 s"},
		{"no id", with(assignNatCall, func(c *inventory.Call) { c.ID = "" }), "no resource"},
		{"an unknown kind", with(assignNatCall, func(c *inventory.Call) { c.Kind = "Volume" }), "kind"},
		{"an unknown verb", with(assignNatCall, func(c *inventory.Call) { c.Verb = "detach" }), "verb"},
		{"an IPv6 address", with(assignNatCall, func(c *inventory.Call) { c.Addresses = []netip.Addr{addr("fd00::1")} }), "IPv4"},
		{"the zero address", with(assignNatCall, func(c *inventory.Call) { c.Addresses = []netip.Addr{{}} }), "IPv4"},
		{"the zero prefix", with(assignEniCall, func(c *inventory.Call) { c.Prefixes = []netip.Prefix{{}} }), "IPv4"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := answering(func(int, url.Values) string { return "" })
			_, err := client(t, modeApply, w).Do(t.Context(), tt.call)
			f := faultOf(t, err)
			if f.Class != inventory.ClassNotSent || !strings.Contains(f.Message, tt.want) {
				t.Errorf("fault %q of class %s, want %s with %q", f, f.Class, inventory.ClassNotSent, tt.want)
			}
			if w.sent() != 0 {
				t.Errorf("%d requests left", w.sent())
			}
		})
	}
}

func TestDryRun(t *testing.T) {
	environment(t)
	t.Run("is a success when EC2 says that it would have been", func(t *testing.T) {
		w := always(412, errorBody("Client.DryRunOperation", "Request would have succeeded"))
		answer, err := client(t, modeDryRun, w).Do(t.Context(), dry(unassignNatCall))
		if err != nil || answer.RequestID != "req-err" {
			t.Fatalf("answer %+v, error %v", answer, err)
		}
		if w.forms[0].Get("DryRun") != "true" {
			t.Errorf("sent %s", w.forms[0].Encode())
		}
	})
	t.Run("is a leak when the endpoint carries it out", func(t *testing.T) {
		w := answering(func(int, url.Values) string { return "" })
		_, err := client(t, modeDryRun, w).Do(t.Context(), dry(assignNatCall))
		f := faultOf(t, err)
		if f.Class != inventory.ClassDryRunLeak || !strings.Contains(f.Message, "--mode observe") || f.RequestID != "req-1" {
			t.Errorf("fault %+v", f)
		}
	})
	t.Run("keeps what else EC2 says", func(t *testing.T) {
		w := always(403, errorBody("UnauthorizedOperation", "no"))
		_, err := client(t, modeDryRun, w).Do(t.Context(), dry(assignNatCall))
		if f := faultOf(t, err); f.Class != inventory.ClassUnauthorized {
			t.Errorf("class %s", f.Class)
		}
	})
	t.Run("was not asked for: DryRunOperation is then a refusal", func(t *testing.T) {
		w := always(412, errorBody("DryRunOperation", "?"))
		_, err := client(t, modeApply, w).Do(t.Context(), assignNatCall)
		if f := faultOf(t, err); f.Class != inventory.ClassRefused {
			t.Errorf("class %s", f.Class)
		}
	})
}

func TestACallNamesTheLeaseThatItIsMadeUnder(t *testing.T) {
	environment(t)
	for _, call := range []inventory.Call{assignNatCall, unassignNatCall, assignEniCall, unassignEniCall} {
		for epoch, want := range map[uint64]string{0: "", 17: "sluice-epoch/17"} {
			w := answering(func(int, url.Values) string { return "<return>true</return>" })
			heard := &eavesdropper{next: w}
			call.Epoch = epoch
			if _, err := listenedTo(t, heard).Do(t.Context(), call); err != nil {
				t.Fatal(err)
			}
			named := slices.DeleteFunc(strings.Fields(heard.agent), func(part string) bool { return !strings.HasPrefix(part, "sluice-epoch") })
			if got := strings.Join(named, " "); got != want {
				t.Errorf("%s, epoch %d: the User-Agent says %q", call.Operation(), epoch, heard.agent)
			}
		}
	}
}

// eavesdropper keeps the User-Agent of what passes.
type eavesdropper struct {
	next  http.RoundTripper
	agent string
}

func (e *eavesdropper) RoundTrip(r *http.Request) (*http.Response, error) {
	e.agent = r.UserAgent()
	return e.next.RoundTrip(r)
}

func listenedTo(t *testing.T, road http.RoundTripper) *Client {
	t.Helper()
	c, err := New(t.Context(), Config{Target: "default", Mode: modeApply, Transport: road})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
