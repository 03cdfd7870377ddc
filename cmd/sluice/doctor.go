package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/reconcile/ec2"
	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

func (a *app) doctorCommand() *cobra.Command {
	var c common
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check configuration, Git, credentials, policy, clock and record, and say what to do",
		Long: `Check what sluice needs: the configuration and the secrets that it names, access to
Git, the specs, the policies, for each target the credentials and each EC2 action,
whether two targets are one account and Region, the clock, what else is configured
(CloudTrail, the queue of events, the receivers of notifications, commit statuses and
traces, the place of exports), and the record. A line a check, and below it what to do.

Nothing is changed. What may change a NAT gateway is asked with DryRun=true, for an
address that no subnet holds; of network interfaces, for which EC2 has no DryRun, IAM
is asked where iam:SimulatePrincipalPolicy is allowed. Only what the mode needs is
asked: look with --mode apply before you switch to it. Nobody is notified; a
collector of traces is sent an empty batch.

Exit status: 1 when a check failed, else 0.`,
		Example: `  sluice doctor --config sluice.yaml
  sluice doctor --config sluice.yaml --mode apply -o json
  sluice doctor --dir specs/ --policy policies/`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			checkup := render.NewCheckup(a.checkup(cmd.Context(), c))
			var err error
			if c.output == "json" {
				err = render.CheckupJSON(a.stdout, checkup)
			} else {
				err = render.New(a.stdout, a.getenv).Checkup(checkup)
			}
			if err == nil && checkup.Summary[render.CheckFail] > 0 {
				err = status(exitFailed)
			}
			return err
		},
	}
	c.where(cmd)
	c.historyFlag(cmd)
	c.outputFlag(cmd, "text", "json")
	cmd.Flags().StringVar(&c.mode, "mode", "", "what to check for: observe, dry-run or apply (default: the configuration's, dry-run)")
	return cmd
}

// checkup runs every check. Without a configuration there is nothing else to look at.
func (a *app) checkup(ctx context.Context, c common) []render.Check {
	subject := c.config
	if subject == "" {
		subject = "flags"
	}
	cfg, err := c.settings(ctx, a.getenv)
	if err != nil {
		return []render.Check{{Name: "configuration", Subject: subject, State: render.CheckFail, Said: err.Error(),
			Do: "put it right and look again: nothing else was checked. `sluice schema config` says what may stand there"}}
	}
	d := newDoctor(a, cfg)
	return d.run(ctx, subject)
}

// doctor looks at one configuration. What it asks of AWS are functions, so that tests
// can stand in for it.
type doctor struct {
	app      *app
	cfg      config.Config
	deadline time.Duration // of each check

	specsRead chan struct{} // closed when docs stands
	docs      []spec.Document
	accounts  accounts

	client   func(ctx context.Context, name string, target config.Target, mode string) (probed, error)
	identify func(ctx context.Context, cfg ec2.Config) (ec2.Identity, error)
	simulate func(ctx context.Context, cfg ec2.Config, who ec2.Identity, operations, resources []string) ([]ec2.Decision, error)
	space    func(folder string) (free uint64, known bool)
	writable func(folder string) error
}

func newDoctor(a *app, cfg config.Config) *doctor {
	return &doctor{
		app: a, cfg: cfg, deadline: 30 * time.Second, specsRead: make(chan struct{}),
		client: func(ctx context.Context, name string, target config.Target, mode string) (probed, error) {
			return a.client(ctx, name, target, mode, nil)
		},
		identify: ec2.Identify, simulate: ec2.SimulatePolicy, space: freeSpace, writable: writable,
	}
}

// group is checks that belong together and share a deadline.
type group struct {
	name, subject string
	look          func(context.Context) []render.Check
}

// run looks at everything side by side. The order of the result is that of the list.
func (d *doctor) run(ctx context.Context, subject string) []render.Check {
	groups := []group{
		{"configuration", subject, d.configuration(subject)},
		{"specs", where(d.cfg.Specs), d.specs},
	}
	groups = append(groups, d.policyGroups()...)
	for _, name := range slices.Sorted(maps.Keys(d.cfg.Targets)) {
		groups = append(groups, group{"ec2", name, d.target(name)})
	}
	behind := len(groups) // the targets
	groups = append(groups, d.serviceGroups()...)
	groups = append(groups, d.recordGroup())
	found := make([][]render.Check, len(groups))
	var looking sync.WaitGroup
	for i, g := range groups {
		looking.Go(func() { found[i] = d.within(ctx, g) })
	}
	looking.Wait()
	return slices.Concat(slices.Insert(found, behind, d.accounts.twice())...)
}

// grace is how much longer a check has that heeds its deadline, to say more than that.
const grace = time.Second

// within runs a group, and returns at its deadline whatever the group does.
func (d *doctor) within(ctx context.Context, g group) []render.Check {
	ctx, cancel := context.WithTimeout(ctx, d.deadline)
	defer cancel()
	done := make(chan []render.Check, 1) // room for one that comes too late
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- failed(g.name, g.subject, fmt.Sprintf("the check itself broke: %v", p), "report this; the other checks stand")
			}
		}()
		done <- g.look(ctx)
	}()
	select {
	case found := <-done:
		return found
	case <-ctx.Done():
	}
	select {
	case found := <-done:
		return found
	case <-time.After(grace):
		return failed(g.name, g.subject, fmt.Sprintf("no answer within %s", d.deadline), "check the network and the proxy, and look again")
	}
}

func check(state, name, subject, said, do string) []render.Check {
	return []render.Check{{Name: name, Subject: subject, State: state, Said: said, Do: do}}
}

func passed(name, subject, said string) []render.Check {
	return check(render.CheckOK, name, subject, said, "")
}

func warned(name, subject, said, do string) []render.Check {
	return check(render.CheckWarn, name, subject, said, do)
}

func failed(name, subject, said, do string) []render.Check {
	return check(render.CheckFail, name, subject, said, do)
}
