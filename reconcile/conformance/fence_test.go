package conformance

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// counted counts what leaves.
type counted struct{ n int }

func (c *counted) RoundTrip(*http.Request) (*http.Response, error) {
	c.n++
	return &http.Response{StatusCode: http.StatusTeapot, Body: http.NoBody}, nil
}

func TestTheFenceLetsOutWhatTheRunMayDoAndNothingElse(t *testing.T) {
	tag := "&TagSpecification.1.Tag.1.Key=" + url.QueryEscape(TagKey) + "&TagSpecification.1.Tag.1.Value="
	for _, tt := range []struct {
		name, form string
		out        bool
	}{
		{"a read", "Action=DescribeSubnets", true},
		{"another read", "Action=DescribeInstances", false},
		{"a creation with the tag", "Action=CreateNatGateway" + tag + "r1", true},
		{"a creation without it", "Action=CreateNatGateway", false},
		{"a creation with another run's", "Action=CreateNetworkInterface" + tag + "r2", false},
		{"another creation", "Action=CreateVpc" + tag + "r1", false},
		{"the end of its own gateway", "Action=DeleteNatGateway&NatGatewayId=nat-mine", true},
		{"the end of somebody's", "Action=DeleteNatGateway&NatGatewayId=nat-other", false},
		{"two ids", "Action=DeleteNatGateway&NatGatewayId=nat-mine&NatGatewayId=nat-other", false},
		{"an id of another parameter", "Action=DeleteNetworkInterface&NatGatewayId=nat-mine", false},
		{"a question to nobody", "Action=AssignPrivateNatGatewayAddress&NatGatewayId=" + nobody, true},
		{"the end of nobody", "Action=DeleteNatGateway&NatGatewayId=" + nobody, false},
		{"a count", "Action=AssignPrivateNatGatewayAddress&NatGatewayId=nat-mine&PrivateIpAddressCount=1", false},
		{"two actions", "Action=DescribeSubnets&Action=DeleteNatGateway", false},
		{"tags on what is there", "Action=CreateTags&ResourceId.1=nat-other", false},
		{"no form", "%zz", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wire := &counted{}
			f := &fence{run: "r1", next: wire, mine: map[string]bool{"nat-mine": true}}
			req, err := http.NewRequest(http.MethodPost, "http://ec2", strings.NewReader(tt.form))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.RoundTrip(req); (err == nil) != tt.out || (wire.n == 1) != tt.out {
				t.Errorf("%v, %d requests left", err, wire.n)
			}
		})
	}
	f := &fence{next: &counted{}, mine: map[string]bool{}}
	req, _ := http.NewRequest(http.MethodPost, "http://ec2", strings.NewReader("Action=CreateNatGateway"+tag))
	if _, err := f.RoundTrip(req); err == nil {
		t.Error("without a run there are no creations")
	}
}
