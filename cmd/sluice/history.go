package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// recordPath adds the flags that name the record: --config, or --history itself.
func (c *common) recordPath(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.config, "config", "", "the sluice.yaml that says where the record is")
	c.historyFlag(cmd)
}

// exportFlag lets exports be read in the record's place.
func (c *common) exportFlag(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&c.exports, "file", nil, "an export to read instead of the record; may repeat, in order")
}

// kept reads what the flags name: exports, each of which is verified first, or the record.
func (a *app) kept(ctx context.Context, c common) ([]kept, error) {
	if len(c.exports) == 0 {
		place, err := c.recordOf(ctx, a.getenv)
		if err != nil {
			return nil, err
		}
		return readRecord(ctx, place)
	}
	var k kept
	if _, err := joinExports(ctx, c.exports, func(r history.Record) { k.records = append(k.records, r) }); err != nil {
		return nil, err
	}
	return []kept{k}, nil
}

func (a *app) historyCommand() *cobra.Command {
	var c common
	var verify bool
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Print the record: commits, decisions, calls, answers",
		Long: `Print the record, the oldest first. Where it is in a table that replicas share
(history.dynamodb), each target has a log of its own: they are merged by time, and
each line names its log.`,
		Example: `  sluice history
  sluice history -o json | jq 'select(.kind == "outcome")'
  sluice history --verify`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if verify {
				return a.verifyWhat(cmd.Context(), c)
			}
			return a.printHistory(cmd.Context(), c)
		},
	}
	c.recordPath(cmd)
	c.exportFlag(cmd)
	c.outputFlag(cmd, "text", "json")
	cmd.AddCommand(a.historyExportCommand(), a.historyVerifyCommand())
	cmd.Flags().BoolVar(&verify, "verify", false, "check the hash chain instead of printing")
	return cmd
}

// printHistory prints the record; of one that is damaged what is before the damage, and
// then ends with that.
func (a *app) printHistory(ctx context.Context, c common) error {
	logs, err := a.kept(ctx, c)
	corrupt := (*history.CorruptError)(nil)
	if err != nil && !errors.As(err, &corrupt) {
		return err
	}
	list := merged(logs)
	if err != nil && len(list) == 0 {
		return err
	}
	if err != nil {
		err = fmt.Errorf("%w; what comes from there on is not shown: keep it for whoever looks into it, and restore a copy", err)
	}
	a.tellCuts(logs)
	if c.output == "json" {
		return errors.Join(render.HistoryJSON(a.stdout, list), err)
	}
	return errors.Join(render.New(a.stdout, a.getenv).History(list), err)
}

// verifyTable checks the chain of each target's log.
func (a *app) verifyTable(ctx context.Context, t config.DynamoDB) error {
	logs, err := openLogs(ctx, t)
	if err != nil {
		return err
	}
	var errs []error
	for _, l := range logs {
		report, err := history.Verify(ctx, l)
		if err == nil {
			err = a.sayWhole(l.target+": ", report)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// verify checks the chain, of the file or of what the daemon hands out.
func (a *app) verify(ctx context.Context, path string) error {
	report, err := verifyFile(ctx, path)
	var held *history.HeldError
	if errors.As(err, &held) && held.Holder.API != "" {
		report, err = history.VerifyLog(ctx, remoteLog{held.Holder}, history.Head{})
	}
	if err != nil {
		return err
	}
	return a.sayWhole("", report)
}

// sayWhole says what was verified; name is what each line begins with.
func (a *app) sayWhole(name string, report history.Report) (err error) {
	if cp := report.Cut; cp != nil {
		_, err = fmt.Fprintf(a.stdout, "%[1]srecords %d to %d, the chain is whole; head %s\n%[1]s%[5]s\n", name, cp.Seq+1, report.Records, report.Head, printable(cutWords(cp)))
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%s%d records, the chain is whole; head %s\n", name, report.Records, report.Head)
	return err
}

func verifyFile(ctx context.Context, path string) (history.Report, error) {
	file, err := history.OpenReadOnly(path)
	if err != nil {
		return history.Report{}, err
	}
	report, err := history.Verify(ctx, file)
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return report, errors.Join(err, file.Close())
}
