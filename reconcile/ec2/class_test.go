package ec2

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// codes is the whole table, written down a second time.
var codes = map[inventory.Class]string{
	inventory.ClassUnauthorized: "UnauthorizedOperation AccessDenied AccessDeniedException Blocked PendingVerification",
	inventory.ClassCredentials: `AuthFailure ExpiredToken ExpiredTokenException IncompleteSignature InvalidAccessKeyId InvalidClientTokenId
		InvalidSecurity InvalidSignatureException InvalidToken MissingAuthenticationToken MissingAuthenticationTokenException OptInRequired
		RequestExpired RequestTimeTooSkewed SignatureDoesNotMatch UnrecognizedClient UnrecognizedClientException`,
	inventory.ClassThrottled: `RequestLimitExceeded BandwidthLimitExceeded EC2ThrottledException PriorRequestNotComplete RequestThrottled
		RequestThrottledException SlowDown ThrottledException Throttling ThrottlingException TooManyRequests TooManyRequestsException`,
	inventory.ClassBusy: "OperationInProgress IncorrectState",
	inventory.ClassNotFound: `NatGatewayNotFound InvalidNatGatewayID.NotFound InvalidNetworkInterfaceID.NotFound
		InvalidNetworkInterfaceId.NotFound InvalidSubnetID.NotFound InvalidSubnetId.NotFound`,
	inventory.ClassLost: `InternalError InternalFailure InternalServerError RequestTimeout RequestTimeoutException ServiceUnavailable
		ServiceUnavailableException Unavailable`,
	inventory.ClassRefused: `DryRunOperation NatGatewayMalformed PrivateIpAddressLimitExceeded InvalidParameterValue InvalidParameter
		InvalidParameterCombination MissingParameter UnsupportedOperation InsufficientFreeAddressesInSubnet InsufficientCidrBlocks
		InvalidAction SomethingNew`,
}

// Each code goes over the wire with the wrong status beside it: the code alone
// decides.
func TestTheCodeDecidesTheClass(t *testing.T) {
	environment(t)
	for class, list := range codes {
		for _, code := range strings.Fields(list) {
			for _, spelt := range []string{code, "Client." + code, "Server." + code} {
				for _, status := range []int{400, 503} {
					w := always(status, errorBody(spelt, "some words: OperationInProgress, not found, throttled"))
					c := client(t, modeApply, w)
					_, err := c.Do(t.Context(), assignNatCall)
					f := faultOf(t, err)
					if f.Class != class || f.Code != code || f.RequestID != "req-err" || w.sent() != 1 {
						t.Errorf("%s with status %d: class %s (want %s), code %q, request %q, %d requests", spelt, status, f.Class, class, f.Code, f.RequestID, w.sent())
					}
				}
			}
		}
	}
}

func TestTheStatusDecidesOnlyWithoutACode(t *testing.T) {
	environment(t)
	tests := []struct {
		status int
		body   string
		want   inventory.Class
	}{
		{301, "", inventory.ClassRefused},
		{307, "", inventory.ClassRefused},
		{400, "", inventory.ClassRefused},
		{401, "", inventory.ClassUnauthorized},
		{403, "<Response/>", inventory.ClassUnauthorized},
		{404, "", inventory.ClassRefused},
		{407, "", inventory.ClassRefused},
		{408, "", inventory.ClassLost},
		{425, "", inventory.ClassLost},
		{429, "Too Many Requests", inventory.ClassThrottled},
		{499, "", inventory.ClassLost},
		{500, "", inventory.ClassLost},
		{501, "", inventory.ClassRefused},
		{502, "<html><body>Bad Gateway</body></html>", inventory.ClassLost},
		{503, "", inventory.ClassLost},
		{504, "", inventory.ClassLost},
		{403, "<html><br></html>", inventory.ClassLost}, // cannot be parsed: nobody knows whose words
		{400, "<Response><Errors><Error><Code>Unau", inventory.ClassLost},
		{200, "", inventory.ClassLost},
		{200, "<html><body>please log in</body></html>", inventory.ClassLost},
		{200, "OK", inventory.ClassLost},
		{200, errorBody("UnauthorizedOperation", "no"), inventory.ClassLost},
		{200, "<AssignPrivateNatGatewayAddressResponse><natGatewayAddressSet>", inventory.ClassLost},
		{200, "<AssignPrivateNatGatewayAddressResponse><natGatewayAddressSet><item><isPrimary>perhaps</isPrimary></item></natGatewayAddressSet></AssignPrivateNatGatewayAddressResponse>", inventory.ClassLost},
		{204, "", inventory.ClassLost},
	}
	for _, tt := range tests {
		w := always(tt.status, tt.body)
		_, err := client(t, modeApply, w).Do(t.Context(), assignNatCall)
		f := faultOf(t, err)
		if f.Class != tt.want || f.Code != "" || w.sent() != 1 || strings.Contains(f.Message, "operation error") {
			t.Errorf("status %d, body %q: class %s (want %s), code %q, %d requests; %s", tt.status, tt.body, f.Class, tt.want, f.Code, w.sent(), f)
		}
	}
}

func TestAnEmptySuccessOfAnyOperationIsNoSuccess(t *testing.T) {
	environment(t)
	for _, ca := range []inventory.Call{assignNatCall, unassignNatCall, assignEniCall, unassignEniCall} {
		_, err := client(t, modeApply, always(200, "")).Do(t.Context(), ca)
		if f := faultOf(t, err); f.Class != inventory.ClassLost {
			t.Errorf("%s: class %s", ca.Operation(), f.Class)
		}
	}
}

func TestMessagesAreShortPrintableAndSayWhatToDo(t *testing.T) {
	environment(t)
	blob := strings.Repeat("x", 5000)
	w := always(403, errorBody("UnauthorizedOperation", "You are not authorized.\n\x7fEncoded authorization failure message: "+blob))
	_, err := client(t, modeApply, w).Do(t.Context(), assignNatCall)
	text := faultOf(t, err).Error()
	if len(text) > 500 || strings.ContainsAny(text, "\n\x7f") || !strings.Contains(text, "allow ec2:AssignPrivateNatGatewayAddress") {
		t.Errorf("%d bytes: %s", len(text), text)
	}
	_, err = client(t, modeApply, always(400, errorBody("C"+blob, "m"))).Do(t.Context(), assignNatCall)
	if f := faultOf(t, err); len(f.Code) > 300 {
		t.Errorf("a code of %d bytes", len(f.Code))
	}
}

// Reads are tried again, mutating calls are not, whatever the environment says.
func TestAttempts(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		reads  int
	}{
		{"throttled", 503, errorBody("RequestLimitExceeded", "slow"), 4},
		{"internal error", 500, errorBody("InternalError", "oops"), 4},
		{"a proxy's 502", 502, "", 4},
		{"unauthorized", 403, errorBody("UnauthorizedOperation", "no"), 1},
		{"busy", 400, errorBody("OperationInProgress", "wait"), 1},
		{"an answer that is none", 200, "<html/>", 1},
	}
	for _, mode := range []string{"", "adaptive"} {
		for _, tt := range tests {
			t.Run(tt.name+" "+mode, func(t *testing.T) {
				environment(t)
				t.Setenv("AWS_RETRY_MODE", mode)
				t.Setenv("AWS_MAX_ATTEMPTS", "9")
				synctest.Test(t, func(t *testing.T) {
					w := always(tt.status, tt.body)
					inv := client(t, modeApply, w).Observe(context.Background(), inventory.Query{NatGateways: true})
					if w.sent() != tt.reads || inv.WhyUnread(inventory.ReadNatGateways, "") == "" {
						t.Errorf("%d requests for a read, want %d; unread %v", w.sent(), tt.reads, inv.Unread)
					}
					w = always(tt.status, tt.body)
					if _, err := client(t, modeApply, w).Do(context.Background(), assignNatCall); err == nil || w.sent() != 1 {
						t.Errorf("%d requests for a mutating call, error %v", w.sent(), err)
					}
				})
			})
		}
	}
}
