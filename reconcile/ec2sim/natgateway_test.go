package ec2sim

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheAnswerOfDescribeNatGatewaysIsEC2s(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := New(quickstart(t), Options{Now: func() time.Time { return at }})
	got := mustOK(t, ask(s, "DescribeNatGateways", "Filter.1.Name", "tag:Name", "Filter.1.Value.1", "egress-b"))
	want := `<?xml version="1.0" encoding="UTF-8"?>
<DescribeNatGatewaysResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">` +
		`<requestId>` + s.Calls()[0].RequestID + `</requestId>` +
		`<natGatewaySet><item><natGatewayId>nat-0b7c1d2e3f4a5b6c7</natGatewayId><subnetId>subnet-0a1b2c3d4e5f60002</subnetId>` +
		`<vpcId>vpc-0123456789abcdef0</vpcId><state>available</state><createTime>2026-03-01T12:00:00.000Z</createTime>` +
		`<connectivityType>private</connectivityType><availabilityMode>zonal</availabilityMode><natGatewayAddressSet>` +
		`<item><networkInterfaceId>ENI</networkInterfaceId><privateIp>10.0.2.10</privateIp><isPrimary>true</isPrimary><status>succeeded</status></item>` +
		`<item><networkInterfaceId>ENI</networkInterfaceId><privateIp>10.0.2.20</privateIp><isPrimary>false</isPrimary><status>succeeded</status></item>` +
		`</natGatewayAddressSet><tagSet><item><key>Name</key><value>egress-b</value></item></tagSet></item></natGatewaySet>` +
		`</DescribeNatGatewaysResponse>`
	want = strings.ReplaceAll(want, "ENI", derivedID("eni-", egressB))
	if got.body != want {
		t.Errorf("got\n%s\nwant\n%s", got.body, want)
	}
	none := mustOK(t, ask(s, "DescribeNatGateways", "Filter.1.Name", "state", "Filter.1.Value.1", "deleted"))
	if !strings.Contains(none.body, "<natGatewaySet></natGatewaySet>") {
		t.Errorf("an empty list must be written: %s", none.body)
	}
}

func TestAnErrorAnswerIsEC2s(t *testing.T) {
	s := New(quickstart(t), Options{})
	got := ask(s, "AssignPrivateNatGatewayAddress", "NatGatewayId", egressA, "PrivateIpAddressCount", "1", "DryRun", "true")
	want := `<?xml version="1.0" encoding="UTF-8"?>
<Response><Errors><Error><Code>DryRunOperation</Code><Message>Request would have succeeded, but DryRun flag is set.</Message></Error></Errors>` +
		`<RequestID>` + s.Calls()[0].RequestID + `</RequestID></Response>`
	if got.body != want || got.status != 412 {
		t.Errorf("got %d\n%s\nwant\n%s", got.status, got.body, want)
	}
}

func TestAnAddressIsAssigningForThreeSecondsAndThenInService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(quickstart(t), Options{})
		got := mustOK(t, ask(s, "AssignPrivateNatGatewayAddress", "NatGatewayId", egressA, "PrivateIpAddress.1", "10.0.1.30", "PrivateIpAddress.2", "10.0.1.241"))
		if rows := got.rows("natGatewayAddressSet/item"); rows != "10.0.1.30=assigning 10.0.1.241=assigning" {
			t.Fatalf("the answer lists %s", rows)
		}
		time.Sleep(3*time.Second - time.Nanosecond)
		want := "10.0.1.10=succeeded 10.0.1.20=succeeded 10.0.1.21=succeeded 10.0.1.30=assigning 10.0.1.241=assigning"
		if rows := gateway(s, egressA); rows != want {
			t.Fatalf("just before its time: %s", rows)
		}
		time.Sleep(time.Nanosecond)
		if rows := gateway(s, egressA); rows != strings.ReplaceAll(want, "assigning", "succeeded") {
			t.Fatalf("after its time: %s", rows)
		}
	})
}

func TestACountTakesTheLowestFreeAddresses(t *testing.T) {
	w := quickstart(t)
	w.NatGateways[0].Secondary = []string{"10.0.1.5"}
	got := mustOK(t, ask(New(w, Options{}), "AssignPrivateNatGatewayAddress", "NatGatewayId", egressA, "PrivateIpAddressCount", "3"))
	if rows := got.rows("natGatewayAddressSet/item"); rows != "10.0.1.4=assigning 10.0.1.6=assigning 10.0.1.7=assigning" {
		t.Errorf("got %s", rows)
	}
}

func TestADrainTakesItsTime(t *testing.T) {
	cases := []struct {
		name   string
		params []string
		ends   time.Duration // connections end by themselves
		speed  float64
		want   time.Duration
	}{
		{"350 seconds when the call does not say", nil, 0, 0, 350 * time.Second},
		{"what the call says", []string{"MaxDrainDurationSeconds", "60"}, 0, 0, time.Minute},
		{"less when the connections end before", []string{"MaxDrainDurationSeconds", "60"}, 40 * time.Second, 0, 40 * time.Second},
		{"no more than what the call says", []string{"MaxDrainDurationSeconds", "60"}, time.Hour, 0, time.Minute},
		{"a sixtieth at sixty times the speed", []string{"MaxDrainDurationSeconds", "60"}, 0, 60, time.Second},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := quickstart(t)
				w.NatGateways[0].DrainsAfter = Duration(c.ends)
				s := New(w, Options{Speed: c.speed})
				pairs := append([]string{"NatGatewayId", egressA, "PrivateIpAddress.1", "10.0.1.21"}, c.params...)
				got := mustOK(t, ask(s, "UnassignPrivateNatGatewayAddress", pairs...))
				if rows := got.rows("natGatewayAddressSet/item"); rows != "10.0.1.21=unassigning" {
					t.Fatalf("the answer lists %s", rows)
				}
				time.Sleep(c.want - time.Millisecond)
				mustFail(t, ask(s, "AssignPrivateNatGatewayAddress", "NatGatewayId", egressA, "PrivateIpAddressCount", "1"), 400, "OperationInProgress")
				if rows := gateway(s, egressA); rows != "10.0.1.10=succeeded 10.0.1.20=succeeded 10.0.1.21=unassigning" {
					t.Fatalf("just before the end: %s", rows)
				}
				time.Sleep(time.Millisecond)
				if rows := gateway(s, egressA); rows != "10.0.1.10=succeeded 10.0.1.20=succeeded" {
					t.Fatalf("after the end: %s", rows)
				}
				mustOK(t, ask(s, "AssignPrivateNatGatewayAddress", "NatGatewayId", egressA, "PrivateIpAddress.1", "10.0.1.21"))
			})
		})
	}
}

func TestAFailingAddressFailsAndHoldsNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := quickstart(t)
		w.Failing = []string{"10.0.1.30"}
		w.Limits.AddressesPerNatGateway = 4
		s := New(w, Options{})
		mustOK(t, ask(s, "AssignPrivateNatGatewayAddress", "NatGatewayId", egressA, "PrivateIpAddress.1", "10.0.1.30"))
		time.Sleep(3 * time.Second)
		got := ask(s, "DescribeNatGateways", "NatGatewayId.1", egressA)
		if rows := got.rows("natGatewaySet/item/natGatewayAddressSet/item"); !strings.HasSuffix(rows, "10.0.1.30=failed") {
			t.Fatalf("got %s", rows)
		}
		why := got.texts("natGatewaySet/item/natGatewayAddressSet/item/failureMessage")
		if len(why) != 1 || !strings.Contains(why[0], "10.0.1.30") {
			t.Errorf("the failure message is %q", why)
		}
		// The place is free: the same address may be tried again, and then succeeds.
		s.Edit(func(w *World) { w.Failing = nil })
		mustOK(t, ask(s, "AssignPrivateNatGatewayAddress", "NatGatewayId", egressA, "PrivateIpAddress.1", "10.0.1.30"))
		time.Sleep(3 * time.Second)
		if rows := gateway(s, egressA); rows != "10.0.1.10=succeeded 10.0.1.20=succeeded 10.0.1.21=succeeded 10.0.1.30=succeeded" {
			t.Errorf("after the second attempt: %s", rows)
		}
	})
}

func TestThePrimaryFlagCanBeMissing(t *testing.T) {
	w := quickstart(t)
	w.NatGateways[0].OmitIsPrimary = true
	got := ask(New(w, Options{}), "DescribeNatGateways")
	if flags := got.texts("natGatewaySet/item/natGatewayAddressSet/item/isPrimary"); strings.Join(flags, " ") != "true false" {
		t.Errorf("only the second gateway says it, got %q", flags)
	}
}

func TestTheInterfaceOfAGatewayIsShownAsEC2Does(t *testing.T) {
	s := New(quickstart(t), Options{})
	got := mustOK(t, ask(s, "DescribeNetworkInterfaces", "Filter.1.Name", "interface-type", "Filter.1.Value.1", "natGateway",
		"Filter.2.Name", "subnet-id", "Filter.2.Value.1", subnetA))
	const item = "networkInterfaceSet/item/"
	for at, want := range map[string]string{
		item + "networkInterfaceId": derivedID("eni-", egressA), item + "requesterManaged": "true",
		item + "description": "Interface for NAT Gateway " + egressA, item + "status": "in-use",
		item + "privateIpAddressesSet/item/privateIpAddress": "10.0.1.10 10.0.1.20 10.0.1.21",
		item + "privateIpAddressesSet/item/primary":          "true false false",
	} {
		if texts := strings.Join(got.texts(at), " "); texts != want {
			t.Errorf("%s is %q, want %q", at, texts, want)
		}
	}
}

func TestARivalsEditIsSeenAtOnce(t *testing.T) {
	s := New(quickstart(t), Options{})
	var kept *World
	s.Edit(func(w *World) {
		w.NatGateways[0].Secondary = append(w.NatGateways[0].Secondary, "10.0.1.99")
		w.NatGateways[0].Transitions = []Transition{{IP: "10.0.1.99", Status: "thinking"}}
		kept = w
	})
	kept.NatGateways[0].Secondary[0] = "1.2.3.4" // must not reach the server
	if rows := gateway(s, egressA); rows != "10.0.1.10=succeeded 10.0.1.20=succeeded 10.0.1.21=succeeded 10.0.1.99=thinking" {
		t.Errorf("got %s", rows)
	}
	mustFail(t, ask(s, "AssignPrivateNatGatewayAddress", "NatGatewayId", egressA, "PrivateIpAddressCount", "1"), 400, "OperationInProgress")
}
