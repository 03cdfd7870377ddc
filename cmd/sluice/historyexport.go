package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/reconcile/bucket"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

func (a *app) historyExportCommand() *cobra.Command {
	var c common
	var out string
	var from uint64
	cmd := &cobra.Command{
		Use:   "export --out FILE|s3://BUCKET/KEY",
		Short: "Write the record as JSON lines that can be verified without it",
		Long: `Write the record as JSON lines, with the hashes of its chain, to a file or an
S3-compatible bucket. Nothing is overwritten. The next export goes on where this
one ended, with --from. A bucket's Region, endpoint and credentials are those of
the environment: AWS_REGION, AWS_ENDPOINT_URL_S3, AWS_PROFILE and so on.`,
		Example: `  sluice history export --out 2026.jsonl
  sluice history export --out 2027.jsonl --from 4711
  sluice history verify --file 2026.jsonl --file 2027.jsonl
  AWS_ENDPOINT_URL_S3=https://s3.example.com sluice history export --out s3://records/sluice/2026.jsonl`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return errors.New("--out says where to: a file that is not there yet, or s3://BUCKET/KEY")
			}
			path, err := c.recordFile(a.getenv)
			if err != nil {
				return err
			}
			return a.export(cmd.Context(), path, out, from)
		},
	}
	c.recordPath(cmd)
	cmd.Flags().StringVar(&out, "out", "", "a file that is not there yet, or s3://BUCKET/KEY")
	cmd.Flags().Uint64Var(&from, "from", 1, "the first record to write")
	return cmd
}

// export reads all before it writes anything: a slow bucket must not keep the
// daemon from its record.
func (a *app) export(ctx context.Context, path, out string, from uint64) error {
	log, end, err := openLog(ctx, path)
	if err != nil {
		return err
	}
	var data bytes.Buffer
	cp, err := log.Checkpoint(ctx)
	var span history.Span
	if err == nil {
		span, err = history.Export(&data, log.Records(ctx, from))
	}
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
		a.tellCut(cp)
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
		folder, name, _ = cutLast(out, "/")
	}
	archive, err := openArchive(ctx, folder)
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

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

func (a *app) historyVerifyCommand() *cobra.Command {
	var c common
	var files []string
	cmd := &cobra.Command{
		Use:   "verify [--file EXPORT]…",
		Short: "Check the hash chain of the record, or of exports without it",
		Long: `Check the hash chain of the record. With --file that of an export, without the
record; several are one chain and must be given in their order. What the last
line says is what to compare: the head, with the one that was printed or kept
elsewhere when the export was made.`,
		Example: `  sluice history verify
  sluice history verify --file 2026.jsonl --file 2027.jsonl`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(files) > 0 {
				return a.verifyExports(files)
			}
			path, err := c.recordFile(a.getenv)
			if err != nil {
				return err
			}
			return a.verify(cmd.Context(), path)
		},
	}
	c.recordPath(cmd)
	cmd.Flags().StringArrayVar(&files, "file", nil, "an export to check instead of the record; may repeat")
	return cmd
}

func (a *app) verifyExports(files []string) error {
	var all history.Span
	for _, name := range files {
		span, err := verifyExport(name)
		switch {
		case err != nil:
			return err
		case all.To > 0 && (span.From != all.To+1 || span.Before != all.Head):
			return fmt.Errorf("%s does not go on where the one before it ends: it begins with record %d behind %.12s…, and record %d behind %.12s… was to come",
				name, span.From, span.Before, all.To+1, all.Head)
		case all.To == 0:
			all = span
		}
		all.To, all.Head = span.To, span.Head
	}
	_, err := fmt.Fprintf(a.stdout, "records %d to %d, the chain is whole; head %s\n", all.From, all.To, all.Head)
	if err == nil && all.From > 1 {
		_, err = fmt.Fprintf(a.stdout, "it hangs on record %d, whose hash has to be %s\n", all.From-1, all.Before)
	}
	return err
}

func verifyExport(name string) (history.Span, error) {
	f, err := os.Open(name)
	if err != nil {
		return history.Span{}, err
	}
	defer f.Close()
	span, err := history.VerifyExport(history.ReadExport(name, f))
	if err == nil && span.From == 0 {
		err = errors.New("it holds no record")
	}
	if err != nil && !strings.HasPrefix(err.Error(), name) {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return span, err
}

// cutWords says where records are that are not there any more.
func cutWords(cp *history.Checkpoint) string {
	return fmt.Sprintf("records 1 to %d, until %s, were exported and cut off on %s; the last of them are in %s, and `cut` records, here and there, name where the others are",
		cp.Seq, cp.Last.UTC().Format(time.DateOnly), cp.Time.UTC().Format(time.DateOnly), cp.Exported)
}

// tellCut says so beside an answer that goes by what is left.
func (a *app) tellCut(cp *history.Checkpoint) {
	if cp != nil {
		fmt.Fprintln(a.stderr, "sluice:", printable(cutWords(cp)))
	}
}
