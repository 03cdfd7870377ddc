package conformance

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// outside is an address that no subnet holds (RFC 5737).
const outside = "192.0.2.1"

// refusal questions are asked twice: with DryRun, to see what that looks at beside IAM, and in earnest.
func (s *session) refusals() []struct {
	question string
	ask      func(ctx context.Context, dryRun bool) (string, error)
} {
	type ask = func(context.Context, bool) (string, error)
	assign := func(gateway string, ips ...string) ask {
		return func(ctx context.Context, dryRun bool) (string, error) { return s.assign(ctx, dryRun, gateway, ips...) }
	}
	unassign := func(ip string) ask {
		return func(ctx context.Context, dryRun bool) (string, error) { return s.unassign(ctx, dryRun, ip) }
	}
	return []struct {
		question string
		ask      ask
	}{
		{"gateway-missing", assign(nobody, s.pool.peek())},
		{"unassign-primary", unassign(s.primary)},
		{"unassign-not-there", unassign(s.pool.peek())},
		{"address-outside-subnet", assign(s.gateway, outside)},
		{"address-taken", assign(s.gateway, s.eniPrimary)},
		{"address-on-gateway-already", assign(s.gateway, s.primary)},
		{"ninth-address", assign(s.gateway, s.pool.eight()...)},
	}
}

func (s *session) askDryRuns(ctx context.Context) error {
	for _, q := range s.refusals() {
		s.note(s.answers.DryRun, q.question, func() (string, error) { return q.ask(ctx, true) })
	}
	return ctx.Err()
}

// askRefusals asks for what EC2 should refuse, the most harmless first. What it does all the same has
// settled before the next question.
func (s *session) askRefusals(ctx context.Context) error {
	for _, q := range s.refusals() {
		if s.note(s.answers.Codes, q.question, func() (string, error) { return q.ask(ctx, false) }) == accepted {
			if err := s.rest(ctx); err != nil {
				return err
			}
		}
	}
	s.note(s.answers.Codes, "gateway-interface", func() (string, error) { return s.interfaceAssign(ctx, s.gatewayENI, s.pool.next()) })
	good := s.pool.next()
	s.note(s.answers.Codes, "several-one-taken", func() (string, error) { return s.assign(ctx, false, s.gateway, good, s.eniPrimary) })
	if err := s.pause(ctx, 5*time.Second); err != nil { // for a listing that lags
		return err
	}
	if err := s.rest(ctx); err != nil {
		return err
	}
	g, err := s.await(ctx, time.Minute, func(types.NatGateway) bool { return true })
	if err == nil {
		s.answers.PartialSuccess = aws.Bool(holds(g, good))
	}
	return err
}

func holds(g types.NatGateway, ip string) bool {
	for _, a := range g.NatGatewayAddresses {
		if aws.ToString(a.PrivateIp) == ip && a.Status != types.NatGatewayAddressStatusFailed {
			return true
		}
	}
	return false
}

// askAssigning assigns an address, asks for another meanwhile, and waits until the first one serves.
func (s *session) askAssigning(ctx context.Context) error {
	began := time.Now()
	code, err := s.assign(ctx, false, s.gateway, s.pool.drained())
	if err != nil || code != accepted {
		return refused(code, err)
	}
	s.note(s.answers.Codes, "busy-assigning", func() (string, error) { return s.assign(ctx, false, s.gateway, s.pool.next()) })
	if _, err := s.await(ctx, 5*time.Minute, func(g types.NatGateway) bool {
		for _, a := range g.NatGatewayAddresses {
			if aws.ToString(a.PrivateIp) == s.pool.drained() {
				return a.Status == types.NatGatewayAddressStatusSucceeded
			}
		}
		return false
	}); err != nil {
		return err
	}
	s.answers.Assign = seconds(s.since(began))
	return s.rest(ctx)
}

// askInterface asks about the interface that the run made.
func (s *session) askInterface(ctx context.Context) error {
	s.note(s.answers.Codes, "interface-address-taken", func() (string, error) { return s.interfaceAssign(ctx, s.eni, s.primary) })
	s.note(s.answers.Codes, "interface-address-not-there", func() (string, error) {
		_, code, err := call(ctx, s.client, false, s.api.UnassignPrivateIpAddresses, &awsec2.UnassignPrivateIpAddressesInput{
			NetworkInterfaceId: aws.String(s.eni), PrivateIpAddresses: []string{s.pool.peek()},
		})
		return code, err
	})
	return ctx.Err()
}

func (s *session) interfaceAssign(ctx context.Context, eni, ip string) (string, error) {
	_, code, err := call(ctx, s.client, false, s.api.AssignPrivateIpAddresses, &awsec2.AssignPrivateIpAddressesInput{
		NetworkInterfaceId: aws.String(eni), PrivateIpAddresses: []string{ip},
	})
	return code, err
}

// natBucket is AWS's bucket of the NAT-address calls: so many at once, and one a second.
const natBucket = 10

// askTokens waits until AWS's bucket is full, and asks with DryRun more often than it has tokens.
func (s *session) askTokens(ctx context.Context) error {
	const full = 2 * natBucket * time.Second
	if err := s.pause(ctx, full); err != nil {
		return err
	}
	in := awsec2.AssignPrivateNatGatewayAddressInput{NatGatewayId: aws.String(s.gateway), PrivateIpAddresses: []string{s.pool.peek()}, DryRun: aws.Bool(true)}
	throttled, answered := false, 0
	for range natBucket + natBucket/2 {
		_, err := timed(ctx, s.api.AssignPrivateNatGatewayAddress, &in)
		switch codeOf(err) {
		case "RequestLimitExceeded":
			throttled = true
		case "":
			continue
		}
		answered++
	}
	if answered > natBucket {
		s.answers.DryRunTakesTokens = aws.Bool(throttled)
	} else {
		s.answers.Unasked["dry-run-tokens"] = "too many of the calls had no answer"
	}
	return s.pause(ctx, full)
}

// askDrain drains an address that has no connection, and looks how long that takes.
func (s *session) askDrain(ctx context.Context) error {
	ip, began := s.pool.drained(), time.Now()
	code, err := s.unassign(ctx, false, ip)
	if err != nil || code != accepted {
		return refused(code, err)
	}
	s.note(s.answers.Codes, "busy-draining", func() (string, error) { return s.assign(ctx, false, s.gateway, s.pool.next()) })
	s.note(s.answers.DryRun, "busy-draining", func() (string, error) { return s.assign(ctx, true, s.gateway, s.pool.next()) })
	if _, err := s.await(ctx, 5*time.Minute+s.cfg.Drain, func(g types.NatGateway) bool { return !holds(g, ip) }); err != nil {
		return err
	}
	if took := s.since(began); took < s.cfg.Drain*3/4 {
		s.answers.DrainEnds = seconds(took)
	}
	return s.rest(ctx)
}

// askDeleting deletes the gateway, and asks it for an address meanwhile.
func (s *session) askDeleting(ctx context.Context) error {
	_, code, err := call(ctx, s.client, true, s.api.DeleteNatGateway, &awsec2.DeleteNatGatewayInput{NatGatewayId: aws.String(s.gateway)})
	if err != nil || code != accepted {
		return refused(code, err)
	}
	s.note(s.answers.Codes, "gateway-deleting", func() (string, error) { return s.assign(ctx, false, s.gateway, s.pool.next()) })
	return ctx.Err()
}
