package ec2

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// EC2's bounds of MaxDrainDurationSeconds.
const minDrain, maxDrain = 1, 4000

// Do makes one mutating call, in one attempt. The error is an [inventory.Fault]: of
// [inventory.ClassNotSent] when the call makes no sense, the mode forbids it or ctx
// ended first, and of [inventory.ClassLost] when it may have had its effect. A dry-run
// succeeds when EC2 says that it would have; when an endpoint carries it out instead,
// the fault is [inventory.ClassDryRunLeak].
func (c *Client) Do(ctx context.Context, ca inventory.Call) (inventory.Answer, error) {
	if reason := refuse(ca); reason != "" {
		return inventory.Answer{}, &inventory.Fault{Operation: ca.Operation(), Class: inventory.ClassNotSent, Message: "not sent: " + reason}
	}
	var addresses []inventory.Address
	var x *exchange
	var fault *inventory.Fault
	switch ca.Operation() {
	case "AssignPrivateNatGatewayAddress":
		addresses, x, fault = c.assignNat(ctx, ca)
	case "UnassignPrivateNatGatewayAddress":
		addresses, x, fault = c.unassignNat(ctx, ca)
	case "AssignPrivateIpAddresses":
		addresses, x, fault = c.assignInterface(ctx, ca)
	default:
		x, fault = c.unassignInterface(ctx, ca)
	}
	switch {
	case fault != nil && ca.DryRun && fault.Code == codeDryRun:
		return inventory.Answer{RequestID: fault.RequestID}, nil
	case fault != nil:
		return inventory.Answer{}, fault
	case ca.DryRun:
		return inventory.Answer{}, &inventory.Fault{
			Operation: ca.Operation(), Class: inventory.ClassDryRunLeak, RequestID: c.keys.text(x.requestID),
			Message: "the endpoint ignored DryRun and may have carried out the call; use --mode observe with this endpoint",
		}
	}
	return inventory.Answer{RequestID: c.keys.text(x.requestID), Addresses: addresses}, nil
}

// refuse returns why a call cannot be sent, or "". The guard looks again, at the
// request itself.
func refuse(ca inventory.Call) string {
	nat := ca.Kind == inventory.KindNatGateway
	switch {
	case !nat && ca.Kind != inventory.KindNetworkInterface:
		return fmt.Sprintf("kind %q is not known", ca.Kind)
	case ca.Verb != inventory.VerbAssign && ca.Verb != inventory.VerbUnassign && ca.Verb != inventory.VerbMove:
		return fmt.Sprintf("verb %q is not known", ca.Verb)
	case nat && ca.Verb == inventory.VerbMove:
		return "addresses cannot be moved to a NAT gateway"
	case ca.ID == "":
		return "the call names no resource"
	case len(ca.Addresses) == 0 && len(ca.Prefixes) == 0:
		return "the call names no address"
	case len(ca.Addresses) > 0 && len(ca.Prefixes) > 0:
		return "addresses and prefixes need a call each"
	case nat && len(ca.Prefixes) > 0:
		return "NAT gateways have no prefixes"
	case !nat && ca.DryRun:
		return fmt.Sprintf("EC2 has no DryRun for %s and would carry the call out", ca.Operation())
	case nat && ca.Verb == inventory.VerbUnassign && (ca.MaxDrainSeconds < minDrain || ca.MaxDrainSeconds > maxDrain):
		return fmt.Sprintf("a drain of %d s is not possible; EC2 takes %d to %d", ca.MaxDrainSeconds, minDrain, maxDrain)
	}
	for _, ip := range ca.Addresses {
		if !ip.Is4() {
			return fmt.Sprintf("%s is no IPv4 address", ip)
		}
	}
	for _, p := range ca.Prefixes {
		if !p.Addr().Is4() || p != p.Masked() {
			return fmt.Sprintf("%s is no IPv4 prefix", p)
		}
	}
	return ""
}

func (c *Client) assignNat(ctx context.Context, ca inventory.Call) ([]inventory.Address, *exchange, *inventory.Fault) {
	in := awsec2.AssignPrivateNatGatewayAddressInput{
		NatGatewayId: aws.String(ca.ID), PrivateIpAddresses: texts(ca.Addresses), DryRun: flag(ca.DryRun),
	}
	out, x, fault := call(ctx, c, ca.Operation(), c.api.AssignPrivateNatGatewayAddress, &in, under(ca.Epoch))
	if fault != nil {
		return nil, x, fault
	}
	return natAddresses(out.NatGatewayAddresses), x, nil
}

func (c *Client) unassignNat(ctx context.Context, ca inventory.Call) ([]inventory.Address, *exchange, *inventory.Fault) {
	in := awsec2.UnassignPrivateNatGatewayAddressInput{
		NatGatewayId: aws.String(ca.ID), PrivateIpAddresses: texts(ca.Addresses), DryRun: flag(ca.DryRun),
		MaxDrainDurationSeconds: aws.Int32(int32(ca.MaxDrainSeconds)),
	}
	out, x, fault := call(ctx, c, ca.Operation(), c.api.UnassignPrivateNatGatewayAddress, &in, under(ca.Epoch))
	if fault != nil {
		return nil, x, fault
	}
	return natAddresses(out.NatGatewayAddresses), x, nil
}

func (c *Client) assignInterface(ctx context.Context, ca inventory.Call) ([]inventory.Address, *exchange, *inventory.Fault) {
	in := awsec2.AssignPrivateIpAddressesInput{
		NetworkInterfaceId: aws.String(ca.ID), PrivateIpAddresses: texts(ca.Addresses), Ipv4Prefixes: texts(ca.Prefixes),
		AllowReassignment: flag(ca.Verb == inventory.VerbMove),
	}
	out, x, fault := call(ctx, c, ca.Operation(), c.api.AssignPrivateIpAddresses, &in, under(ca.Epoch))
	if fault != nil {
		return nil, x, fault
	}
	var list []inventory.Address
	for _, a := range out.AssignedPrivateIpAddresses {
		if ip, ok := parseAddr(a.PrivateIpAddress); ok { // only for the record: what holds is observed
			list = append(list, inventory.Address{IP: ip, NetworkInterfaceID: ca.ID})
		}
	}
	inventory.SortAddresses(list)
	return list, x, nil
}

func (c *Client) unassignInterface(ctx context.Context, ca inventory.Call) (*exchange, *inventory.Fault) {
	in := awsec2.UnassignPrivateIpAddressesInput{
		NetworkInterfaceId: aws.String(ca.ID), PrivateIpAddresses: texts(ca.Addresses), Ipv4Prefixes: texts(ca.Prefixes),
	}
	_, x, fault := call(ctx, c, ca.Operation(), c.api.UnassignPrivateIpAddresses, &in, under(ca.Epoch))
	return x, fault
}

func natAddresses(rows []types.NatGatewayAddress) []inventory.Address {
	var list []inventory.Address
	for _, row := range rows {
		list = append(list, natAddress(row))
	}
	inventory.SortAddresses(list)
	return list
}

// flag leaves a parameter out when it is false, as EC2's default is.
func flag(set bool) *bool {
	if !set {
		return nil
	}
	return aws.Bool(true)
}

func texts[T netip.Addr | netip.Prefix](list []T) []string {
	var out []string
	for _, v := range list {
		out = append(out, fmt.Sprint(v))
	}
	return out
}
