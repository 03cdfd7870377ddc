package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/reconcile/bucket"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

func (a *app) historyExportCommand() *cobra.Command {
	var c common
	var out string
	var from uint64
	var target string
	cmd := &cobra.Command{
		Use:   "export --out FILE|s3://BUCKET/KEY",
		Short: "Write the record as JSON lines that can be verified without it",
		Long: `Write the record as JSON lines, with the hashes of its chain, to a file or an
S3-compatible bucket. Nothing is overwritten. The next export goes on where this
one ended, with --from. A bucket's Region, endpoint and credentials are those of
the environment: AWS_REGION, AWS_ENDPOINT_URL_S3, AWS_PROFILE and so on.

Where the record is in a table that replicas share (history.dynamodb), each target has
a chain of its own, and --target names the one that is written.`,
		Example: `  sluice history export --out 2026.jsonl
  sluice history export --out 2027.jsonl --from 4711
  sluice history verify --file 2026.jsonl --file 2027.jsonl
  sluice history export --config sluice.yaml --target prod --out prod-2026.jsonl
  AWS_ENDPOINT_URL_S3=https://s3.example.com sluice history export --out s3://records/sluice/2026.jsonl`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return errors.New("--out says where to: a file that is not there yet, or s3://BUCKET/KEY")
			}
			place, err := c.recordOf(cmd.Context(), a.getenv)
			if err != nil {
				return err
			}
			if place.DynamoDB != nil {
				return a.exportTable(cmd.Context(), *place.DynamoDB, target, out, from)
			}
			if target != "" {
				return errors.New("--target is for a record in history.dynamodb, where each target has a log of its own")
			}
			return a.export(cmd.Context(), place.File, out, from)
		},
	}
	c.recordPath(cmd)
	cmd.Flags().StringVar(&out, "out", "", "a file that is not there yet, or s3://BUCKET/KEY")
	cmd.Flags().StringVar(&target, "target", "", "of a record in history.dynamodb: the target whose log is written")
	cmd.Flags().Uint64Var(&from, "from", 1, "the first record to write")
	return cmd
}

// export reads all before it writes anything: a slow bucket must not keep the
// daemon from its record.
func (a *app) export(ctx context.Context, file, out string, from uint64) error {
	log, end, err := openLog(ctx, file)
	if err != nil {
		return err
	}
	return a.exportLog(ctx, log, end, out, from)
}

// exportTable writes the log of one target.
func (a *app) exportTable(ctx context.Context, t config.DynamoDB, target, out string, from uint64) error {
	logs, err := openLogs(ctx, t)
	if err != nil {
		return err
	}
	var names []string
	for _, l := range logs {
		if l.target == target || target == "" && len(logs) == 1 {
			return a.exportLog(ctx, l, l.Close, out, from)
		}
		names = append(names, l.target)
	}
	if target == "" {
		return fmt.Errorf("each target has a log of its own in DynamoDB table %s: name one with --target: %s", t.Table, strings.Join(names, ", "))
	}
	return fmt.Errorf("--target: DynamoDB table %s has no log of %q; it has those of %s", t.Table, target, strings.Join(names, ", "))
}

// exportLog writes what it has read, and ends the reading, before that.
func (a *app) exportLog(ctx context.Context, log history.Log, end func() error, out string, from uint64) error {
	var data bytes.Buffer
	var cut *history.Checkpoint
	var span history.Span
	err := history.FromBeginning(ctx, log, func(cp *history.Checkpoint) (err error) {
		data.Reset()
		cut = cp
		span, err = history.Export(&data, history.Behind(ctx, log, cp, from))
		return err
	})
	if err := errors.Join(err, end()); err != nil {
		return err
	}
	if span.From == 0 {
		return fmt.Errorf("there is no record %d yet; nothing was written", from)
	}
	if err := a.keep(ctx, out, data.Bytes(), span); err != nil {
		return err
	}
	if from <= 1 {
		a.tellCut("", cut)
	}
	_, err = fmt.Fprintf(a.stdout, "records %d to %d are in %s; head %s\nthe next export begins with --from %d\n", span.From, span.To, out, span.Head, span.To+1)
	return err
}

// keep writes an export, reads it back and verifies it.
func (a *app) keep(ctx context.Context, out string, data []byte, span history.Span) error {
	folder, name := filepath.Dir(out), filepath.Base(out)
	if strings.HasPrefix(out, "s3://") {
		p, err := bucket.Parse(out)
		if err != nil {
			return err
		}
		if p.Key == "" {
			return fmt.Errorf("--out %s names a bucket; write the object's name behind it, such as %ssluice.jsonl", out, p)
		}
		name = path.Base(p.Key)
		folder = strings.TrimSuffix(p.String(), "/"+name)
	}
	archive, err := openArchive(ctx, folder, new(exportFolders))
	if err != nil {
		return err
	}
	where, err := archive.Put(ctx, name, data)
	if err != nil {
		return err
	}
	there, err := archive.Get(ctx, name)
	if err != nil {
		return err
	}
	got, err := history.VerifyExport(history.ReadExport(where, bytes.NewReader(there)))
	if err == nil && got != span {
		err = fmt.Errorf("%s does not hold what was written there", where)
	}
	return err
}
