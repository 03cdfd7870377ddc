package history

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"
)

// Records are records in their order, and the error that ended them.
type Records = iter.Seq2[Record, error]

// Span is a piece of the chain: what was found in an export.
type Span struct {
	From   uint64 `json:"from"` // both numbers are 0 when there is no record
	To     uint64 `json:"to"`
	Before string `json:"before,omitempty"` // the hash that the piece hangs on; empty when From is 1
	Head   string `json:"head"`             // the hash that the next piece has to hang on
}

// Export writes records as JSON lines, byte for byte as the log keeps them, and
// says which. A chain that is not whole ends it with an error.
func Export(w io.Writer, records Records) (Span, error) {
	out := bufio.NewWriter(w)
	span, err := verifySpan(records, func(r Record) error {
		data, err := json.Marshal(r)
		if err != nil {
			return err
		}
		_, err = out.Write(append(data, '\n'))
		return err
	})
	if err == nil {
		err = out.Flush()
	}
	return span, err
}

// ReadExport yields what [Export] wrote. name is for errors, with the line.
func ReadExport(name string, r io.Reader) Records {
	return func(yield func(Record, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, maxRecord+1)
		for n := 1; lines.Scan(); n++ {
			rec, err := decode(lines.Bytes())
			if err != nil {
				err = fmt.Errorf("%s:%d: %w", name, n, err)
			}
			if !yield(rec, err) || err != nil {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(Record{}, fmt.Errorf("%s: %w", name, err))
		}
	}
}

// VerifyExport walks a piece of the chain, which may begin anywhere. That nothing
// is missing before and behind it show [Span.Before] and [Span.Head].
func VerifyExport(records Records) (Span, error) {
	return verifySpan(records, func(Record) error { return nil })
}

func verifySpan(records Records, each func(Record) error) (span Span, err error) {
	epoch := uint64(0)
	for r, err := range records {
		if err != nil {
			return span, err
		}
		if span.From == 0 && r.Seq > 0 {
			span = Span{From: r.Seq, To: r.Seq - 1, Before: r.Prev, Head: r.Prev}
			if r.Seq == 1 {
				span.Before, span.Head = "", "" // so that a first record with one before it is found
			}
		}
		reason := follows(r, Head{span.To, span.Head})
		if reason == "" {
			reason = rises(r, &epoch)
		}
		if reason != "" {
			return span, &CorruptError{Seq: span.To + 1, Reason: reason}
		}
		span.To, span.Head = r.Seq, r.Hash
		if err := each(r); err != nil {
			return span, err
		}
	}
	return span, nil
}
