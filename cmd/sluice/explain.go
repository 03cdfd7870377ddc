package main

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

func (a *app) explainCommand() *cobra.Command {
	var c common
	cmd := &cobra.Command{
		Use:   "explain ADDRESS",
		Short: "Tell an address's story: who, which commit, which rule, which AWS request",
		Example: `  sluice explain 10.0.1.20
  sluice explain 10.0.1.20 -o json
  sluice explain 10.0.1.20 --file 2025.jsonl --file 2026.jsonl    of exports`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("explain which address? Name one, such as `sluice explain 10.0.1.20`")
			}
			return upToOne(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			addr, err := netip.ParseAddr(args[0])
			if err != nil {
				return fmt.Errorf("%q is no IP address such as 10.0.1.20", args[0])
			}
			return a.explain(cmd.Context(), c, addr)
		},
	}
	c.recordPath(cmd)
	c.exportFlag(cmd)
	c.outputFlag(cmd, "text", "json")
	return cmd
}

func (a *app) explain(ctx context.Context, c common, addr netip.Addr) error {
	logs, err := a.kept(ctx, c)
	if err != nil {
		return err
	}
	a.tellCuts(logs)
	var stories []history.Story
	for _, l := range logs {
		stories = append(stories, history.Explain(l.records, addr))
	}
	story := history.Together(stories...)
	if since := beginsAfter(logs); len(story.Events) == 0 && !since.IsZero() {
		return fmt.Errorf("the record says nothing of %s since %s; look for it in the exports, with --file", addr, since.UTC().Format(time.DateOnly))
	}
	if len(story.Events) == 0 {
		return fmt.Errorf("the record says nothing of %s; `sluice history` lists what it knows", addr)
	}
	if c.output == "json" {
		return render.ExplainJSON(a.stdout, story)
	}
	return render.New(a.stdout, a.getenv).Explain(story)
}

// beginsAfter is when the last record was written that is not there any more; zero when
// all are.
func beginsAfter(logs []kept) (last time.Time) {
	for _, k := range logs {
		if k.cut != nil && k.cut.Last.After(last) {
			last = k.cut.Last
		}
	}
	return last
}
