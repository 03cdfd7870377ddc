package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

func (a *app) historyVerifyCommand() *cobra.Command {
	var c common
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
			return a.verifyWhat(cmd.Context(), c)
		},
	}
	c.recordPath(cmd)
	c.exportFlag(cmd)
	return cmd
}

// verifyWhat checks what the flags name: exports, or the record.
func (a *app) verifyWhat(ctx context.Context, c common) error {
	if len(c.exports) > 0 {
		return a.verifyExports(ctx, c.exports)
	}
	place, err := c.recordOf(ctx, a.getenv)
	if err != nil {
		return err
	}
	if place.DynamoDB != nil {
		return a.verifyTable(ctx, *place.DynamoDB)
	}
	return a.verify(ctx, place.File)
}

func (a *app) verifyExports(ctx context.Context, files []string) error {
	all, err := joinExports(ctx, files, func(history.Record) {})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "records %d to %d, the chain is whole; head %s\n", all.From, all.To, all.Head)
	if err == nil && all.From > 1 {
		_, err = fmt.Fprintf(a.stdout, "it hangs on record %d, whose hash has to be %s\n", all.From-1, all.Before)
	}
	return err
}

// joinExports verifies exports, and that each goes on where the one before it ends. It
// gives each record to each.
func joinExports(ctx context.Context, files []string, each func(history.Record)) (all history.Span, err error) {
	for _, name := range files {
		span, err := verifyExport(ctx, name, each)
		switch {
		case err != nil:
			return all, err
		case all.To > 0 && (span.From != all.To+1 || span.Before != all.Head):
			return all, fmt.Errorf("%s does not go on where the one before it ends: it begins with record %d behind %.12s…, and record %d behind %.12s… was to come",
				name, span.From, span.Before, all.To+1, all.Head)
		case all.To == 0:
			all = span
		}
		all.To, all.Head = span.To, span.Head
	}
	return all, nil
}

// verifyExport reads an export once, since it may be a pipe, and gives each record to each.
func verifyExport(ctx context.Context, name string, each func(history.Record)) (history.Span, error) {
	f, err := openInput(ctx, name)
	if err != nil {
		return history.Span{}, endedReading(ctx, name, err)
	}
	defer f.Close()
	span, err := history.VerifyExport(func(yield func(history.Record, error) bool) {
		for r, err := range history.ReadExport(name, f) {
			if err == nil {
				each(r)
			}
			if !yield(r, err) {
				return
			}
		}
	})
	err = endedReading(ctx, name, err)
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

// tellCut says so beside an answer that goes by what is left. A table's log is named.
func (a *app) tellCut(target string, cp *history.Checkpoint) {
	if cp == nil {
		return
	}
	if target != "" {
		target += ": "
	}
	fmt.Fprintln(a.stderr, "sluice:", printable(target+cutWords(cp)))
}

// tellCuts says it of each log.
func (a *app) tellCuts(logs []kept) {
	for _, k := range logs {
		a.tellCut(k.target, k.cut)
	}
}
