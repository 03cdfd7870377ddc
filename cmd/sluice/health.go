package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

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
			page := "/healthz"
			if ready {
				page = "/readyz"
			}
			holder, err := c.daemonHere(cmd.Context(), a.getenv)
			if err != nil {
				return err
			}
			return a.health(cmd.Context(), holder, page)
		},
	}
	c.recordPath(cmd)
	cmd.Flags().BoolVar(&ready, "ready", false, "ask whether a turn has ended, so that the status says something")
	return cmd
}

// daemonHere is the daemon on this machine: the one that holds the record's file, or, with
// a record in a table, which replicas share, the one that listens where the configuration
// says.
func (c *common) daemonHere(ctx context.Context, getenv func(string) string) (history.Holder, error) {
	place, err := c.recordOf(ctx, getenv)
	if err != nil {
		return history.Holder{}, err
	}
	if place.DynamoDB == nil {
		holder := history.HolderOf(place.File)
		if holder.API == "" {
			return holder, fmt.Errorf("no daemon holds %s", place.File)
		}
		return holder, nil
	}
	cfg, err := c.settings(ctx, getenv)
	if err != nil {
		return history.Holder{}, err
	}
	host, port, err := net.SplitHostPort(cfg.Listen)
	switch {
	case err != nil:
		return history.Holder{}, err
	case cfg.Web.TLS != nil:
		return history.Holder{}, errors.New("with history.dynamodb and web.tls, ask the daemon's /healthz by the name in its certificate")
	case host == "" || host == "0.0.0.0" || host == "::":
		host = "127.0.0.1"
	}
	return history.Holder{API: "http://" + net.JoinHostPort(host, port)}, nil
}

func (a *app) health(ctx context.Context, holder history.Holder, page string) error {
	return remoteLog{holder}.get(ctx, page, func(body io.Reader) error {
		_, err := io.Copy(a.stdout, io.LimitReader(body, 1<<10))
		return err
	})
}
