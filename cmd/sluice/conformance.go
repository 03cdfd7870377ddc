package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/reconcile/conformance"
	"github.com/seed-6ca89210/sluice/reconcile/ec2"
)

// conformanceCall is one run of the conformance command.
type conformanceCall struct {
	config, target, vpc, subnet string
	drain                       time.Duration
	yes, clean                  bool
}

func (a *app) conformanceCommand() *cobra.Command {
	var c conformanceCall
	cmd := &cobra.Command{
		Use:   "conformance --vpc VPC",
		Short: "Ask your AWS account what AWS documents nowhere, as a file for sim",
		Long: `Ask EC2, in your account and a VPC that you name, what its documentation leaves
open: the error codes of calls that sluice avoids, what DryRun looks at and whether
it takes tokens, whether a call with one bad address does the others, how long an
idle address drains. The answers are printed as a file that "sim --behaviour" loads;
from then on the simulator answers as your AWS does.

It makes a private NAT gateway and a network interface, tagged sluice:conformance,
and deletes them at the end, also after a failure or Ctrl-C. What a run left that was
killed, --clean deletes. It touches nothing else: no specs, no record, no resource
without its tag. It says what it will make and what that costs, and asks.

A run takes about five minutes. The account needs, and "iam-policy --conformance"
prints the policy:

  ec2:CreateNatGateway, ec2:CreateNetworkInterface, ec2:CreateTags   with the tag
  ec2:DeleteNatGateway, ec2:DeleteNetworkInterface, the two calls for a NAT gateway's
  addresses and the two for a network interface's                    on what has it
  ec2:DescribeNatGateways, ec2:DescribeNetworkInterfaces, ec2:DescribeSubnets,
  ec2:GetSubnetCidrReservations`,
		Example: `  sluice conformance --vpc vpc-0123456789abcdef0 > answers.yaml
  sluice sim --world examples/quickstart/world.yaml --behaviour answers.yaml
  sluice conformance --vpc vpc-0123456789abcdef0 --config sluice.yaml --target prod-use1
  sluice conformance --vpc vpc-0123456789abcdef0 --clean`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !strings.HasPrefix(c.vpc, "vpc-") {
				return errors.New("--vpc says where it may make a NAT gateway and a network interface; give the id of a VPC, such as vpc-0123456789abcdef0")
			}
			if c.drain < 30*time.Second || c.drain > 4000*time.Second {
				return errors.New("--drain must be from 30s to 4000s")
			}
			// A terminal that is closed, or a reader that is gone, would end the process
			// before it has deleted what it made.
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGHUP, syscall.SIGPIPE)
			defer stop()
			cfg, target, err := a.conformanceConfig(ctx, c)
			if err != nil {
				return err
			}
			return a.conformance(ctx, cmd.InOrStdin(), cfg, target, c)
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.vpc, "vpc", "", "the VPC to work in")
	f.StringVar(&c.subnet, "subnet", "", "a subnet of it (default: the one with the most free addresses)")
	f.StringVar(&c.config, "config", "", "read the targets from this sluice.yaml")
	f.StringVar(&c.target, "target", "", "the target of the configuration")
	f.DurationVar(&c.drain, "drain", time.Minute, "the longest time of the drain that is measured")
	f.BoolVar(&c.yes, "yes", false, "do not ask")
	f.BoolVar(&c.clean, "clean", false, "delete what earlier runs have left in the VPC, and ask nothing of EC2")
	return cmd
}

// conformanceConfig is where to ask: the one target, or the one that is named.
func (a *app) conformanceConfig(ctx context.Context, c conformanceCall) (cfg conformance.Config, target string, err error) {
	settings := config.Default()
	if c.config != "" {
		if settings, err = loadConfig(ctx, c.config); err != nil {
			return cfg, "", err
		}
	}
	targets, err := oneTarget(settings.Targets, c.target)
	if err != nil {
		return cfg, "", err
	}
	names := slices.Sorted(maps.Keys(targets))
	if len(names) != 1 {
		return cfg, "", fmt.Errorf("there are several targets (%s); choose one with --target", strings.Join(names, ", "))
	}
	t := targets[names[0]]
	aws, err := ec2.Settings(ctx, ec2.Config{Target: names[0], Region: t.Region, Profile: t.Profile, RoleARN: t.RoleARN, Endpoint: t.Endpoint, Simulated: a.simulated})
	if err != nil {
		return cfg, "", err
	}
	return conformance.Config{
		AWS: aws, Endpoint: t.Endpoint, Transport: a.transport, VPC: c.vpc, Subnet: c.subnet, Drain: c.drain, Run: conformance.NewRun(a.now()), Faster: a.faster,
		Say: func(text string) { fmt.Fprintln(a.stderr, printable(text)) },
	}, names[0], nil
}

func (a *app) conformance(ctx context.Context, in io.Reader, cfg conformance.Config, target string, c conformanceCall) error {
	if c.clean {
		return a.conformanceClean(ctx, in, cfg, c)
	}
	fmt.Fprintf(a.stderr, `In %s (target %s, %s) this makes and deletes again, tagged %s=%s:
  1 private NAT gateway     about 0.045 USD, the price of an hour in us-east-1
  1 network interface       free
For some minutes it names free addresses of one subnet. For one question it asks for
more calls at once than AWS grants the account: others who change NAT gateways there
may be throttled for ten seconds.
`, cfg.VPC, target, cfg.AWS.Region, conformance.TagKey, cfg.Run)
	if err := a.confirm(in, c.yes); err != nil {
		return err
	}
	answers, err := conformance.Run(ctx, cfg)
	if answers != nil && len(answers.Codes) > 0 {
		file, yamlErr := answers.YAML()
		if yamlErr == nil {
			_, yamlErr = a.stdout.Write(file)
		}
		err = errors.Join(err, yamlErr)
		for _, missing := range answers.Missing() {
			fmt.Fprintf(a.stderr, "no answer to %s\n", printable(missing))
		}
	}
	return err
}

// conformanceClean deletes what earlier runs left.
func (a *app) conformanceClean(ctx context.Context, in io.Reader, cfg conformance.Config, c conformanceCall) error {
	left, err := conformance.Left(ctx, cfg)
	if err != nil {
		return err
	}
	if len(left) == 0 {
		fmt.Fprintf(a.stdout, "Nothing in %s has the tag %s.\n", cfg.VPC, conformance.TagKey)
		return nil
	}
	fmt.Fprintf(a.stderr, "This deletes, in %s, also from a run that goes on:\n", cfg.VPC)
	for _, m := range left {
		fmt.Fprintf(a.stderr, "  %s\n", printable(m.String()))
	}
	if err := a.confirm(in, c.yes); err != nil {
		return err
	}
	if err := conformance.Clean(ctx, cfg, left); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "Nothing of that is in %s any more.\n", cfg.VPC)
	return nil
}

// confirm asks a person.
func (a *app) confirm(in io.Reader, yes bool) error {
	if yes {
		return nil
	}
	fmt.Fprint(a.stderr, "Go on? (yes or no) ")
	answer, err := bufio.NewReader(in).ReadString('\n')
	if answer = strings.TrimSpace(answer); answer == "yes" || answer == "y" {
		return nil
	}
	if err != nil && answer == "" {
		return errors.New("nobody answered, so nothing was made; give --yes in scripts")
	}
	return errors.New("nothing was made")
}
