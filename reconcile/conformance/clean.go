package conformance

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
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
	// They are more where something may be there that no listing has shown yet.
	cleanLooks, doubtfulLooks = 3, 13
)

// Made is something that a run has made: its id, EC2's state of it (NatGateway.State,
// NetworkInterface.Status), and the id of the run, which its tag names.
type Made struct{ ID, State, Run string }

// String is the id, and in brackets the state and the run.
func (m Made) String() string { return fmt.Sprintf("%s (%s, run %s)", m.ID, m.State, m.Run) }

func (m Made) gone() bool { return m.State == string(types.NatGatewayStateDeleted) }

// Left lists what runs have made in cfg.VPC and is still there, of whatever run. It
// deletes nothing. The error is of a read that IAM does not allow, that failed again and
// again, or that ctx ended; then nothing is known.
func Left(ctx context.Context, cfg Config) ([]Made, error) {
	cfg.Run = ""
	found, err := newClient(cfg).tagged(ctx, cfg.VPC, nil)
	return slices.DeleteFunc(found, Made.gone), err
}

// Clean deletes what the runs have made that left something, and waits until it is gone, for a quarter of an hour
// at most, whether ctx ends or not. Its error names what is left, and the command that tries again. Another run,
// which may have begun since, is none of its business.
func Clean(ctx context.Context, cfg Config, left []Made) error {
	cfg.Run = ""
	job := cleaning{vpc: cfg.VPC}
	for _, m := range left {
		job.runs = append(job.runs, m.Run)
	}
	if len(job.runs) == 0 {
		return nil
	}
	return newClient(cfg).clean(ctx, job, cfg.Say)
}

// runID is the form of a run's id: a tag that says something else is somebody else's.
var runID = regexp.MustCompile(`^[0-9]{8}-[0-9]{6}-[a-z0-9]{6}$`)

// NewRun returns the id of a new run: its time in UTC, and six random characters, so that two runs of one second
// do not delete what is the other's.
func NewRun(now time.Time) string {
	return now.UTC().Format("20060102-150405-") + strings.ToLower(rand.Text()[:6])
}

// tagged lists what carries the tag with the id of one of these runs, or of any (nil), in a VPC.
func (c *client) tagged(ctx context.Context, vpc string, runs []string) ([]Made, error) {
	by := types.Filter{Name: aws.String("tag:" + TagKey), Values: runs}
	if runs == nil {
		by = types.Filter{Name: aws.String("tag-key"), Values: []string{TagKey}}
	}
	filters := []types.Filter{by, {Name: aws.String("vpc-id"), Values: []string{vpc}}}
	var list []Made
	add := func(id, in *string, state string, tags []types.Tag) {
		for _, t := range tags { // an endpoint that knows no filter lists everything
			run := aws.ToString(t.Value)
			if aws.ToString(t.Key) == TagKey && aws.ToString(in) == vpc && runID.MatchString(run) && (runs == nil || slices.Contains(runs, run)) {
				list = append(list, Made{aws.ToString(id), state, run})
			}
		}
	}
	gateways := awsec2.DescribeNatGatewaysInput{Filter: filters, MaxResults: aws.Int32(1000)}
	for more := true; more; more = aws.ToString(gateways.NextToken) != "" {
		out, err := read(ctx, c, c.api.DescribeNatGateways, &gateways)
		if err != nil {
			return nil, err
		}
		for _, g := range out.NatGateways {
			add(g.NatGatewayId, g.VpcId, string(g.State), g.Tags)
		}
		gateways.NextToken = out.NextToken
	}
	interfaces := awsec2.DescribeNetworkInterfacesInput{Filters: filters, MaxResults: aws.Int32(1000)}
	for more := true; more; more = aws.ToString(interfaces.NextToken) != "" {
		out, err := read(ctx, c, c.api.DescribeNetworkInterfaces, &interfaces)
		if err != nil {
			return nil, err
		}
		for _, n := range out.NetworkInterfaces {
			add(n.NetworkInterfaceId, n.VpcId, string(n.Status), n.TagSet)
		}
		interfaces.NextToken = out.NextToken
	}
	return list, nil
}

// cleaning is what is to be deleted.
type cleaning struct {
	vpc   string
	runs  []string
	known []string // ids that EC2 has given, whether a listing shows them yet or not
	doubt bool     // a creation had no answer
}

// clean deletes what carries the tag until nothing does. It does not end with ctx: what was made must go.
func (c *client) clean(ctx context.Context, job cleaning, say func(string)) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanFor/c.faster)
	defer cancel()
	var left []Made
	var failed error
	for empty := 0; ; {
		found, err := c.tagged(ctx, job.vpc, job.runs)
		if failed = err; err == nil {
			job.known = slices.DeleteFunc(job.known, func(id string) bool { // it is shown
				return slices.ContainsFunc(found, func(m Made) bool { return m.ID == id })
			})
			left = slices.DeleteFunc(found, Made.gone)
			if empty++; len(left) > 0 {
				empty = 0
			}
			for _, id := range job.known {
				left = append(left, Made{ID: id, State: "not shown yet"})
			}
			var ended []string
			ended, failed = c.delete(ctx, left, say)
			job.known = slices.DeleteFunc(job.known, func(id string) bool { return slices.Contains(ended, id) })
			if empty >= cleanLooks && !job.doubt && len(job.known) == 0 || empty >= doubtfulLooks && failed == nil {
				return nil
			}
		}
		if c.pause(ctx, cleanEvery) != nil {
			break
		}
	}
	var ids []string
	for _, m := range left {
		ids = append(ids, m.ID)
	}
	return errors.Join(fmt.Errorf("not everything could be deleted; %s may still be there, and a NAT gateway costs money: run `sluice conformance --clean --vpc %s`, or delete what has the tag %s",
		strings.Join(ids, ", "), job.vpc, TagKey), failed)
}

// delete asks for the end of each once more, and returns the ids of those that EC2 took that from. The last
// failure is returned, to be told if there is no end.
func (c *client) delete(ctx context.Context, found []Made, say func(string)) (ended []string, failed error) {
	for _, m := range found {
		c.fence.own(m.ID)
		var code string
		var err error
		switch {
		case strings.HasPrefix(m.ID, "nat-") && m.State == string(types.NatGatewayStateDeleting):
			continue
		case strings.HasPrefix(m.ID, "nat-"):
			_, code, err = call(ctx, c, true, c.api.DeleteNatGateway, &awsec2.DeleteNatGatewayInput{NatGatewayId: aws.String(m.ID)})
		default:
			_, code, err = call(ctx, c, false, c.api.DeleteNetworkInterface, &awsec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: aws.String(m.ID)})
		}
		switch {
		case err != nil:
			failed = err
		case code == accepted:
			ended = append(ended, m.ID)
			if say != nil {
				say("deleted " + m.ID)
			}
		case code != "NatGatewayNotFound" && code != "InvalidNetworkInterfaceID.NotFound":
			failed = fmt.Errorf("%s: %s", m.ID, code)
		}
	}
	return ended, failed
}
