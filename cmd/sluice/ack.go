package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/user"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/reconcile/fleet"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

func (a *app) ackCommand() *cobra.Command {
	var c common
	var reason string
	cmd := &cobra.Command{
		Use:   "ack COMMIT",
		Short: "Take a held commit as it is: rewound, rewritten, or not signed",
		Long: `Take a commit as it is, wherever it comes from and whoever signed it, and write into
the record who did. A commit that does not descend from the last applied one is
held until then: somebody may have moved the branch. So is one that is not signed
where specs.verify.mode asks for that. From here on the acknowledged commit is
the one that the next must descend from.

A daemon keeps the record to itself: stop it, acknowledge, start it again. Or
approve the plan that it holds, by a document in the policy source. Where replicas
share a table (history.dynamodb), stop them all: each target has a record of its own.`,
		Example: `  sluice ack 5d1c0f3a9e7b2d4c6f8091a2b3c4d5e6f7089a1b --config sluice.yaml
  sluice ack 5d1c0f3a9e7b2d4c6f8091a2b3c4d5e6f7089a1b --reason INC-4711`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("acknowledge which commit? `sluice plan` names it whole where it is held")
			}
			return upToOne(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if id, err := hex.DecodeString(args[0]); err != nil || len(id) != 20 || args[0] != strings.ToLower(args[0]) {
				return fmt.Errorf("%q is not a commit: give all 40 hexadecimal digits, as `sluice plan` prints them where it is held", args[0])
			}
			place, err := c.recordOf(cmd.Context(), a.getenv)
			if err != nil {
				return err
			}
			if place.DynamoDB != nil {
				return a.ackInTable(cmd.Context(), c, args[0], reason)
			}
			return a.ack(cmd.Context(), place.File, args[0], reason)
		},
	}
	c.recordPath(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "words for whoever reads the record later")
	return cmd
}

func (a *app) ack(ctx context.Context, path, commit, reason string) error {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) { // rather than begin a record by a wrong name
		return fmt.Errorf("%w in %s, so there is nothing to acknowledge; --config or --history says where the record is", history.ErrNoHistory, path)
	}
	ledger := history.NewLedger()
	store, err := openHistory(ctx, path, history.Holder{Command: "sluice ack"}, ledger)
	var held *history.HeldError
	if errors.As(err, &held) && held.Holder.PID != 0 {
		return fmt.Errorf("%w; then acknowledge, and start it again. While it runs, an approval of the plan, in the policy source, lets the commit through", err)
	}
	if err != nil {
		return err
	}
	defer store.Close()
	return a.acknowledge(ctx, store, ledger, "", commit, reason)
}

// ackInTable writes it into the log of each target, under its lease.
func (a *app) ackInTable(ctx context.Context, c common, commit, reason string) error {
	cfg, err := c.settings(ctx, a.getenv)
	if err != nil {
		return err
	}
	targets := slices.Sorted(maps.Keys(cfg.Targets))
	return a.underLease(ctx, cfg, targets, func(ctx context.Context, seats map[string]fleet.Seat) error {
		for _, target := range targets {
			if err := a.acknowledge(ctx, seats[target].Store, seats[target].Ledger, target+": ", commit, reason); err != nil {
				return err
			}
		}
		return nil
	})
}

// acknowledge writes it into one log, whose name comes before what it says.
func (a *app) acknowledge(ctx context.Context, store history.Store, ledger *history.Ledger, name, commit, reason string) error {
	before := ledger.Base()
	if before == commit && ledger.Acknowledged() == commit {
		_, err := fmt.Fprintf(a.stdout, "%s%s is acknowledged already.\n", name, commit)
		return err
	}
	written, err := store.Append(ctx, history.Record{Kind: history.KindAcknowledged, Time: a.now().UTC(), Commit: commit, Author: operator(), Message: reason})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%s%s is acknowledged, by %s, in record %d.\n", name, commit, written[0].Author, written[0].Seq)
	if err == nil && before != "" && before != commit {
		_, err = fmt.Fprintf(a.stdout, "It takes the place of %s: the next commit must descend from it.\n", before)
	}
	return err
}

// operator is who runs this, as user@host.
func operator() string {
	name, host := fmt.Sprintf("uid%d", os.Getuid()), "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	return name + "@" + host
}
