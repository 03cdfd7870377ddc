package ec2

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

var allGateways = inventory.Query{NatGateways: true}

// observeGateways observes an endpoint whose one page holds inner.
func observeGateways(t *testing.T, inner string) inventory.Inventory {
	t.Helper()
	environment(t)
	w := answering(func(int, url.Values) string { return inner })
	return client(t, modeObserve, w).Observe(t.Context(), allGateways)
}

func TestAThousandGatewaysAreOneRequest(t *testing.T) {
	environment(t)
	var set strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&set, "<item><natGatewayId>nat-%04d</natGatewayId><state>available</state></item>", 999-i)
	}
	w := answering(func(int, url.Values) string { return "<natGatewaySet>" + set.String() + "</natGatewaySet>" })
	inv := client(t, modeObserve, w).Observe(t.Context(), allGateways)
	if len(inv.NatGateways) != 1000 || len(inv.Unread) != 0 || inv.NatGateways[7].ID != "nat-0007" || inv.Target != "test" {
		t.Errorf("%d gateways, unread %v", len(inv.NatGateways), inv.Unread)
	}
	const want = "Action=DescribeNatGateways&MaxResults=1000&Version=2016-11-15"
	if w.sent() != 1 || w.forms[0].Encode() != want {
		t.Errorf("sent %d requests, the first %s, want one %s", w.sent(), w.forms[0].Encode(), want)
	}
}

func TestGatewaysAreReadAsEC2ReportsThem(t *testing.T) {
	inv := observeGateways(t, `<natGatewaySet><item>
		<natGatewayId>nat-1</natGatewayId><vpcId>vpc-1</vpcId><subnetId>subnet-1</subnetId><state>available</state>
		<connectivityType>private</connectivityType><availabilityMode>zonal</availabilityMode><newField><deep/></newField>
		<tagSet><item><key>Name</key><value>a</value></item><item><key>empty</key></item></tagSet>
		<natGatewayAddressSet>
			<item><privateIp>10.0.1.21</privateIp><isPrimary>false</isPrimary><status>unassigning</status><networkInterfaceId>eni-9</networkInterfaceId></item>
			<item><privateIp>10.0.1.9</privateIp><isPrimary>true</isPrimary><status>succeeded</status></item>
			<item><privateIp>10.0.1.22</privateIp><status>failed</status><failureMessage>taken</failureMessage></item>
		</natGatewayAddressSet></item></natGatewaySet>`)
	want := []inventory.NatGateway{{
		ID: "nat-1", VpcID: "vpc-1", SubnetID: "subnet-1", State: "available", ConnectivityType: "private", AvailabilityMode: "zonal",
		Tags: map[string]string{"Name": "a", "empty": ""},
		Addresses: []inventory.Address{
			{IP: addr("10.0.1.9"), Primary: true, Status: inventory.StatusSucceeded},
			{IP: addr("10.0.1.21"), Status: inventory.StatusUnassigning, NetworkInterfaceID: "eni-9"},
			{IP: addr("10.0.1.22"), Status: inventory.StatusFailed, FailureMessage: "taken"},
		},
	}}
	if !reflect.DeepEqual(inv.NatGateways, want) || len(inv.Unread) != 0 {
		t.Errorf("got  %+v\nwant %+v\nunread %v", inv.NatGateways, want, inv.Unread)
	}
}

// A row without a status beside rows that have one may be on its way.
func TestAMissingStatusBesideOthersMeansWait(t *testing.T) {
	inv := observeGateways(t, "<natGatewaySet><item><natGatewayId>nat-1</natGatewayId><natGatewayAddressSet>"+
		"<item><privateIp>10.0.0.9</privateIp><status>succeeded</status></item><item><privateIp>10.0.0.10</privateIp></item></natGatewayAddressSet></item></natGatewaySet>")
	if rows := inv.NatGateways[0].Addresses; rows[0].Status != inventory.StatusSucceeded || rows[1].Status.Settled() {
		t.Errorf("rows %+v", rows)
	}
}

func TestAddressesThatCannotBeReadKeepTheirGatewayWaiting(t *testing.T) {
	tests := []struct {
		name, row string
		status    inventory.Status
		settled   bool
	}{
		{"assigning without an IP", "<status>assigning</status>", inventory.StatusAssigning, false},
		{"a status that is new", "<privateIp>10.0.0.9</privateIp><status>warming</status>", "warming", false},
		{"succeeded without an IP", "<status>succeeded</status>", statusUnreadable, false},
		{"nothing at all", "", statusUnreadable, false},
		{"no address", "<privateIp>ten</privateIp><status>succeeded</status>", statusUnreadable, false},
		{"IPv6", "<privateIp>fd00::1</privateIp><status>succeeded</status>", statusUnreadable, false},
		{"failed without an IP", "<status>failed</status>", inventory.StatusFailed, true},
		{"blanks around the IP, and no row with a status", "<privateIp> 10.0.0.9\n</privateIp>", inventory.StatusSucceeded, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inv := observeGateways(t, "<natGatewaySet><item><natGatewayId>nat-1</natGatewayId><natGatewayAddressSet><item>"+tt.row+
				"</item></natGatewayAddressSet></item></natGatewaySet>")
			if len(inv.NatGateways) != 1 || len(inv.NatGateways[0].Addresses) != 1 {
				t.Fatalf("a row was dropped: %+v, unread %v", inv.NatGateways, inv.Unread)
			}
			a := inv.NatGateways[0].Addresses[0]
			if a.Status != tt.status || a.Status.Settled() != tt.settled || a.Primary {
				t.Errorf("address %+v, want status %q", a, tt.status)
			}
		})
	}
}

func TestWhatMakesNoSenseIsUnread(t *testing.T) {
	one := "<item><natGatewayId>nat-1</natGatewayId><state>available</state></item>"
	tests := []struct {
		name, inner, reason string // "" for what is read
	}{
		{"an empty set", "<natGatewaySet/>", ""},
		{"no set", "", ""},
		{"deleted gateways stay", "<natGatewaySet><item><natGatewayId>nat-1</natGatewayId><state>deleted</state></item></natGatewaySet>", ""},
		{"listed twice, the same", "<natGatewaySet>" + one + one + "</natGatewaySet>", ""},
		{"listed twice, different", "<natGatewaySet>" + one + strings.Replace(one, "available", "deleting", 1) + "</natGatewaySet>", "nat-1 twice"},
		{"no id", "<natGatewaySet><item><state>available</state></item></natGatewaySet>", "without an id"},
		{"the same token again", "<nextToken>a</nextToken>", "same page token"},
		{"a flag that is none", "<natGatewaySet><item><natGatewayAddressSet><item><isPrimary>maybe</isPrimary></item></natGatewayAddressSet></item></natGatewaySet>", "cannot be read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inv := observeGateways(t, tt.inner)
			why := inv.WhyUnread(inventory.ReadNatGateways, "")
			if (why != "") != (tt.reason != "") || !strings.Contains(why, tt.reason) {
				t.Errorf("unread because %q, want %q", why, tt.reason)
			}
			if why != "" && inv.NatGateways != nil {
				t.Errorf("part of an unread listing is reported: %+v", inv.NatGateways)
			}
			if want := strings.Count(tt.inner, "nat-1") > 0 && tt.reason == ""; want != (len(inv.NatGateways) == 1) {
				t.Errorf("gateways %+v", inv.NatGateways)
			}
		})
	}
}

func TestEveryPageIsRead(t *testing.T) {
	environment(t)
	w := answering(func(n int, form url.Values) string {
		next := map[string]string{"": "b", "b": "c", "c": ""}[form.Get("NextToken")]
		return fmt.Sprintf("<natGatewaySet><item><natGatewayId>nat-%d</natGatewayId></item></natGatewaySet><nextToken>%s</nextToken>", n, next)
	})
	inv := client(t, modeObserve, w).Observe(t.Context(), allGateways)
	if len(inv.NatGateways) != 3 || w.sent() != 3 || len(inv.Unread) != 0 {
		t.Errorf("%d gateways, %d requests, unread %v", len(inv.NatGateways), w.sent(), inv.Unread)
	}
}

func TestAListWithoutEndEnds(t *testing.T) {
	n := 0
	_, err := pages("DescribeX", func(*string) ([]int, *string, error) {
		n++
		token := fmt.Sprint(n)
		return []int{n}, &token, nil
	})
	if err == nil || n != maxPages {
		t.Errorf("%d pages, error %v", n, err)
	}
}

func TestAFailureSaysWhatToDo(t *testing.T) {
	environment(t)
	w := always(403, errorBody("UnauthorizedOperation", "You are not authorized"))
	inv := client(t, modeObserve, w).Observe(t.Context(), inventory.Query{NatGateways: true, NetworkInterfaceIDs: []string{"eni-1"}})
	want := "DescribeNatGateways: UnauthorizedOperation: You are not authorized; allow ec2:DescribeNatGateways for this principal, in its IAM policy and whatever bounds it (request req-err)"
	if got := inv.WhyUnread(inventory.ReadNatGateways, ""); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := inv.WhyUnread(inventory.ReadNetworkInterfaces, ""); !strings.HasPrefix(got, "DescribeNetworkInterfaces: Unauth") {
		t.Errorf("got %q", got)
	}
}

// half answers the first attempt and none after it.
type half struct{ wire }

func (h *half) RoundTrip(req *http.Request) (*http.Response, error) {
	if h.sent() > 0 {
		return nil, io.ErrUnexpectedEOF
	}
	resp, err := h.wire.RoundTrip(req)
	if err == nil {
		resp.Header.Set("X-Amzn-Requestid", "req-first")
	}
	return resp, err
}

func TestAnAttemptWithoutAnAnswerHasNoRequestID(t *testing.T) {
	environment(t)
	synctest.Test(t, func(t *testing.T) {
		h := &half{wire{answer: func(int, url.Values) (int, string) { return 503, errorBody("RequestLimitExceeded", "slowly") }}}
		inv := client(t, modeObserve, h).Observe(t.Context(), inventory.Query{NatGateways: true})
		if got := inv.WhyUnread(inventory.ReadNatGateways, ""); got == "" || strings.Contains(got, "req-") {
			t.Errorf("the last attempt was not answered, and this is said of it: %s", got)
		}
	})
}

func interfaceXML(id, inner string) string {
	return "<item><networkInterfaceId>" + id + "</networkInterfaceId>" + inner + "</item>"
}

func TestInterfacesAreReadInChunks(t *testing.T) {
	environment(t)
	var ids []string
	for i := range 450 {
		ids = append(ids, fmt.Sprintf("eni-%03d", i))
	}
	w := answering(func(_ int, form url.Values) string {
		var set strings.Builder
		for key, values := range form {
			if strings.HasPrefix(key, "Filter.1.Value.") && values[0] != "eni-007" { // this one does not exist
				set.WriteString(interfaceXML(values[0], ""))
			}
		}
		return "<networkInterfaceSet>" + set.String() + interfaceXML("eni-other", "") + "</networkInterfaceSet>"
	})
	q := inventory.Query{NetworkInterfaceIDs: append(slices.Clone(ids), ids[0], "")}
	inv := client(t, modeObserve, w).Observe(t.Context(), q)
	if len(inv.NetworkInterfaces) != 449 || len(inv.Unread) != 0 {
		t.Errorf("%d interfaces, unread %v", len(inv.NetworkInterfaces), inv.Unread)
	}
	if _, there := inv.NetworkInterface("eni-other"); there {
		t.Error("an interface that nobody asked for was taken")
	}
	if w.sent() != 3 {
		t.Fatalf("%d requests, want 3", w.sent())
	}
	for _, form := range w.forms {
		if form.Get("Filter.1.Name") != "network-interface-id" || form.Has("NetworkInterfaceId.1") || form.Has("Filter.1.Value.201") {
			t.Errorf("sent %s", form.Encode()[:200])
		}
	}
}

func TestInterfacesAreReadByTags(t *testing.T) {
	environment(t)
	tagged := func(id, value string) string {
		return interfaceXML(id, "<tagSet><item><key>Name</key><value>"+value+"</value></item><item><key>env</key><value>prod</value></item></tagSet>")
	}
	w := answering(func(int, url.Values) string { // an endpoint that ignores filters
		return "<networkInterfaceSet>" + tagged("eni-1", "a*") + tagged("eni-2", "ab") + "</networkInterfaceSet>"
	})
	c := client(t, modeObserve, w)
	long := map[string]string{"Name": strings.Repeat("x", 257)}
	inv := c.Observe(t.Context(), inventory.Query{NetworkInterfaceIDs: []string{"eni-1"},
		NetworkInterfaceTags: []map[string]string{{"Name": "a*", "env": "prod"}, long}})
	if len(inv.NetworkInterfaces) != 1 || inv.NetworkInterfaces[0].ID != "eni-1" || len(inv.Unread) != 0 {
		t.Errorf("interfaces %+v, unread %v", inv.NetworkInterfaces, inv.Unread)
	}
	const want = `Action=DescribeNetworkInterfaces&Filter.1.Name=tag:Name&Filter.1.Value.1=a\*&Filter.2.Name=tag:env&Filter.2.Value.1=prod&MaxResults=1000&Version=2016-11-15`
	if got, _ := url.QueryUnescape(w.forms[1].Encode()); got != want || w.sent() != 2 {
		t.Errorf("sent %d, the second\n%s\nwant\n%s", w.sent(), got, want)
	}
	inv = c.Observe(t.Context(), inventory.Query{NetworkInterfaceTags: []map[string]string{{}}})
	if inv.WhyUnread(inventory.ReadNetworkInterfaces, "") == "" || w.sent() != 2 {
		t.Error("a selector without tags was sent: it would match everything")
	}
}

func TestInterfacesAreReadAsEC2ReportsThem(t *testing.T) {
	environment(t)
	w := answering(func(int, url.Values) string {
		return "<networkInterfaceSet>" + interfaceXML("eni-1", `<vpcId>vpc-1</vpcId><subnetId>subnet-1</subnetId><status>in-use</status>
			<interfaceType>interface</interfaceType><requesterManaged>false</requesterManaged><operator><managed>true</managed></operator>
			<privateIpAddress>10.0.2.9</privateIpAddress><privateIpAddressesSet>
			<item><privateIpAddress>10.0.2.30</privateIpAddress><primary>false</primary><association><publicIp>198.51.100.7</publicIp><allocationId>eipalloc-1</allocationId><associationId>eipassoc-1</associationId></association></item>
			<item><privateIpAddress>10.0.2.9</privateIpAddress><primary>true</primary></item></privateIpAddressesSet>
			<ipv4PrefixSet><item><ipv4Prefix>10.0.2.64/28</ipv4Prefix></item></ipv4PrefixSet>`) +
			interfaceXML("eni-2", "<privateIpAddress>10.0.2.10</privateIpAddress><ipv4PrefixSet><item><ipv4Prefix>?</ipv4Prefix></item></ipv4PrefixSet>") +
			"</networkInterfaceSet>"
	})
	inv := client(t, modeObserve, w).Observe(t.Context(), inventory.Query{NetworkInterfaceIDs: []string{"eni-1", "eni-2"}})
	want := []inventory.NetworkInterface{{
		ID: "eni-1", VpcID: "vpc-1", SubnetID: "subnet-1", Status: "in-use", Type: "interface", OperatorManaged: true,
		Addresses: []inventory.Address{
			{IP: addr("10.0.2.9"), Primary: true, NetworkInterfaceID: "eni-1"},
			{IP: addr("10.0.2.30"), PublicIP: "198.51.100.7", AllocationID: "eipalloc-1", AssociationID: "eipassoc-1", NetworkInterfaceID: "eni-1"},
		},
		Prefixes: assignEniCall.Prefixes,
	}, {
		ID:        "eni-2", // no row says which is primary; a prefix that cannot be read keeps it waiting
		Addresses: []inventory.Address{{Status: statusUnreadable}, {IP: addr("10.0.2.10"), NetworkInterfaceID: "eni-2"}},
	}}
	if !reflect.DeepEqual(inv.NetworkInterfaces, want) {
		t.Errorf("got  %+v\nwant %+v", inv.NetworkInterfaces, want)
	}
}

func TestReread(t *testing.T) {
	environment(t)
	tests := []struct {
		name  string
		kind  inventory.Kind
		id    string
		wire  *wire
		class inventory.Class // "" when it is read
	}{
		{"a gateway, among others that were not asked for", inventory.KindNatGateway, "nat-2", answering(func(_ int, form url.Values) string {
			if form.Get("NatGatewayId.1") != "nat-2" || form.Has("MaxResults") {
				return ""
			}
			return "<natGatewaySet><item><natGatewayId>nat-1</natGatewayId></item><item><natGatewayId>nat-2</natGatewayId></item></natGatewaySet>"
		}), ""},
		{"an interface", inventory.KindNetworkInterface, "eni-1", answering(func(_ int, form url.Values) string {
			return "<networkInterfaceSet>" + interfaceXML(form.Get("NetworkInterfaceId.1"), "") + "</networkInterfaceSet>"
		}), ""},
		{"a gateway that EC2 does not know", inventory.KindNatGateway, "nat-2", always(400, errorBody("NatGatewayNotFound", "gone")), inventory.ClassNotFound},
		{"a gateway that is not listed", inventory.KindNatGateway, "nat-2", answering(func(int, url.Values) string { return "<natGatewaySet/>" }), inventory.ClassNotFound},
		{"an interface that EC2 does not know", inventory.KindNetworkInterface, "eni-1", always(400, errorBody("InvalidNetworkInterfaceID.NotFound", "gone")), inventory.ClassNotFound},
		{"an answer without sense", inventory.KindNatGateway, "nat-1", answering(func(int, url.Values) string { return "<natGatewaySet><item/></natGatewaySet>" }), inventory.ClassLost},
		{"an answer of somebody else", inventory.KindNatGateway, "nat-1", always(200, "<html/>"), inventory.ClassLost},
		{"no id", inventory.KindNatGateway, "", always(200, ""), inventory.ClassNotSent},
		{"no such kind", "Volume", "vol-1", always(200, ""), inventory.ClassNotSent},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inv, err := client(t, modeObserve, tt.wire).Reread(context.Background(), tt.kind, tt.id)
			if tt.class != "" {
				if f := faultOf(t, err); f.Class != tt.class {
					t.Errorf("class %s, want %s: %v", f.Class, tt.class, f)
				}
				return
			}
			_, gateway := inv.NatGateway(tt.id)
			_, eni := inv.NetworkInterface(tt.id)
			if err != nil || !gateway && !eni || len(inv.NatGateways)+len(inv.NetworkInterfaces) != 1 || inv.Target != "test" {
				t.Errorf("inventory %+v, error %v", inv, err)
			}
		})
	}
}
