package cloudtrail

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// told is a record of CloudTrail with these parts.
func told(name, identity, request, response, more string) string {
	return fmt.Sprintf(`{"eventVersion":"1.10","eventTime":"2026-11-22T10:02:40Z","eventSource":"ec2.amazonaws.com","eventName":%q,
"awsRegion":"us-east-1","sourceIPAddress":"203.0.113.7","userAgent":"aws-cli/2.31.0","requestID":"request-1","eventID":"event-1","readOnly":false,
"userIdentity":%s,"requestParameters":%s,"responseElements":%s%s}`, name, identity, request, response, more)
}

const (
	alice      = `{"type":"IAMUser","principalId":"AIDA1","arn":"arn:aws:iam::123456789012:user/Alice","accountId":"123456789012","userName":"Alice"}`
	natRequest = `{"UnassignPrivateNatGatewayAddressRequest":{"NatGatewayId":"nat-1","PrivateIpAddress":{"tag":1,"content":"10.0.1.20"}}}`
	eniRequest = `{"networkInterfaceId":"eni-1","privateIpAddressesSet":{"item":[{"privateIpAddress":"10.0.1.20"},{"privateIpAddress":"10.0.1.21"}]},"ipv4PrefixesSet":{"item":[{"ipv4Prefix":"10.0.2.64/28"}]}}`
	byCount    = `{"networkInterfaceId":"eni-1","secondaryPrivateIpAddressCount":1}`
)

func TestEveryShapeOfWhoIsNamed(t *testing.T) {
	for name, c := range map[string]struct{ identity, want string }{
		"an IAM user": {alice, "arn:aws:iam::123456789012:user/Alice"},
		"a session of a role": {`{"type":"AssumedRole","principalId":"AROA1:bob","arn":"arn:aws:sts::123456789012:assumed-role/Admin/bob","accountId":"123456789012",
			"sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::123456789012:role/Admin","userName":"Admin"}}}`, "arn:aws:sts::123456789012:assumed-role/Admin/bob"},
		"the root user":                  {`{"type":"Root","principalId":"123456789012","arn":"arn:aws:iam::123456789012:root","accountId":"123456789012"}`, "arn:aws:iam::123456789012:root"},
		"an AWS service":                 {`{"type":"AWSService","invokedBy":"vpce.amazonaws.com"}`, "vpce.amazonaws.com"},
		"a user of IAM Identity Center":  {`{"type":"IdentityCenterUser","accountId":"123456789012","onBehalfOf":{"userId":"544894e8","identityStoreArn":"arn:…"}}`, "IAM Identity Center user 544894e8"},
		"another account":                {`{"type":"AWSAccount","principalId":"AIDA9","accountId":"999999999999"}`, "AIDA9"},
		"nobody":                         {`{"type":"Unknown"}`, "somebody whom CloudTrail does not name"},
		"a name that acts on a terminal": {`{"type":"IAMUser","userName":"\u001b[31mroot\u202e\n"}`, "?[31mroot??"},
	} {
		t.Run(name, func(t *testing.T) {
			e, ok := parse(told("UnassignPrivateNatGatewayAddress", c.identity, natRequest, "null", ""))
			if !ok || e.Principal != c.want {
				t.Errorf("%v %q, want %q", ok, e.Principal, c.want)
			}
		})
	}
}

func TestAddressesAreFoundWhereverACallHasThem(t *testing.T) {
	for name, c := range map[string]struct{ event, want string }{
		"a newer call":               {told("UnassignPrivateNatGatewayAddress", alice, natRequest, "null", ""), "[nat-1] [10.0.1.20] []"},
		"an older call":              {told("AssignPrivateIpAddresses", alice, eniRequest, `{"_return":true}`, ""), "[eni-1] [10.0.1.20 10.0.1.21] [10.0.2.64/28]"},
		"a call by count":            {told("AssignPrivateIpAddresses", alice, byCount, `{"assignedPrivateIpAddressesSet":{"assignedPrivateIpAddressSetType":[{"privateIpAddress":"10.0.1.33"}]}}`, ""), "[eni-1] [10.0.1.33] []"},
		"an answer with all of them": {told("AssignPrivateIpAddresses", alice, eniRequest, `{"privateIpAddress":"10.0.1.99"}`, ""), "[eni-1] [10.0.1.20 10.0.1.21] [10.0.2.64/28]"},
	} {
		t.Run(name, func(t *testing.T) {
			e, ok := parse(c.event)
			if got := fmt.Sprint(e.Resources, e.Addresses, e.Prefixes); !ok || got != c.want {
				t.Errorf("%v %s, want %s", ok, got, c.want)
			}
			if e.EventID != "event-1" || e.RequestID != "request-1" || e.SourceIP != "203.0.113.7" || e.Time.Minute() != 2 {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestHowACallWasMade(t *testing.T) {
	e, _ := parse(told("UnassignPrivateIpAddresses", alice, eniRequest, "null", `,"errorCode":"Client.UnauthorizedOperation"`))
	if !e.Failed {
		t.Error("a refused call counts as one that changed something")
	}
	if e, _ = parse(told("UnassignPrivateIpAddresses", alice, eniRequest, "null", `,"sessionCredentialFromConsole":"true"`)); !e.Console || e.Sluice || e.Failed {
		t.Errorf("in the console: %+v", e)
	}
	agent := strings.Replace(told("UnassignPrivateIpAddresses", alice, eniRequest, "null", ""), "aws-cli/2.31.0", "aws-sdk-go-v2/1.47.7 os/linux sluice", 1)
	if e, _ = parse(agent); !e.Sluice {
		t.Errorf("by another sluice: %+v", e)
	}
}

func TestWhatIsNoCallOnAddressesIsLeftOut(t *testing.T) {
	for _, text := range []string{
		"", "{", "null", "[]", strings.Repeat("[", 100_000), `{"eventTime":"yesterday"}`,
		told("RunInstances", alice, "{}", "null", ""),
		strings.Replace(told("AssignPrivateIpAddresses", alice, eniRequest, "null", ""), "ec2.amazonaws.com", "sts.amazonaws.com", 1),
		told("AssignPrivateIpAddresses", alice, `"`+strings.Repeat("x", maxEvent)+`"`, "null", ""),
	} {
		if e, ok := parse(text); ok {
			t.Errorf("%.60q: %+v", text, e)
		}
	}
}

func TestAHostileEventIsBounded(t *testing.T) {
	many := strings.TrimSuffix(strings.Repeat(`"eni-1","10.0.1.20",`, 10_000), ",")
	e, ok := parse(told("AssignPrivateIpAddresses", `{"arn":"`+strings.Repeat("é", 5000)+`"}`, `{"a":[`+many+`]}`, "null", ""))
	if !ok || len(e.Principal) > maxText || !utf8.ValidString(e.Principal) || len(e.Addresses) > maxNamed || len(e.Resources) > maxNamed {
		t.Errorf("%v, %d bytes, %d addresses, %d resources", ok, len(e.Principal), len(e.Addresses), len(e.Resources))
	}
}

func FuzzParse(f *testing.F) {
	f.Add(told("AssignPrivateIpAddresses", alice, eniRequest, "null", ""))
	f.Add(told("UnassignPrivateNatGatewayAddress", alice, natRequest, "null", ""))
	f.Fuzz(func(t *testing.T, text string) {
		e, _ := parse(text)
		for _, s := range append(e.Resources, e.Principal, e.Type, e.SourceIP, e.EventID, e.RequestID) {
			if len(s) > maxText || clean(s, maxText) != s {
				t.Errorf("%q is kept", s)
			}
		}
	})
}
