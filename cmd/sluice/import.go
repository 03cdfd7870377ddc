package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/reconcile/adopt"
)

// importCall is what is to be imported, and where to.
type importCall struct {
	common
	ids     []string
	target  string
	rawTags []string
	tags    map[string]string
	drifted bool
	out     string
	pr      bool
	verbose bool
}

func (a *app) importCommand() *cobra.Command {
	c := importCall{}
	cmd := &cobra.Command{
		Use:   "import [ID…]",
		Short: "Write specs for what is live, or change specs to what is live",
		Long: `Write a spec for each NAT gateway and network interface that no spec names yet: of
all targets, of one, by tag, or by id. Importing and planning shows no change: what
is in transition, not available, or of an AWS service is left out, and said.

Documents go to standard output; with --out to files, one a resource, and none that
exists is overwritten; with --pr as a patch for git apply, its paths from the root
of the repository that --config, --dir or --repo names.

With --pr an ID that a spec names already, or --drifted for all that differ, gives
the change of that spec that makes it say what is live: drift is adopted by a commit.
Only lists and counts change; comments stay.

Exit status: 0 all that was asked for is written, or named by a spec; 2 something is
in transition or not fully known, and may be written later; 1 something could not be
read, found or written. Of many, AWS services' interfaces, and those that hold no
secondary address, are left out with status 0.`,
		Example: `  sluice import --out specs                                  all that is live: the first adoption
  sluice import --target prod-use1 --tag env=prod --config sluice.yaml --out gateways
  sluice import nat-0ee3edd182361f662                        one, to look at
  sluice import --pr --dir specs | git apply                 what no spec names yet
  sluice import --pr --drifted --config sluice.yaml          what was changed by hand, as a commit`,
		RunE: func(cmd *cobra.Command, args []string) error {
			c.ids = args
			if err := c.check(); err != nil {
				return err
			}
			return a.importLive(cmd.Context(), c)
		},
	}
	c.whereSpecs(cmd)
	f := cmd.Flags()
	f.StringVar(&c.target, "target", "", "only this target of the configuration")
	f.StringArrayVar(&c.rawTags, "tag", nil, "only what carries this AWS tag, as KEY=VALUE; may repeat, and then all must fit")
	f.BoolVar(&c.drifted, "drifted", false, "with --pr: change every spec that differs from what is live")
	f.StringVar(&c.out, "out", "", "write files into this folder; without another source it also says which specs there are")
	f.BoolVar(&c.pr, "pr", false, "print a patch for git apply")
	f.BoolVarP(&c.verbose, "verbose", "v", false, "list each resource that is left out")
	return cmd
}

var resourceID = regexp.MustCompile(`^(nat|eni)-[0-9a-f]{8,17}$`)

// check refuses what cannot be meant, before anything is read.
func (c *importCall) check() error {
	for _, id := range c.ids {
		if !resourceID.MatchString(id) {
			return fmt.Errorf("%q is no id of a NAT gateway or network interface: write nat-… or eni-… in full", id)
		}
	}
	var err error
	if c.tags, err = readTags(c.rawTags); err != nil {
		return err
	}
	switch {
	case len(c.ids) > 0 && len(c.tags) > 0:
		return errors.New("ids and --tag both say what to import; keep one")
	case c.drifted && len(c.ids)+len(c.tags) > 0:
		return errors.New("--drifted means all specs that differ; leave ids and --tag out")
	case c.drifted && !c.pr:
		return errors.New("--drifted changes specs, which is a patch: add --pr")
	case c.pr && c.out != "":
		return errors.New("--out writes files, --pr prints a patch; keep one")
	case c.pr && c.config+c.dir+c.repo == "":
		return errors.New("--pr needs to know where the specs are; add --config FILE, --dir DIR or --repo URL")
	}
	return nil
}

// importLive reads the specs and EC2, and hands out what is to be written.
func (a *app) importLive(ctx context.Context, c importCall) error {
	cfg, sourced, err := c.place(ctx, a.getenv)
	if err != nil {
		return err
	}
	targets, err := oneTarget(cfg.Targets, c.target)
	if err != nil {
		return err
	}
	var there existing
	if sourced {
		if there, err = a.existing(ctx, cfg); err != nil {
			return err
		}
	}
	live, err := a.live(ctx, targets, c, there.docs)
	if err != nil {
		return err
	}
	in := adopt.Input{
		Inventories: live.inventories, Documents: there.docs, GatewayLimit: live.limits, Wanted: c.wanted,
		Bare: len(c.ids)+len(c.tags) > 0, FolderPerTarget: len(cfg.Targets) > 1,
	}
	var found imported
	if !c.drifted {
		found.specs, found.left = adopt.Make(in)
	}
	if c.drifted || c.pr && len(c.ids) > 0 {
		var refused []adopt.Left
		found.changed, refused = adopt.Edit(in, there.files)
		found.left = append(slices.DeleteFunc(found.left, func(l adopt.Left) bool { return l.Why == adopt.Named }), refused...)
	}
	if err := a.handOut(c, there, found); err != nil {
		return err
	}
	failed := a.complain(live.unread, c.missing(in.Inventories, live.unread))
	a.tellLeft(c, there, found.left)
	return status(gravest(failed, leftStatus(c, found.left)))
}

// leftStatus is the status that the resources add that were left out.
func leftStatus(c importCall, left []adopt.Left) int {
	code := exitDone
	for _, l := range left {
		switch {
		case l.Why == adopt.Waiting:
			code = gravest(code, exitPending)
		case l.By != nil && l.Why == adopt.Unfit, len(c.ids) > 0 && l.Why != adopt.Named: // it was asked for by name
			code = exitFailed
		}
	}
	return code
}
