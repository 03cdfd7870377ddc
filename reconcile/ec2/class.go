package ec2

import (
	"net/http"
	"strings"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// codeUnknown is the SDK's word for an error answer that holds no code.
const codeUnknown = "UnknownError"

const codeDryRun = "DryRunOperation"

// bareCode returns a code without the prefix that CloudTrail, and some
// endpoints, put before it.
func bareCode(code string) string {
	code = strings.TrimSpace(code)
	code = strings.TrimPrefix(code, "Client.")
	return strings.TrimPrefix(code, "Server.")
}

// classOfCode returns the class of an EC2 error code ("Error codes for the
// Amazon EC2 API"). A code that it does not know is final for the plan: to go on
// without knowing what EC2 said would be guessing.
func classOfCode(code string) inventory.Class {
	switch bareCode(code) {
	case "UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "Blocked", "PendingVerification":
		return inventory.ClassUnauthorized

	case "AuthFailure", "ExpiredToken", "ExpiredTokenException", "IncompleteSignature", "InvalidAccessKeyId",
		"InvalidClientTokenId", "InvalidSecurity", "InvalidSignatureException", "InvalidToken",
		"MissingAuthenticationToken", "MissingAuthenticationTokenException", "OptInRequired", "RequestExpired",
		"RequestTimeTooSkewed", "SignatureDoesNotMatch", "UnrecognizedClient", "UnrecognizedClientException":
		return inventory.ClassCredentials

	case "RequestLimitExceeded", "BandwidthLimitExceeded", "EC2ThrottledException", "PriorRequestNotComplete",
		"RequestThrottled", "RequestThrottledException", "SlowDown", "ThrottledException", "Throttling",
		"ThrottlingException", "TooManyRequests", "TooManyRequestsException":
		return inventory.ClassThrottled

	// IncorrectState is EC2's answer while a resource is on its way to
	// another state.
	case "OperationInProgress", "IncorrectState":
		return inventory.ClassBusy

	case "NatGatewayNotFound", "InvalidNatGatewayID.NotFound", "InvalidNetworkInterfaceID.NotFound",
		"InvalidNetworkInterfaceId.NotFound", "InvalidSubnetID.NotFound", "InvalidSubnetId.NotFound":
		return inventory.ClassNotFound

	// EC2 was hit in the middle of its work: what it did is unknown.
	case "InternalError", "InternalFailure", "InternalServerError", "RequestTimeout", "RequestTimeoutException",
		"ServiceUnavailable", "ServiceUnavailableException", "Unavailable":
		return inventory.ClassLost
	}
	return inventory.ClassRefused
}

// classOfStatus is for answers without a code, which come from something between
// here and EC2. A server error may have hit after the call was passed on.
func classOfStatus(status int) inventory.Class {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return inventory.ClassUnauthorized
	case status == http.StatusTooManyRequests:
		return inventory.ClassThrottled
	case status == http.StatusNotImplemented:
		return inventory.ClassRefused
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == 499: // 499: a proxy's client gave up
		return inventory.ClassLost
	case status >= 300 && status < 500:
		return inventory.ClassRefused
	}
	return inventory.ClassLost
}
