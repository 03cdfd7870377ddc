package ec2sim

import (
	"fmt"
	"net/http"
)

// EC2's error codes that the simulator answers with. The table in doc.go says
// which uses of them are documented and which are this simulator's invention.
const (
	codeAuthFailure          = "AuthFailure"
	codeBlocksInsufficient   = "InsufficientCidrBlocks"
	codeDryRun               = "DryRunOperation"
	codeExpired              = "RequestExpired"
	codeIncorrectState       = "IncorrectState"
	codeInterfaceMalformed   = "InvalidNetworkInterfaceId.Malformed"
	codeInterfaceMissing     = "InvalidNetworkInterfaceID.NotFound"
	codeInterfaceInUse       = "InvalidParameterValue"
	codeInternal             = "InternalError"
	codeInvalidAction        = "InvalidAction"
	codeInvalidCombination   = "InvalidParameterCombination"
	codeInvalidNextToken     = "InvalidNextToken"
	codeInvalidValue         = "InvalidParameterValue"
	codeLimitExceeded        = "PrivateIpAddressLimitExceeded"
	codeMalformedQuery       = "MalformedQueryString"
	codeMissingParameter     = "MissingParameter"
	codeMissingToken         = "MissingAuthenticationToken"
	codeNatGatewayMalformed  = "NatGatewayMalformed"
	codeNatGatewayMissing    = "NatGatewayNotFound"
	codeNotPermitted         = "OperationNotPermitted"
	codeOperationInProgress  = "OperationInProgress"
	codeRequestLimitExceeded = "RequestLimitExceeded"
	codeSubnetFull           = "InsufficientFreeAddressesInSubnet"
	codeSubnetMalformed      = "InvalidSubnetID.Malformed"
	codeSubnetMissing        = "InvalidSubnetID.NotFound"
	codeTokenMismatch        = "IdempotentParameterMismatch"
	codeUnauthorized         = "UnauthorizedOperation"
	codeUnknownParameter     = "UnknownParameter"
	codeUnsupported          = "UnsupportedOperation"
	codeUnsupportedProtocol  = "UnsupportedProtocol"
)

// failure is an EC2 error answer.
type failure struct {
	status  int
	code    string
	message string
	of      string // the question of [Behaviour] that it answers, or ""
}

// fail makes a failure with the HTTP status that belongs to its code.
func fail(code, format string, args ...any) *failure {
	return &failure{status: statusOf(code), code: code, message: fmt.Sprintf(format, args...)}
}

// statusOf is the HTTP status that EC2 sends with a code; 400 for most.
func statusOf(code string) int {
	switch code {
	case codeDryRun:
		return http.StatusPreconditionFailed
	case codeUnauthorized, codeMissingToken:
		return http.StatusForbidden
	case codeAuthFailure:
		return http.StatusUnauthorized
	case codeRequestLimitExceeded:
		return http.StatusServiceUnavailable
	case codeInternal:
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}
