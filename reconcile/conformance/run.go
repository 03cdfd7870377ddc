package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// session is one run on its way.
type session struct {
	*client
	cfg     Config
	answers *Answers
	pool    *pool

	gateway, gatewayENI, primary string // of the gateway that the run made
	eni, eniPrimary              string // of the interface that it made
	doubt                        bool   // a creation had no answer
}

// Run asks every question and deletes what it made for that, whatever happens. Answers that were got before a
// failure are returned with it. A question that IAM does not allow, or that gets no answer, is unasked.
//
// The error names the step that could not be done, and, where something could not be deleted, what is left and how
// to try again; nil answers come with it when nothing was made.
func Run(ctx context.Context, cfg Config) (answers *Answers, err error) {
	if cfg.Drain == 0 {
		cfg.Drain = time.Minute
	}
	if cfg.Say == nil {
		cfg.Say = func(string) {}
	}
	if !runID.MatchString(cfg.Run) {
		return nil, fmt.Errorf("%q is no id of a run, by which what it leaves is found", cfg.Run)
	}
	s := &session{client: newClient(cfg), cfg: cfg, answers: newAnswers(cfg)}
	if s.pool, err = s.choosePool(ctx); err != nil {
		return nil, err
	}
	defer func() { // a panic too passes by here
		cfg.Say("deleting what was made")
		err = errors.Join(err, s.cleanAnyway(ctx))
	}()
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"making a network interface", s.makeInterface},
		{"making a private NAT gateway", s.makeGateway},
		{"asking with DryRun", s.askDryRuns},
		{"asking for what cannot be", s.askRefusals},
		{"assigning an address", s.askAssigning},
		{"asking about the interface", s.askInterface},
		{"asking whether DryRun takes tokens", s.askTokens},
		{fmt.Sprintf("draining an idle address, up to %s", cfg.Drain), s.askDrain},
		{"asking a gateway that is being deleted", s.askDeleting},
	} {
		cfg.Say(step.what)
		if err := step.do(ctx); err != nil {
			return s.answers, fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return s.answers, nil
}

// cleanAnyway cleans once more when cleaning itself panics.
func (s *session) cleanAnyway(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.Join(fmt.Errorf("a bug while deleting: %v", p), s.clean(ctx, s.cleaning(), s.cfg.Say))
		}
	}()
	return s.clean(ctx, s.cleaning(), s.cfg.Say)
}

// cleaning is what the run may have made.
func (s *session) cleaning() cleaning {
	job := cleaning{vpc: s.cfg.VPC, runs: []string{s.cfg.Run}, doubt: s.doubt}
	for _, id := range []string{s.gateway, s.eni} {
		if id != "" {
			job.known = append(job.known, id)
		}
	}
	return job
}

func (s *session) tags(of types.ResourceType) []types.TagSpecification {
	return []types.TagSpecification{{ResourceType: of, Tags: []types.Tag{
		{Key: aws.String(TagKey), Value: aws.String(s.cfg.Run)}, {Key: aws.String("Name"), Value: aws.String("sluice conformance " + s.cfg.Run)},
	}}}
}

// makeInterface makes an interface that nothing is attached to.
func (s *session) makeInterface(ctx context.Context) error {
	s.doubt = true
	out, code, err := call(ctx, s.client, false, s.api.CreateNetworkInterface, &awsec2.CreateNetworkInterfaceInput{
		SubnetId: aws.String(s.pool.subnet), Description: aws.String("sluice conformance"), ClientToken: aws.String(s.cfg.Run + "-eni"),
		TagSpecifications: s.tags(types.ResourceTypeNetworkInterface),
	})
	if err == nil && code == accepted && out.NetworkInterface == nil {
		err = fmt.Errorf("%w: EC2 does not say what it made", errNoAnswer)
	}
	s.doubt = err != nil
	if err != nil || code != accepted {
		return refused(code, err)
	}
	s.eni, s.eniPrimary = aws.ToString(out.NetworkInterface.NetworkInterfaceId), aws.ToString(out.NetworkInterface.PrivateIpAddress)
	s.fence.own(s.eni)
	s.pool.taken(s.eniPrimary)
	return nil
}

// makeGateway makes the gateway, asks it for an address at once, and waits until it is available.
func (s *session) makeGateway(ctx context.Context) error {
	began := time.Now()
	s.doubt = true
	out, code, err := call(ctx, s.client, true, s.api.CreateNatGateway, &awsec2.CreateNatGatewayInput{
		SubnetId: aws.String(s.pool.subnet), ConnectivityType: types.ConnectivityTypePrivate, ClientToken: aws.String(s.cfg.Run + "-nat"),
		TagSpecifications: s.tags(types.ResourceTypeNatgateway),
	})
	if err == nil && code == accepted && out.NatGateway == nil {
		err = fmt.Errorf("%w: EC2 does not say what it made", errNoAnswer)
	}
	s.doubt = err != nil
	if err != nil || code != accepted {
		return refused(code, err)
	}
	s.gateway = aws.ToString(out.NatGateway.NatGatewayId)
	s.fence.own(s.gateway)
	s.note(s.answers.Codes, "gateway-pending", func() (string, error) { return s.assign(ctx, false, s.gateway, s.pool.next()) })
	g, err := s.await(ctx, 10*time.Minute, func(g types.NatGateway) bool { return g.State != types.NatGatewayStatePending })
	if err != nil {
		return err
	}
	if g.State != types.NatGatewayStateAvailable {
		return fmt.Errorf("the gateway became %s (%s: %s)", g.State, aws.ToString(g.FailureCode), aws.ToString(g.FailureMessage))
	}
	s.answers.Create = seconds(s.since(began))
	for _, a := range g.NatGatewayAddresses {
		if aws.ToBool(a.IsPrimary) {
			s.primary, s.gatewayENI = aws.ToString(a.PrivateIp), aws.ToString(a.NetworkInterfaceId)
			s.pool.taken(s.primary)
		}
	}
	if s.primary == "" {
		return errors.New("EC2 does not say which address of the new gateway is primary")
	}
	s.fence.own(s.gatewayENI)
	return nil
}

// refused is the error of what could not be made.
func refused(code string, err error) error {
	switch {
	case err != nil:
	case slices.Contains([]string{"InvalidAction", "UnknownOperationException", "NotImplemented"}, code):
		err = fmt.Errorf("it was refused with %s: this endpoint does not know the call; ask EC2 itself, or a simulator that makes NAT gateways and interfaces", code)
	default:
		err = fmt.Errorf("EC2 refused it with %s; `sluice iam-policy --conformance` prints what must be allowed", code)
	}
	return err
}

// await looks at the gateway until want is true of it.
func (s *session) await(ctx context.Context, atMost time.Duration, want func(types.NatGateway) bool) (types.NatGateway, error) {
	end := time.Now().Add(atMost / s.faster)
	for {
		out, err := read(ctx, s.client, s.api.DescribeNatGateways, &awsec2.DescribeNatGatewaysInput{NatGatewayIds: []string{s.gateway}})
		if err == nil && len(out.NatGateways) == 1 && aws.ToString(out.NatGateways[0].NatGatewayId) == s.gateway && want(out.NatGateways[0]) {
			return out.NatGateways[0], nil
		}
		if time.Now().After(end) {
			return types.NatGateway{}, errors.Join(fmt.Errorf("%s did not get on within %s", s.gateway, atMost), err)
		}
		if err := s.pause(ctx, time.Second); err != nil {
			return types.NatGateway{}, err
		}
	}
}

// rest waits until none of the gateway's addresses is on its way.
func (s *session) rest(ctx context.Context) error {
	_, err := s.await(ctx, 5*time.Minute+s.cfg.Drain, func(g types.NatGateway) bool {
		for _, a := range g.NatGatewayAddresses {
			if a.Status != types.NatGatewayAddressStatusSucceeded && a.Status != types.NatGatewayAddressStatusFailed {
				return false
			}
		}
		return true
	})
	return err
}

// note writes an answer down, or why there is none.
func (s *session) note(into map[string]string, question string, ask func() (string, error)) string {
	code, err := ask()
	switch {
	case err != nil:
		s.answers.Unasked[question] = err.Error()
	case code == "UnauthorizedOperation":
		s.answers.Unasked[question] = "IAM does not allow the call"
	case code == "RequestLimitExceeded":
		s.answers.Unasked[question] = "EC2 throttled the call again and again"
	default:
		into[question] = code
		return code
	}
	return ""
}

// assign asks a gateway to take addresses.
func (s *session) assign(ctx context.Context, dryRun bool, gateway string, ips ...string) (string, error) {
	in := awsec2.AssignPrivateNatGatewayAddressInput{NatGatewayId: aws.String(gateway), PrivateIpAddresses: ips}
	if dryRun {
		in.DryRun = aws.Bool(true)
	}
	_, code, err := call(ctx, s.client, true, s.api.AssignPrivateNatGatewayAddress, &in)
	return code, err
}

// unassign asks the gateway to give an address up.
func (s *session) unassign(ctx context.Context, dryRun bool, ip string) (string, error) {
	in := awsec2.UnassignPrivateNatGatewayAddressInput{
		NatGatewayId: aws.String(s.gateway), PrivateIpAddresses: []string{ip}, MaxDrainDurationSeconds: aws.Int32(int32(s.cfg.Drain.Seconds())),
	}
	if dryRun {
		in.DryRun = aws.Bool(true)
	}
	_, code, err := call(ctx, s.client, true, s.api.UnassignPrivateNatGatewayAddress, &in)
	return code, err
}
