package history

import (
	"context"
	"fmt"
)

// Report is what was found in a log that is whole; with an error, how far it is.
type Report struct {
	Records uint64 `json:"records"`
	Head    string `json:"head"` // the last record's hash

	Cut *Checkpoint `json:"cut,omitempty"` // without its ledger; nil when all records are there
}

// Verify walks the chain from the first record, or the checkpoint before it, to the head. It returns a
// [*CorruptError] that names the first record that is wrong and how. Records that
// are appended meanwhile are welcome.
func Verify(ctx context.Context, s Store) (Report, error) {
	head, err := s.Head(ctx)
	if err != nil {
		return Report{}, err
	}
	report, err := VerifyLog(ctx, s, head)
	last := Head{report.Records, report.Head}
	if err != nil {
		return report, err
	}
	if last.Seq < head.Seq {
		return report, &CorruptError{Seq: last.Seq + 1, Reason: fmt.Sprintf("it is missing: the log ends before its head, record %d", head.Seq)}
	}
	if last.Seq == head.Seq {
		return report, nil
	}
	// More records than the head counted: appended since, or put in by hand.
	if head, err = s.Head(ctx); err != nil {
		return report, err
	}
	if head.Seq < last.Seq {
		return report, &CorruptError{Seq: head.Seq + 1, Reason: "it comes after the head entry"}
	}
	return report, nil
}

// VerifyAfter goes on where an earlier walk ended: records are those after last.
// It returns the last good one.
func VerifyAfter(last Head, records Records) (Head, error) {
	return walk(records, last, Head{}, nil)
}

// VerifyLog walks a chain that came from elsewhere, for example from the API of the
// process that holds the file. Where the head is not known (zero), a tail that was cut
// off is not missed: compare the report's.
func VerifyLog(ctx context.Context, log Log, head Head) (report Report, err error) {
	err = FromBeginning(ctx, log, func(cp *Checkpoint) error {
		report, err = verifyBehind(ctx, log, cp, head)
		return err
	})
	return report, err
}

// verifyBehind walks what comes after a checkpoint, or the whole log where that is nil.
func verifyBehind(ctx context.Context, log Log, cp *Checkpoint, head Head) (Report, error) {
	last := Head{}
	if cp != nil {
		last = cp.Head
	}
	last, err := walk(log.Records(ctx, last.Seq+1), last, head, cp)
	report := Report{Records: last.Seq, Head: last.Hash}
	if cp != nil {
		if err == nil {
			err = tellsOfCut(last, cp)
		}
		shown := *cp
		shown.Ledger, report.Cut = nil, &shown
	}
	return report, err
}

// Whole yields the records behind a checkpoint, all of a log where that is nil, as far as each
// hangs on the one before it. The first that does not is a [*CorruptError], and the last
// that is yielded.
func Whole(ctx context.Context, log Log, cp *Checkpoint) Records {
	return func(yield func(Record, error) bool) {
		begin, enough := Head{}, false
		if cp != nil {
			begin = cp.Head
		}
		last, err := walk(func(check func(Record, error) bool) {
			for r, err := range log.Records(ctx, begin.Seq+1) {
				if !check(r, err) || err != nil {
					return
				}
				if enough = !yield(r, nil); enough {
					return
				}
			}
		}, begin, Head{}, cp)
		if enough {
			return
		}
		if err == nil {
			err = tellsOfCut(last, cp)
		}
		if err != nil {
			yield(Record{}, err)
		}
	}
}

// tellsOfCut is an error where a log ends at last before the record of its checkpoint.
func tellsOfCut(last Head, cp *Checkpoint) error {
	if cp != nil && last.Seq < cp.Record {
		return &CorruptError{Seq: cp.Record, Reason: "it is missing: the log ends before the record that tells of its checkpoint"}
	}
	return nil
}

// walk checks each record against the one before, and those that the head entry
// and the checkpoint name against these. It returns the last good record.
func walk(records Records, last, head Head, cp *Checkpoint) (Head, error) {
	epoch := uint64(0)
	for r, err := range records {
		if err != nil {
			return last, err
		}
		reason := follows(r, last)
		if reason == "" {
			reason = rises(r, &epoch)
		}
		if reason == "" && r.Seq == head.Seq && r.Hash != head.Hash {
			reason = "its hash is not the one that the head entry holds"
		}
		if reason == "" && cp != nil && r.Seq == cp.Record {
			reason = cp.matches(r)
		}
		if reason != "" {
			return last, &CorruptError{Seq: last.Seq + 1, Reason: reason}
		}
		last = Head{Seq: r.Seq, Hash: r.Hash}
	}
	return last, nil
}

// rises says why r cannot stand behind a record of an epoch, or "".
func rises(r Record, epoch *uint64) string {
	if r.Epoch < *epoch {
		return fmt.Sprintf("it was written in epoch %d, after epoch %d had begun: by a replica that had lost its lease", r.Epoch, *epoch)
	}
	*epoch = r.Epoch
	return ""
}

// follows says why r cannot be the next record after last, or "".
func follows(r Record, last Head) string {
	if r.Seq > last.Seq+1 {
		return fmt.Sprintf("it is missing: record %d comes next", r.Seq)
	}
	if r.Seq != last.Seq+1 {
		return fmt.Sprintf("record %d stands in its place", r.Seq)
	}
	if r.Prev != last.Hash {
		return "it does not carry the hash of the record before"
	}
	want, err := hash(r)
	if err != nil || want != r.Hash {
		return "it has been changed: its hash does not match"
	}
	return ""
}
