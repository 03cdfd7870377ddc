package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

const (
	cleanFor   = 15 * time.Minute // a gateway takes a minute or so
	cleanEvery = 5 * time.Second
	// cleanLooks is how many looks in a row must find nothing: EC2's listings lag behind what it did.
	cleanLooks = 3
)

// Left lists what runs have made in a VPC and is still there: ids with the run's id behind.
func Left(ctx context.Context, cfg Config) ([]string, error) {
	cfg.Run = ""
	found, err := newClient(cfg).tagged(ctx, cfg.VPC, "*")
	var list []string
	for _, r := range found {
		list = append(list, fmt.Sprintf("%s (%s, run %s)", r.id, r.state, r.run))
	}
	return list, err
}

// Clean deletes what any run has made in a VPC, and waits until it is gone. Its error names what is left.
func Clean(ctx context.Context, cfg Config) error {
	cfg.Run = ""
	return newClient(cfg).clean(ctx, cfg.VPC, "*", cfg.Say)
}

// made is something with the tag.
type made struct{ id, state, run string }

// tagged lists what carries the tag with a run's id, or any (*).
func (c *client) tagged(ctx context.Context, vpc, run string) ([]made, error) {
	by := types.Filter{Name: aws.String("tag:" + TagKey), Values: []string{run}}
	if run == "*" {
		by = types.Filter{Name: aws.String("tag-key"), Values: []string{TagKey}}
	}
	filters := []types.Filter{by, {Name: aws.String("vpc-id"), Values: []string{vpc}}}
	var list []made
	gateways := awsec2.DescribeNatGatewaysInput{Filter: filters, MaxResults: aws.Int32(1000)}
	interfaces := awsec2.DescribeNetworkInterfacesInput{Filters: filters, MaxResults: aws.Int32(1000)}
	g, err := read(ctx, c, c.api.DescribeNatGateways, &gateways)
	if err != nil {
		return nil, err
	}
	n, err := read(ctx, c, c.api.DescribeNetworkInterfaces, &interfaces)
	if err != nil {
		return nil, err
	}
	add := func(id *string, state string, tags []types.Tag) {
		for _, t := range tags { // an endpoint that knows no filter lists everything
			if aws.ToString(t.Key) == TagKey && (run == "*" || aws.ToString(t.Value) == run) {
				list = append(list, made{aws.ToString(id), state, aws.ToString(t.Value)})
			}
		}
	}
	for _, gateway := range g.NatGateways {
		if gateway.State != types.NatGatewayStateDeleted {
			add(gateway.NatGatewayId, string(gateway.State), gateway.Tags)
		}
	}
	for _, one := range n.NetworkInterfaces {
		add(one.NetworkInterfaceId, string(one.Status), one.TagSet)
	}
	return list, nil
}

// clean deletes what carries the tag until nothing does. It does not end with ctx: what was made must go.
func (c *client) clean(ctx context.Context, vpc, run string, say func(string)) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanFor/c.faster)
	defer cancel()
	var left []made
	var failed error
	for empty := 0; empty < cleanLooks; {
		found, err := c.tagged(ctx, vpc, run)
		if err == nil {
			left, failed = found, nil
		}
		switch {
		case err != nil:
			failed = err
		case len(found) == 0:
			empty++
		default:
			empty = 0
			failed = c.delete(ctx, found, say)
		}
		if empty == cleanLooks {
			return nil
		}
		if c.pause(ctx, cleanEvery) != nil {
			break
		}
	}
	var ids []string
	for _, m := range left {
		ids = append(ids, m.id)
	}
	return errors.Join(fmt.Errorf("not everything could be deleted; %s may still be there, and a NAT gateway costs money: run `sluice conformance --clean --vpc %s`, or delete what has the tag %s",
		strings.Join(ids, ", "), vpc, TagKey), failed)
}

// delete asks for the end of each once more. The last failure is returned, to be told if there is no end.
func (c *client) delete(ctx context.Context, found []made, say func(string)) (failed error) {
	for _, m := range found {
		c.fence.own(m.id)
		var code string
		var err error
		switch {
		case strings.HasPrefix(m.id, "nat-") && m.state == string(types.NatGatewayStateDeleting):
			continue
		case strings.HasPrefix(m.id, "nat-"):
			_, code, err = call(ctx, c, true, c.api.DeleteNatGateway, &awsec2.DeleteNatGatewayInput{NatGatewayId: aws.String(m.id)})
		default:
			_, code, err = call(ctx, c, false, c.api.DeleteNetworkInterface, &awsec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: aws.String(m.id)})
		}
		if err == nil && !slices.Contains([]string{accepted, "NatGatewayNotFound", "InvalidNetworkInterfaceID.NotFound"}, code) {
			err = fmt.Errorf("%s: %s", m.id, code)
		}
		if err != nil {
			failed = err
		} else if say != nil {
			say("deleted " + m.id)
		}
	}
	return failed
}
