package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

func (a *app) healthCommand() *cobra.Command {
	var c common
	var ready bool
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Ask the daemon whether it gets on; for probes of containers",
		Long: `Ask the daemon that holds the record whether it gets on: exit status 0 when it
does, 1 when not, or when there is none. The daemon's own page answers loopback
only, which a kubelet cannot reach: this can be an exec probe, in an image
without a shell.`,
		Example: `  sluice health --config /etc/sluice/sluice.yaml
  sluice health --ready`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := c.recordFile(a.getenv)
			if err != nil {
				return err
			}
			page := "/healthz"
			if ready {
				page = "/readyz"
			}
			return a.health(cmd.Context(), path, page)
		},
	}
	c.recordPath(cmd)
	cmd.Flags().BoolVar(&ready, "ready", false, "ask whether a turn has ended, so that the status says something")
	return cmd
}

func (a *app) health(ctx context.Context, path, page string) error {
	holder := history.HolderOf(path)
	if holder.API == "" {
		return fmt.Errorf("no daemon holds %s", path)
	}
	return remoteLog{holder}.get(ctx, page, func(body io.Reader) error {
		_, err := io.Copy(a.stdout, io.LimitReader(body, 1<<10))
		return err
	})
}
