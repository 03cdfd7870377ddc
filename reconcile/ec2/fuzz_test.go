package ec2

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// FuzzAnswer gives every operation the same hostile answer. Nothing may panic or
// hang, a failed read must say so, and a dry-run must never look carried out.
func FuzzAnswer(f *testing.F) {
	environment(f)
	f.Add(200, "<DescribeNatGatewaysResponse><requestId>r</requestId><natGatewaySet><item><natGatewayId>nat-1</natGatewayId></item></natGatewaySet></DescribeNatGatewaysResponse>")
	f.Add(200, "<DescribeNatGatewaysResponse><natGatewaySet><item><natGatewayId>nat-1</natGatewayId><natGatewayAddressSet><item><privateIp>10.0.0.1</privateIp><isPrimary>true</isPrimary><status>assigning</status></item></natGatewayAddressSet></item></natGatewaySet><nextToken>t</nextToken></DescribeNatGatewaysResponse>")
	f.Add(200, "<DescribeNetworkInterfacesResponse><networkInterfaceSet><item><networkInterfaceId>eni-1</networkInterfaceId><ipv4PrefixSet><item><ipv4Prefix>10.0.0.0/28</ipv4Prefix></item></ipv4PrefixSet></item></networkInterfaceSet></DescribeNetworkInterfacesResponse>")
	f.Add(200, "<DescribeSubnetsResponse><subnetSet><item><subnetId>subnet-1</subnetId><cidrBlock>10.0.0.0/24</cidrBlock></item></subnetSet></DescribeSubnetsResponse>")
	f.Add(200, "<AssignPrivateNatGatewayAddressResponse/>")
	f.Add(200, "<UnassignPrivateIpAddressesResponse><return>true</return></UnassignPrivateIpAddressesResponse>")
	f.Add(412, errorBody("DryRunOperation", "m"))
	f.Add(403, errorBody("UnauthorizedOperation", "m"))
	f.Add(400, "<Response><Errors><Error><Code>\x00")
	f.Add(200, strings.Repeat("<a>", 1000))
	f.Add(200, "<?xml version='1.0' encoding='utf-7'?><!DOCTYPE a [<!ENTITY b 'c'>]>&b;")
	f.Add(307, "")
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 || status >= 500 || status == 429 { // these are tried again, with pauses
			status = 200
		}
		w := roundTripFunc(func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
		})
		c := clientOf(t, Config{Target: "t", Mode: modeApply, Transport: w})
		c.rates = freeRates()
		// A throttling code in the body makes reads pause: give them little time.
		c.timeout = 5 * time.Second
		ctx := t.Context()
		if inv := c.Observe(ctx, inventory.Query{NatGateways: true, NetworkInterfaceIDs: []string{"eni-1"}}); status >= 300 && len(inv.Unread) != 2 {
			t.Errorf("a failure is missing: %v", inv.Unread)
		}
		c.Subnets(ctx, inventory.SubnetQuery{IDs: []string{"subnet-1"}, Reservations: []string{"subnet-1"}})
		for _, ca := range []inventory.Call{assignNatCall, unassignNatCall, assignEniCall, moveEniCall, unassignEniCall} {
			if _, err := c.Do(ctx, ca); err == nil && status >= 300 {
				t.Errorf("%s: status %d is a success", ca.Operation(), status)
			}
		}
		if _, err := c.Do(ctx, dry(assignNatCall)); err == nil && status < 300 {
			t.Error("a dry-run that was carried out is a success")
		}
	})
}

// freeRates has a token for everybody.
func freeRates() rates {
	r := newRates()
	for _, limiter := range r {
		limiter.SetLimit(1e12)
	}
	return r
}
