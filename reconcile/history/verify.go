package history

import (
	"context"
	"fmt"
	"iter"
)

// Report is what was found in a log that is whole; with an error, how far it is.
type Report struct {
	Records uint64 `json:"records"`
	Head    string `json:"head"` // the last record's hash
}

// Verify walks the chain from the first record to the head. It returns a
// [*CorruptError] that names the first record that is wrong and how. Records that
// are appended meanwhile are welcome.
func Verify(ctx context.Context, s Store) (Report, error) {
	head, err := s.Head(ctx)
	if err != nil {
		return Report{}, err
	}
	last, err := walk(s.Records(ctx, 0), Head{}, head)
	report := Report{Records: last.Seq, Head: last.Hash}
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

// VerifyRecords walks a chain that came from elsewhere, for example from the API
// of the process that holds the file. It begins at record 1. Without a head entry
// a tail that was cut off is not missed: compare the report's head.
func VerifyRecords(records iter.Seq2[Record, error]) (Report, error) {
	last, err := walk(records, Head{}, Head{})
	return Report{Records: last.Seq, Head: last.Hash}, err
}

// VerifyAfter goes on where an earlier walk ended: records are those after last.
// It returns the last good one.
func VerifyAfter(last Head, records iter.Seq2[Record, error]) (Head, error) {
	return walk(records, last, Head{})
}

// walk checks each record against the one before, and the one that the head entry
// names against it. It returns the last good record.
func walk(records iter.Seq2[Record, error], last, head Head) (_ Head, err error) {
	for r, err := range records {
		if err != nil {
			return last, err
		}
		if reason := follows(r, last); reason != "" {
			return last, &CorruptError{Seq: last.Seq + 1, Reason: reason}
		}
		if r.Seq == head.Seq && r.Hash != head.Hash {
			return last, &CorruptError{Seq: r.Seq, Reason: "its hash is not the one that the head entry holds"}
		}
		last = Head{Seq: r.Seq, Hash: r.Hash}
	}
	return last, nil
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
