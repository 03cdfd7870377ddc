// Package iampolicy writes the least IAM policy with which sluice can work on given
// resources: the actions that reconcile/ec2 calls, and no other.
//
// What can be bounded where is from AWS's Service Authorization Reference: reads know
// no resource, only the Region; the calls on NAT gateways are bounded by the gateway's
// ARN or tags, those on network interfaces by the interface's.
//
// The package is pure: accounts, Regions and resources are given to it.
package iampolicy
