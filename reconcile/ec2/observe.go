package ec2

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// Limits of EC2.
const (
	pageSize     = 1000 // MaxResults of the reads used here
	filterValues = 200  // values that one filter may have
	maxTags      = 50   // tags that one resource may have
	maxTagKey    = 128  // characters
	maxTagValue  = 256
)

// longestLook bounds one look at EC2, however many pages it has: each of them may take as
// long as a call may.
const longestLook = 5 * time.Minute

func looking(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, longestLook, fmt.Errorf("the look at EC2 takes longer than %s; check the endpoint", longestLook))
}

// Observe reads the resources of q. It always answers: a read that failed is an
// entry in Unread, and that part of the inventory is then empty and says nothing.
// NAT gateways that EC2 still lists as deleted are there, with their state.
func (c *Client) Observe(ctx context.Context, q inventory.Query) inventory.Inventory {
	ctx, cancel := looking(ctx)
	defer cancel()
	inv := inventory.Inventory{Target: c.target}
	var err error
	if q.NatGateways {
		in := awsec2.DescribeNatGatewaysInput{MaxResults: aws.Int32(pageSize)}
		if inv.NatGateways, err = c.natGateways(ctx, in); err != nil {
			inv.Unread = append(inv.Unread, inventory.Unread{Part: inventory.ReadNatGateways, Reason: err.Error()})
		}
	}
	if inv.NetworkInterfaces, err = c.queriedInterfaces(ctx, q); err != nil {
		inv.Unread = append(inv.Unread, inventory.Unread{Part: inventory.ReadNetworkInterfaces, Reason: err.Error()})
	}
	inv.Sort()
	return inv
}

// Reread reads one resource again, by its id, just before it is changed. The
// inventory holds that resource alone. The error is an [inventory.Fault]; when
// the resource is not there its class is [inventory.ClassNotFound].
func (c *Client) Reread(ctx context.Context, kind inventory.Kind, id string) (inventory.Inventory, error) {
	ctx, cancel := looking(ctx)
	defer cancel()
	inv := inventory.Inventory{Target: c.target}
	found := 0
	var operation string
	var err error
	switch {
	case id == "":
		return inv, &inventory.Fault{Operation: "Reread", Class: inventory.ClassNotSent, Message: "the resource has no id"}
	case kind == inventory.KindNatGateway:
		operation = "DescribeNatGateways"
		inv.NatGateways, err = c.natGateways(ctx, awsec2.DescribeNatGatewaysInput{NatGatewayIds: []string{id}})
		inv.NatGateways = slices.DeleteFunc(inv.NatGateways, func(g inventory.NatGateway) bool { return g.ID != id })
		found = len(inv.NatGateways)
	case kind == inventory.KindNetworkInterface:
		operation = "DescribeNetworkInterfaces"
		inv.NetworkInterfaces, err = c.networkInterfaces(ctx, awsec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{id}},
			func(n inventory.NetworkInterface) bool { return n.ID == id })
		found = len(inv.NetworkInterfaces)
	default:
		return inv, &inventory.Fault{Operation: "Reread", Class: inventory.ClassNotSent, Message: fmt.Sprintf("kind %q is not known", kind)}
	}
	var fault *inventory.Fault
	switch {
	case errors.As(err, &fault):
		return inventory.Inventory{Target: c.target}, fault
	case err != nil: // an answer that makes no sense
		return inventory.Inventory{Target: c.target}, &inventory.Fault{Operation: operation, Class: inventory.ClassLost, Message: err.Error()}
	case found == 0:
		return inv, &inventory.Fault{Operation: operation, Class: inventory.ClassNotFound,
			Message: fmt.Sprintf("%s is not there; check the id, the account and the Region", cut(id))}
	}
	return inv, nil
}

// natGateways lists what in asks for, all pages of it or none: half a list would say
// of the other half that it is not there.
func (c *Client) natGateways(ctx context.Context, in awsec2.DescribeNatGatewaysInput) ([]inventory.NatGateway, error) {
	const operation = "DescribeNatGateways"
	list, err := pages(operation, func(token *string) ([]types.NatGateway, *string, error) {
		in.NextToken = token
		out, _, fault := call(ctx, c, operation, c.api.DescribeNatGateways, &in)
		if fault != nil {
			return nil, nil, fault
		}
		return out.NatGateways, out.NextToken, nil
	})
	if err != nil {
		return nil, err
	}
	return convert(list, natGateway, func(g inventory.NatGateway) string { return g.ID })
}

// networkInterfaces lists what in asks for. wanted selects once more: not every
// endpoint knows every filter.
func (c *Client) networkInterfaces(ctx context.Context, in awsec2.DescribeNetworkInterfacesInput, wanted func(inventory.NetworkInterface) bool) ([]inventory.NetworkInterface, error) {
	const operation = "DescribeNetworkInterfaces"
	list, err := pages(operation, func(token *string) ([]types.NetworkInterface, *string, error) {
		in.NextToken = token
		out, _, fault := call(ctx, c, operation, c.api.DescribeNetworkInterfaces, &in)
		if fault != nil {
			return nil, nil, fault
		}
		return out.NetworkInterfaces, out.NextToken, nil
	})
	if err != nil {
		return nil, err
	}
	all, err := convert(list, networkInterface, func(n inventory.NetworkInterface) string { return n.ID })
	return slices.DeleteFunc(all, func(n inventory.NetworkInterface) bool { return !wanted(n) }), err
}

// queriedInterfaces reads the interfaces that q names by id or by tags, or all. One
// read that fails is an error of the whole: it is not known whom it would have shown.
func (c *Client) queriedInterfaces(ctx context.Context, q inventory.Query) ([]inventory.NetworkInterface, error) {
	var all []inventory.NetworkInterface
	read := func(wanted func(inventory.NetworkInterface) bool, filters ...types.Filter) error {
		in := awsec2.DescribeNetworkInterfacesInput{Filters: filters, MaxResults: aws.Int32(pageSize)}
		list, err := c.networkInterfaces(ctx, in, wanted)
		all = append(all, list...)
		return err
	}
	if q.NetworkInterfaces {
		err := read(func(inventory.NetworkInterface) bool { return true })
		return all, err
	}
	// A filter, not the list of ids: one unknown id would fail its whole chunk.
	for chunk := range slices.Chunk(sortedSet(q.NetworkInterfaceIDs), filterValues) {
		named := func(n inventory.NetworkInterface) bool { return slices.Contains(chunk, n.ID) }
		if err := read(named, filter("network-interface-id", chunk...)); err != nil {
			return nil, err
		}
	}
	for _, wanted := range q.NetworkInterfaceTags {
		if len(wanted) == 0 {
			return nil, errors.New("a selector without tags would match every network interface; name at least one tag")
		}
		if !possibleTags(wanted) { // one such selector must not fail the rest
			continue
		}
		tagged := func(n inventory.NetworkInterface) bool { return hasTags(n.Tags, wanted) }
		if err := read(tagged, tagFilters(wanted)...); err != nil {
			return nil, err
		}
	}
	return distinct(all, func(n inventory.NetworkInterface) string { return n.ID })
}

func filter(name string, values ...string) types.Filter {
	return types.Filter{Name: aws.String(name), Values: values}
}

// tagFilters takes the wildcards of EC2's filters literally.
func tagFilters(wanted map[string]string) []types.Filter {
	literal := strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`)
	var out []types.Filter
	for key, value := range wanted {
		out = append(out, filter("tag:"+key, literal.Replace(value)))
	}
	slices.SortFunc(out, func(a, b types.Filter) int { return strings.Compare(*a.Name, *b.Name) })
	return out
}

// possibleTags reports whether a resource can have these tags. EC2 refuses a
// filter by others.
func possibleTags(wanted map[string]string) bool {
	for key, value := range wanted {
		if key == "" || utf8.RuneCountInString(key) > maxTagKey || utf8.RuneCountInString(value) > maxTagValue {
			return false
		}
	}
	return len(wanted) <= maxTags
}

func hasTags(have, wanted map[string]string) bool {
	for key, value := range wanted {
		if got, ok := have[key]; !ok || got != value {
			return false
		}
	}
	return true
}

// sortedSet returns the distinct values that are not empty, in order.
func sortedSet(values []string) []string {
	set := slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })
	slices.Sort(set)
	return slices.Compact(set)
}
