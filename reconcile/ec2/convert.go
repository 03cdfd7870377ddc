package ec2

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// statusUnreadable is the status of an address that EC2 names in no way that can
// be read, and of which it does not say either that it is on its way. The zero
// IP stands beside it. EC2 has no such status, so the resource counts as in
// transition, and nothing is done to it.
const statusUnreadable inventory.Status = "unreadable"

func parseAddr(text *string) (netip.Addr, bool) {
	ip, err := netip.ParseAddr(strings.TrimSpace(aws.ToString(text)))
	if err != nil || !ip.Is4() {
		return netip.Addr{}, false
	}
	return ip, true
}

// parsePrefix accepts IPv4 networks, host bits or not.
func parsePrefix(text *string) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(strings.TrimSpace(aws.ToString(text)))
	if err != nil || !p.Addr().Is4() {
		return netip.Prefix{}, false
	}
	return p.Masked(), true
}

// unread marks an address whose IP could not be read. One that is being assigned
// may have none yet, and a failed one may never get one: those keep their status.
func unread(status inventory.Status) inventory.Status {
	if status == inventory.StatusFailed || !status.Settled() {
		return status
	}
	return statusUnreadable
}

func natAddress(a types.NatGatewayAddress) inventory.Address {
	ip, ok := parseAddr(a.PrivateIp)
	status := inventory.Status(a.Status)
	if !ok {
		status = unread(status)
	}
	return inventory.Address{
		IP:                 ip,
		Primary:            aws.ToBool(a.IsPrimary),
		Status:             status,
		PublicIP:           aws.ToString(a.PublicIp),
		AllocationID:       aws.ToString(a.AllocationId),
		AssociationID:      aws.ToString(a.AssociationId),
		NetworkInterfaceID: aws.ToString(a.NetworkInterfaceId),
		FailureMessage:     aws.ToString(a.FailureMessage),
	}
}

// natGateway fails only for a gateway without an id: of it nothing could be said, and
// a list that leaves it out would say that it is not there.
func natGateway(g types.NatGateway) (inventory.NatGateway, error) {
	out := inventory.NatGateway{
		ID:               aws.ToString(g.NatGatewayId),
		VpcID:            aws.ToString(g.VpcId),
		SubnetID:         aws.ToString(g.SubnetId),
		State:            string(g.State),
		ConnectivityType: string(g.ConnectivityType),
		AvailabilityMode: string(g.AvailabilityMode),
		FailureMessage:   aws.ToString(g.FailureMessage),
		Tags:             tags(g.Tags),
		Addresses:        []inventory.Address{},
	}
	if out.ID == "" {
		return out, fmt.Errorf("EC2 listed a NAT gateway without an id; check the endpoint")
	}
	if code := aws.ToString(g.FailureCode); code != "" {
		out.FailureMessage = strings.TrimSuffix(code+": "+out.FailureMessage, ": ")
	}
	for _, a := range g.NatGatewayAddresses {
		out.Addresses = append(out.Addresses, natAddress(a))
	}
	fillStatuses(out.Addresses)
	inventory.SortAddresses(out.Addresses)
	return out, nil
}

// fillStatuses decides what a row without a status is. Where other rows have one
// it cannot be known, and counts as in transition. An endpoint that gives none at
// all (older emulators) shows only addresses that serve.
func fillStatuses(rows []inventory.Address) {
	missing := inventory.StatusSucceeded
	for _, a := range rows {
		if a.Status != "" {
			missing = statusUnreadable
		}
	}
	for i := range rows {
		if rows[i].Status == "" {
			rows[i].Status = missing
		}
	}
}

// networkInterface fails only for an interface without an id, as natGateway does.
func networkInterface(n types.NetworkInterface) (inventory.NetworkInterface, error) {
	out := inventory.NetworkInterface{
		ID:               aws.ToString(n.NetworkInterfaceId),
		VpcID:            aws.ToString(n.VpcId),
		SubnetID:         aws.ToString(n.SubnetId),
		Status:           string(n.Status),
		Type:             string(n.InterfaceType),
		RequesterManaged: aws.ToBool(n.RequesterManaged),
		OperatorManaged:  n.Operator != nil && aws.ToBool(n.Operator.Managed),
		Description:      aws.ToString(n.Description),
		Tags:             tags(n.TagSet),
		Addresses:        interfaceAddresses(n),
	}
	if out.ID == "" {
		return out, fmt.Errorf("EC2 listed a network interface without an id; check the endpoint")
	}
	for _, p := range n.Ipv4Prefixes {
		prefix, ok := parsePrefix(p.Ipv4Prefix)
		if !ok { // a prefix has no status, so the mark goes to the addresses
			out.Addresses = append(out.Addresses, inventory.Address{Status: statusUnreadable})
			continue
		}
		out.Prefixes = append(out.Prefixes, prefix)
	}
	inventory.SortAddresses(out.Addresses)
	inventory.SortPrefixes(out.Prefixes)
	return out, nil
}

// interfaceAddresses never leaves a row out: one that cannot be read stands there with a
// status of its own, so that the interface is not taken for one that lacks an address.
func interfaceAddresses(n types.NetworkInterface) []inventory.Address {
	rows := n.PrivateIpAddresses
	if len(rows) == 0 && aws.ToString(n.PrivateIpAddress) != "" {
		// An endpoint that lists none still says which one it is known by.
		rows = []types.NetworkInterfacePrivateIpAddress{{PrivateIpAddress: n.PrivateIpAddress, Association: n.Association}}
	}
	out := []inventory.Address{}
	for _, row := range rows {
		a := inventory.Address{Primary: aws.ToBool(row.Primary), NetworkInterfaceID: aws.ToString(n.NetworkInterfaceId)}
		var ok bool
		if a.IP, ok = parseAddr(row.PrivateIpAddress); !ok {
			a.Status = statusUnreadable
		}
		if public := row.Association; public != nil {
			a.PublicIP = aws.ToString(public.PublicIp)
			a.AllocationID = aws.ToString(public.AllocationId)
			a.AssociationID = aws.ToString(public.AssociationId)
		}
		out = append(out, a)
	}
	return out
}

func tags(set []types.Tag) map[string]string {
	if len(set) == 0 {
		return nil
	}
	out := map[string]string{}
	for _, t := range set {
		out[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return out
}

// convert applies one of the conversions to a listing and drops duplicates.
func convert[In, Out any](list []In, one func(In) (Out, error), id func(Out) string) ([]Out, error) {
	var out []Out
	for _, entry := range list {
		converted, err := one(entry)
		if err != nil {
			return nil, err
		}
		out = append(out, converted)
	}
	return distinct(out, id)
}
