package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/reconcile"
	"github.com/seed-6ca89210/sluice/reconcile/adopt"
	"github.com/seed-6ca89210/sluice/reconcile/ec2"
	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

// probed is one target's EC2, as the doctor asks it.
type probed interface {
	ReadAccess(ctx context.Context) []ec2.Access
	ChangeAccess(ctx context.Context, gateway string) []ec2.Access
	Observe(ctx context.Context, q inventory.Query) inventory.Inventory
}

// maxGateways is for how many gateways the calls are asked for: EC2 lets ten such
// calls through at once, and then one a second, and the daemon wants some.
const maxGateways = 3

// target looks at one account and Region: who we are, what we may, whose clock is wrong.
func (d *doctor) target(name string) func(context.Context) []render.Check {
	return func(ctx context.Context) []render.Check {
		target, mode := d.cfg.Targets[name], "dry-run"
		if d.cfg.Mode == "observe" {
			mode = "observe" // then nothing else can leave
		}
		client, err := d.client(ctx, name, target, mode)
		if err != nil {
			return failed("credentials", name, err.Error(), "put this target right in the configuration, or the AWS environment that it rests on")
		}
		type identified struct {
			who ec2.Identity
			err error
		}
		identity := make(chan identified, 1)
		go func() {
			who, err := d.identify(ctx, d.ec2Config(name, target))
			identity <- identified{who, err}
		}()
		reads := client.ReadAccess(ctx)
		id := <-identity
		if id.err == nil {
			d.accounts.add(name, id.who)
		}
		found := credentials(name, id.who, id.err, reads)
		if lost, all := unreachable(name, reads); all {
			return append(found, lost...)
		}
		found = append(found, actions(name, reads)...)
		found = append(found, clock(name, reads)...)
		return append(found, d.changes(ctx, name, client, id.who)...)
	}
}

// ec2Config is how EC2's own client of the target is made; see app.client.
func (d *doctor) ec2Config(name string, t config.Target) ec2.Config {
	return ec2.Config{Target: name, Region: t.Region, Profile: t.Profile, RoleARN: t.RoleARN, Endpoint: t.Endpoint, Simulated: d.app.simulated, CallTimeout: 10 * time.Second}
}

// credentials says who the target's credentials are. Where only STS does not answer,
// EC2 still tells whether they are good.
func credentials(name string, who ec2.Identity, err error, reads []ec2.Access) []render.Check {
	said := func(classes ...inventory.Class) bool { // by EC2
		return slices.ContainsFunc(reads, func(a ec2.Access) bool { return a.Err != nil && slices.Contains(classes, inventory.FaultClass(a.Err)) })
	}
	works := slices.ContainsFunc(reads, func(a ec2.Access) bool { return a.Err == nil }) || said(inventory.ClassUnauthorized)
	switch {
	case err == nil:
		return passed("credentials", name, fmt.Sprintf("%s, account %s, %s", who.ARN, who.Account, who.Region))
	case errors.Is(err, ec2.ErrElsewhere):
		return warned("credentials", name, "not probed: "+err.Error(), "nothing, if the actions below are ok")
	case works:
		return warned("credentials", name, "EC2 takes them, but who they are is not known: "+err.Error(), "let this machine reach STS")
	case said(inventory.ClassNotSent, inventory.ClassLost) && !said(inventory.ClassCredentials):
		return warned("credentials", name, "not known: "+err.Error(), "see the line of ec2: neither it nor STS can be reached")
	}
	return failed("credentials", name, err.Error(), "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or profile or roleArn of the target; or run where AWS provides a role")
}

// unreachable is one check in place of many, where EC2 itself does not answer.
func unreachable(name string, reads []ec2.Access) ([]render.Check, bool) {
	for _, a := range reads {
		if class := inventory.FaultClass(a.Err); a.Err == nil || class != inventory.ClassNotSent && class != inventory.ClassLost && class != inventory.ClassCredentials {
			return nil, false
		}
	}
	if len(reads) == 0 {
		return nil, false
	}
	found := failed("ec2", name, reads[0].Err.Error(), "check the Region, the endpoint, the proxy and the way from here to EC2; nothing else was asked of this target")
	if known := clock(name, reads); known[0].State == render.CheckFail {
		found = append(known, found...) // then that is why
	}
	return found, true
}

// actions is one check an action.
func actions(name string, asked []ec2.Access) []render.Check {
	var found []render.Check
	for _, a := range asked {
		found = append(found, action(name, a.Operation, "", a.Err)...)
	}
	return found
}

func action(name, operation, on string, err error) []render.Check {
	allow := fmt.Sprintf("allow ec2:%s for this principal; `sluice iam-policy` prints the policy", operation)
	switch inventory.FaultClass(err) {
	case inventory.ClassUnauthorized:
		return failed("action", name, operation+on+" is denied", allow)
	case inventory.ClassDryRunLeak:
		return failed("action", name, err.Error(), "run with --mode observe against this endpoint")
	}
	if err != nil {
		return warned("action", name, fmt.Sprintf("%s%s: not known whether it is allowed: %v", operation, on, err), "look again; if it stays so, "+allow)
	}
	return passed("action", name, operation+on)
}

// The bounds of a wrong clock: AWS refuses requests that are five minutes off.
const (
	skewWarn = time.Minute
	skewFail = 5 * time.Minute
)

func clock(name string, reads []ec2.Access) []render.Check {
	i := slices.IndexFunc(reads, func(a ec2.Access) bool { return a.Known })
	if i < 0 {
		return warned("clock", name, "EC2's answers have no date to compare our clock with", "make sure that this machine's clock is set by NTP")
	}
	skew := reads[i].Skew.Round(time.Second)
	side := "behind"
	if skew < 0 {
		side = "ahead of"
	}
	said := fmt.Sprintf("ours is %s %s EC2's", skew.Abs(), side)
	const do = "set this machine's clock, and keep it set by NTP: AWS refuses signatures that are 5 minutes off"
	switch {
	case skew.Abs() >= skewFail:
		return failed("clock", name, said, do)
	case skew.Abs() >= skewWarn:
		return warned("clock", name, said, do)
	case skew.Abs() <= 2*time.Second: // a date has whole seconds, and takes time to arrive
		return passed("clock", name, "as EC2's")
	}
	return passed("clock", name, said)
}

// changes asks for the calls that the mode makes, on the resources of the specs.
func (d *doctor) changes(ctx context.Context, name string, client probed, who ec2.Identity) []render.Check {
	if d.cfg.Mode == "observe" {
		return nil
	}
	select {
	case <-d.specsRead:
	case <-ctx.Done():
		return warned("action", name, "the calls that change something were not asked for: the specs were not read in time", "see the line of the specs")
	}
	q := reconcile.Query(name, d.docs)
	if q.Empty() {
		return passed("action", name, "no spec names anything here, so no call that changes something was asked for")
	}
	var gateways, cards []string
	inv := client.Observe(ctx, q)
	for _, r := range adopt.Resources([]inventory.Inventory{inv}) {
		if doc, named := r.NamedBy(d.docs); !named || len(doc.Problems) > 0 {
			continue
		}
		if r.Kind == inventory.KindNatGateway {
			gateways = append(gateways, r.ID)
		} else {
			cards = append(cards, r.ID)
		}
	}
	var found []render.Check
	for _, id := range gateways[:min(len(gateways), maxGateways)] {
		for _, a := range client.ChangeAccess(ctx, id) {
			found = append(found, action(name, a.Operation, " on "+id, a.Err)...)
		}
	}
	if d.cfg.Mode == "apply" && len(cards) > 0 {
		found = append(found, d.interfaces(ctx, name, cards, who)...)
	}
	return found
}

// interfaces asks IAM, since EC2 has no DryRun for them.
func (d *doctor) interfaces(ctx context.Context, name string, ids []string, who ec2.Identity) []render.Check {
	operations := []string{"AssignPrivateIpAddresses", "UnassignPrivateIpAddresses"}
	unknown := func(why string) []render.Check {
		return warned("action", name, strings.Join(operations, " and ")+": not probed: "+why,
			"nothing, if you know that they are allowed; allow iam:SimulatePrincipalPolicy on the principal itself to have them probed")
	}
	if who.ARN == "" {
		return unknown("who the credentials are is not known")
	}
	const most = 50 // resources in one question
	var resources []string
	for _, id := range ids[:min(len(ids), most)] {
		resources = append(resources, fmt.Sprintf("arn:%s:ec2:%s:%s:network-interface/%s", who.Partition, who.Region, who.Account, id))
	}
	decisions, err := d.simulate(ctx, d.ec2Config(name, d.cfg.Targets[name]), who, operations, resources)
	if err != nil {
		return unknown("needs iam:SimulatePrincipalPolicy (" + err.Error() + ")")
	}
	var found []render.Check
	for _, operation := range operations {
		var denied []string
		for _, one := range decisions {
			if one.Operation == operation && !one.Allowed {
				denied = append(denied, one.Resource[strings.LastIndex(one.Resource, "/")+1:])
			}
		}
		if len(denied) > 0 {
			found = append(found, failed("action", name, fmt.Sprintf("%s is denied on %s, says IAM", operation, strings.Join(denied, ", ")),
				fmt.Sprintf("allow ec2:%s for this principal; `sluice iam-policy` prints the policy", operation))...)
			continue
		}
		found = append(found, passed("action", name, fmt.Sprintf("%s on %d %s, says IAM", operation, len(resources), plural(len(resources), "interface")))...)
	}
	return found
}
