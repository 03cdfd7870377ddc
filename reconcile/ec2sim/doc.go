// Package ec2sim is an EC2 that speaks the real query protocol and changes
// nothing but its own memory. The AWS CLI, boto3, the AWS SDKs and Terraform
// can be its clients.
//
// Two actions of other services are served too, because clients ask the same endpoint:
// STS's GetCallerIdentity, and, where the world says so, IAM's SimulatePrincipalPolicy.
//
// A [World] says what the account holds. A [Server] serves it: as an
// http.Handler, or through [Server.Transport] without any socket. Time is the
// world's only engine: addresses are assigning, then in service; draining, then
// gone. No goroutine runs; the server catches up with its clock at each look, so
// a fake clock, a sped-up one and a synctest bubble all work.
//
// A [Fault] makes EC2 misbehave; [Server.Edit] is a rival who changes the world
// behind everybody's back; [Server.Calls] is the log of what was asked, what was
// answered and whether it had an effect.
//
// The package never imports reconcile/ec2 nor the AWS SDK. Client and simulator
// meet on the wire, so that the simulator cannot flatter the client.
//
// With cloudTrail enabled in the world it answers CloudTrail's LookupEvents too, about
// the calls that it was sent, and as late as the world says.
//
// # What is invented
//
// Where AWS documents no answer the simulator had to choose one. A client must
// not rely on these. What `sluice conformance` was answered by AWS itself, a [Behaviour],
// takes the place of a choice:
//
//	case                                               choice here
//	unassign a primary address                         InvalidParameterValue
//	gateway address to unassign is not there           InvalidParameterValue
//	gateway address taken, or on this gateway already  InvalidParameterValue
//	address outside the subnet, or reserved            InvalidParameterValue
//	address inside a reservation for prefixes          InvalidParameterValue
//	the same address or parameter twice in one call    InvalidParameterValue
//	ninth address of a gateway                         PrivateIpAddressLimitExceeded
//	private calls on a public or regional gateway      UnsupportedOperation
//	private calls on a gateway that is not available   IncorrectState
//	assign or unassign while an address is assigning   OperationInProgress
//	a gateway's or a service's interface is changed    OperationNotPermitted
//	prefix that is taken, or no /28 of the subnet      InvalidParameterValue
//	subnet full                                        InsufficientFreeAddressesInSubnet
//	malformed subnet id                                InvalidSubnetID.Malformed
//	filter without a name or a value                   MissingParameter
//	no credentials at all                              MissingAuthenticationToken, 403
//	credentials that cannot be read                    AuthFailure, 401
//	expired credentials (a fault)                      RequestExpired, 400
//	request that is no form, path that is not /        MalformedQueryString, UnsupportedProtocol,
//	                                                   UnsupportedOperation, InvalidAction
//	body over 1 MiB                                    InvalidParameterValue, 413
//	what DryRun checks                                 the form of the request, then IAM; not the world
//	whether DryRun takes a token                       it does
//	failed rows of a gateway                           stay until unassigned or assigned anew; hold no
//	                                                   place in the gateway or the subnet
//	early end of a drain                               only where the world says drainsAfter
//	partial success (a fault)                          success that lists less, or an error after the fact
//	CIDR reservations in AvailableIpAddressCount       they do not lower it
//	AllowReassignment                                  moves at once
//	which calls share a token bucket                   the NAT-address calls one, the interface calls one
//	a public gateway is to be made                     UnsupportedOperation
//	how long a gateway is pending, and deleting        10s
//	an interface that is in use is deleted             InvalidParameterValue
//	a ClientToken of what was deleted                  the gateway as deleted; of what is gone altogether
//	                                                   IdempotentParameterMismatch
//
// Private gateways and interfaces can be made, with addresses and prefixes, and deleted.
package ec2sim
