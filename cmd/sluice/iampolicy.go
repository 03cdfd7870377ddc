package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/bucket"
	"github.com/seed-6ca89210/sluice/reconcile/conformance"
	"github.com/seed-6ca89210/sluice/reconcile/ec2"
	"github.com/seed-6ca89210/sluice/reconcile/iampolicy"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// iamCall is whose policy is printed.
type iamCall struct {
	common
	target  string
	account string
	rawTags []string

	conformance bool
}

func (a *app) iamPolicyCommand() *cobra.Command {
	var c iamCall
	cmd := &cobra.Command{
		Use:   "iam-policy",
		Short: "Print the least IAM policy that the specs and targets need",
		Long: `Print the least IAM policy with which sluice can do its work: reading, bounded by
Region, and the calls of the mode, bounded by the NAT gateways and network interfaces
that the specs name; those that a spec selects by tags are bounded by these tags.

A policy belongs to one account. An account is known from the target's roleArn, or
from STS; where neither says, ARNs hold * in its place, which fits only the account
that the policy is used in. Print it again when specs name more resources; or, for a
large fleet, let --tag bound the calls in place of ids.

Mode observe needs to read only, dry-run also the calls that EC2 has a DryRun for.
With --conformance it is the policy of "sluice conformance" instead, for which no specs
are needed. With history.dynamodb it allows reading and writing that table, with
drift.attribution asking CloudTrail, with hints.sqs reading that queue, with
history.export writing to that bucket; the last two are said, and not
part of the policy, where targets have a role of their own.`,
		Example: `  sluice iam-policy --config sluice.yaml --mode apply > policy.json
  sluice iam-policy --dir specs/ --mode apply --tag managed-by=sluice
  sluice iam-policy --config sluice.yaml --account 123456789012
  sluice iam-policy --conformance`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.conformance {
				return a.conformancePolicy(cmd.Context(), c)
			}
			cfg, err := c.settings(cmd.Context(), a.getenv)
			if err != nil {
				return err
			}
			return a.iamPolicy(cmd.Context(), cfg, c)
		},
	}
	c.whereSpecs(cmd)
	f := cmd.Flags()
	f.StringVar(&c.mode, "mode", "", "what to allow: observe, dry-run or apply (default: the configuration's, dry-run)")
	f.StringVar(&c.target, "target", "", "only this target of the configuration")
	f.StringVar(&c.account, "account", "", "only the targets of this account")
	f.BoolVar(&c.conformance, "conformance", false, "what \"sluice conformance\" needs, and nothing else")
	f.StringArrayVar(&c.rawTags, "tag", nil, "allow changes to whatever carries this AWS tag, KEY=VALUE, in place of ids; may repeat, and then all must fit")
	return cmd
}

func (a *app) iamPolicy(ctx context.Context, cfg config.Config, c iamCall) error {
	tags, err := readTags(c.rawTags)
	if err != nil {
		return err
	}
	src, err := a.open("specs", cfg.Specs, gitHost(cfg))
	if err != nil {
		return err
	}
	s, err := src.Snapshot(ctx, nil)
	if err != nil {
		return fmt.Errorf("specs: %w", err)
	}
	desired := reconcile.ReadSpecs(s)
	if desired.Err != nil {
		return desired.Err
	}
	targets, err := oneTarget(cfg.Targets, c.target)
	if err != nil {
		return err
	}
	byAccount := map[string][]iampolicy.Target{}
	names := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(targets)) {
		t, err := a.iamTarget(ctx, name, targets[name])
		if err != nil {
			return err
		}
		if t.Resources = named(name, desired.Specs.Documents); len(tags) > 0 {
			t.Resources = tagged(t.Resources, tags)
		}
		account := t.Partition + " " + t.Account
		byAccount[account], names[account] = append(byAccount[account], t), append(names[account], name)
	}
	chosen, err := oneAccount(byAccount, names, c.account)
	if err != nil {
		return err
	}
	p := iampolicy.For(cfg.Mode, chosen)
	if cfg.Drift.Attribution != "" {
		p.AllowTrail(chosen)
	}
	// Queue and bucket are asked with what sluice is started with: no target's role.
	role := slices.ContainsFunc(slices.Collect(maps.Values(targets)), func(t config.Target) bool { return t.RoleARN != "" })
	a.allowQueue(&p, cfg.Hints.SQS, role, chosen)
	if err := a.allowTable(ctx, &p, cfg.History.DynamoDB, role, chosen); err != nil {
		return err
	}
	if err := a.allowExport(&p, cfg.History.Export, role, chosen); err != nil {
		return err
	}
	return a.printPolicy(p)
}

// allowQueue lets whose policy it is read the queue of events, or says who must be let.
func (a *app) allowQueue(p *iampolicy.Policy, q *config.SQS, role bool, chosen []iampolicy.Target) {
	if q == nil {
		return
	}
	arn, account := q.ARN()
	if role || q.RoleARN != "" || arn == "" || len(chosen) > 0 && chosen[0].Account != "*" && chosen[0].Account != account {
		fmt.Fprintln(a.stderr, "hints.sqs: whoever reads the queue needs sqs:ReceiveMessage and sqs:DeleteMessage on it; that is not part of this policy")
		return
	}
	p.AllowQueue(arn)
}

// allowTable is the same for the table that holds the record and the leases.
func (a *app) allowTable(ctx context.Context, p *iampolicy.Policy, t *config.DynamoDB, role bool, chosen []iampolicy.Target) error {
	if t == nil {
		return nil
	}
	if role || len(chosen) == 0 {
		fmt.Fprintf(a.stderr, "history.dynamodb: what sluice is started with needs %s on the table; that is not part of this policy\n", strings.Join(iampolicy.TableActions(), ", "))
		return nil
	}
	region, err := ec2.Region(ctx, ec2.Config{Target: "history.dynamodb", Region: t.Region})
	if err != nil {
		return err
	}
	p.AllowTable(fmt.Sprintf("arn:%s:dynamodb:%s:%s:table/%s", ec2.Partition(region), region, chosen[0].Account, t.Table))
	return nil
}

// allowExport is the same for the bucket that old records go to. A service that only
// looks like S3 knows no IAM.
func (a *app) allowExport(p *iampolicy.Policy, export string, role bool, chosen []iampolicy.Target) error {
	if !strings.HasPrefix(export, "s3://") || a.getenv("AWS_ENDPOINT_URL_S3") != "" {
		return nil
	}
	place, err := bucket.Parse(export)
	if err != nil {
		return fmt.Errorf("history.export: %w", err)
	}
	if role || len(chosen) == 0 {
		fmt.Fprintln(a.stderr, "history.export: what sluice is started with needs s3:PutObject and s3:GetObject below "+printable(export)+"; that is not part of this policy")
		return nil
	}
	p.AllowExport(chosen[0].Partition, place.Bucket, place.Key)
	return nil
}

// conformancePolicy prints what a conformance run needs in the targets.
func (a *app) conformancePolicy(ctx context.Context, c iamCall) (err error) {
	cfg := config.Default()
	if c.config != "" {
		if cfg, err = loadConfig(ctx, c.config); err != nil {
			return err
		}
	}
	targets, err := oneTarget(cfg.Targets, c.target)
	if err != nil {
		return err
	}
	var list []iampolicy.Target
	for _, name := range slices.Sorted(maps.Keys(targets)) {
		t, err := a.iamTarget(ctx, name, targets[name])
		if err != nil {
			return err
		}
		list = append(list, t)
	}
	return a.printPolicy(iampolicy.Conformance(conformance.TagKey, list))
}

// iamTarget finds out which Region and account a target is. STS is asked only where
// no role says it.
func (a *app) iamTarget(ctx context.Context, name string, target config.Target) (iampolicy.Target, error) {
	cfg := ec2.Config{Target: name, Region: target.Region, Profile: target.Profile, RoleARN: target.RoleARN, Endpoint: target.Endpoint, Simulated: a.simulated}
	region, err := ec2.Region(ctx, cfg)
	if err != nil {
		return iampolicy.Target{}, fmt.Errorf("target %q: %w", name, err)
	}
	t := iampolicy.Target{Partition: ec2.Partition(region), Region: region, Account: "*"}
	if parts := strings.Split(target.RoleARN, ":"); len(parts) > 5 {
		t.Account = parts[4]
		fmt.Fprintf(a.stderr, "target %q: this is for the role; what sluice is started with needs sts:AssumeRole on %s\n", name, printable(target.RoleARN))
		return t, nil
	}
	who, err := ec2.Identify(ctx, cfg)
	if err != nil {
		fmt.Fprintf(a.stderr, "target %q: ARNs hold * for the account, which is not known: %s\n", name, printable(err.Error()))
		return t, ctx.Err()
	}
	t.Account = who.Account
	return t, nil
}

// named lists what the good specs of a target name.
func named(target string, docs []spec.Document) []iampolicy.Resource {
	var list []iampolicy.Resource
	for _, d := range docs {
		if d.Target == target && len(d.Problems) == 0 {
			list = append(list, iampolicy.Resource{Kind: d.Kind, ID: d.ID, Tags: d.SelectorTags})
		}
	}
	return list
}

// tagged is one resource a kind, by the tags alone.
func tagged(list []iampolicy.Resource, tags map[string]string) []iampolicy.Resource {
	var out []iampolicy.Resource
	for _, kind := range []inventory.Kind{inventory.KindNatGateway, inventory.KindNetworkInterface} {
		if slices.ContainsFunc(list, func(r iampolicy.Resource) bool { return r.Kind == kind }) {
			out = append(out, iampolicy.Resource{Kind: kind, Tags: tags})
		}
	}
	return out
}

// oneAccount returns the targets of the account that is meant.
func oneAccount(byAccount map[string][]iampolicy.Target, names map[string][]string, wanted string) ([]iampolicy.Target, error) {
	var lines []string
	for _, account := range slices.Sorted(maps.Keys(byAccount)) {
		_, id, _ := strings.Cut(account, " ")
		if wanted == id || wanted == "" && len(byAccount) == 1 {
			return byAccount[account], nil
		}
		lines = append(lines, fmt.Sprintf("%s (%s)", id, strings.Join(names[account], ", ")))
	}
	if wanted != "" {
		return nil, fmt.Errorf("no target is of account %.20q; they are of %s", wanted, strings.Join(lines, "; "))
	}
	return nil, fmt.Errorf("a policy is of one account, and the targets are of several: %s; choose one with --account or --target", strings.Join(lines, "; "))
}

// maxManaged is how many characters a managed policy may have, spaces not counted.
const maxManaged = 6144

func (a *app) printPolicy(p iampolicy.Policy) error {
	compact, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if len(compact) > maxManaged {
		fmt.Fprintf(a.stderr, "This is longer than a managed policy may be (%d of %d characters): bound it by a tag with --tag, or use it as several.\n", len(compact), maxManaged)
	}
	enc := json.NewEncoder(a.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(p)
}

// oneTarget narrows the targets to the one that is named, if any is.
func oneTarget(targets map[string]config.Target, name string) (map[string]config.Target, error) {
	if name == "" {
		return targets, nil
	}
	one, ok := targets[name]
	if !ok {
		return nil, fmt.Errorf("--target %q is not configured; known targets: %s", name, strings.Join(slices.Sorted(maps.Keys(targets)), ", "))
	}
	return map[string]config.Target{name: one}, nil
}

// readTags reads --tag.
func readTags(raw []string) (map[string]string, error) {
	tags := map[string]string{}
	for _, text := range raw {
		key, value, found := strings.Cut(text, "=")
		if !found || key == "" {
			return nil, fmt.Errorf("--tag %q is not KEY=VALUE", text)
		}
		if had, twice := tags[key]; twice && had != value {
			return nil, errors.New("--tag " + key + " is given with two values, and no resource has both")
		}
		tags[key] = value
	}
	return tags, nil
}
