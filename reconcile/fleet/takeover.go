package fleet

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-6ca89210/sluice/reconcile/history"
	"github.com/seed-6ca89210/sluice/reconcile/lease"
)

// takeOver reads a target's log, and makes it this lease's own. Most of it is read
// before: a log that is not whole gets no record of a new holder.
func (f *Fleet) takeOver(ctx context.Context, h *lease.Held) (history.Store, *history.Ledger, error) {
	ledger, before := history.NewLedger(), h.Before()
	known := history.Head{Seq: before.HeadSeq, Hash: before.HeadHash}
	last, err := follow(ctx, f.cfg.Read(h.Target()), history.Head{}, known, ledger)
	if err != nil {
		return nil, nil, fmt.Errorf("the log cannot be read: %w", err)
	}
	if last.Seq < known.Seq {
		return nil, nil, &history.CorruptError{Seq: last.Seq + 1, Reason: fmt.Sprintf("it is missing: the holder before wrote up to record %d", known.Seq)}
	}
	store, err := f.cfg.Write(ctx, h.Target(), h)
	if err != nil {
		return nil, nil, fmt.Errorf("the log cannot be taken over: %w", err)
	}
	if _, err = follow(ctx, store, last, known, ledger); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("the log cannot be read: %w", err), store.Close())
	}
	return store, ledger, nil
}

// follow adds what comes after last to a ledger, as far as it hangs on it and has the
// record that is known, and returns the end. Where that is cut off, the ledger becomes
// what the checkpoint in its place says.
func follow(ctx context.Context, log history.Log, last, known history.Head, ledger *history.Ledger) (history.Head, error) {
	err := history.FromBeginning(ctx, log, func(cp *history.Checkpoint) (err error) {
		if cp != nil && cp.Seq > last.Seq {
			if err := begin(cp, known, ledger); err != nil {
				return err
			}
			last = cp.Head
		}
		last, err = history.VerifyAfter(last, func(yield func(history.Record, error) bool) {
			for r, err := range log.Records(ctx, last.Seq+1) {
				switch {
				case err == nil && r.Seq == known.Seq && r.Hash != known.Hash:
					err = notKnown(r.Seq)
				case err == nil && cp != nil && r.Seq == cp.Record && !cp.ToldBy(r):
					err = &history.CorruptError{Seq: r.Seq, Reason: "it does not tell of the checkpoint that the log begins with"}
				}
				if !yield(r, err) {
					return
				}
				ledger.Add(r) // whoever takes these has found it whole
			}
		})
		if err == nil && cp != nil && last.Seq < cp.Record {
			err = &history.CorruptError{Seq: cp.Record, Reason: "it is missing: the log ends before the record that tells of its checkpoint"}
		}
		return err
	})
	return last, err
}

// begin makes a ledger what a checkpoint says.
func begin(cp *history.Checkpoint, known history.Head, ledger *history.Ledger) error {
	if cp.Seq == known.Seq && cp.Hash != known.Hash {
		return notKnown(cp.Seq)
	}
	return cp.Restore(ledger)
}

func notKnown(seq uint64) error {
	return &history.CorruptError{Seq: seq, Reason: "it is not the one that the holder before wrote"}
}
