package history

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Store is a place for the log. [File] is the one for a single replica.
type Store interface {
	Log

	// Append adds all records or none, and returns when they are on the disk. It
	// gives each its Seq, Prev and Hash and returns them as they will be read.
	Append(ctx context.Context, records ...Record) ([]Record, error)

	// Head returns the number and hash of the last record.
	Head(ctx context.Context) (Head, error)

	Close() error
}

// Cutter is a store whose beginning can be cut off.
type Cutter interface {
	// CutBefore exports the records before a time, part by part, verifies each export,
	// and only then cuts it off; see [Cutting]. It returns what it cut, with an error
	// too; that is an [ErrNotWritten] where the archive had its part and the log could
	// not take the record of the cut. now is when.
	CutBefore(ctx context.Context, before, now time.Time, archive Archive) ([]Cut, error)
}

// Head is the end of the log: zero when the log is empty.
type Head struct {
	Seq  uint64 `json:"seq"`
	Hash string `json:"hash"`
}

// ErrNoHistory means that there is no file yet.
var ErrNoHistory = errors.New("nothing has been recorded yet")

// ErrNotWritten is a record of a cut that its log may not have.
var ErrNotWritten = errors.New("the log cannot be written")

var errClosed = errors.New("the history is closed")

// CorruptError is a log that is not as it was written.
type CorruptError struct {
	Path   string // empty when the store is no file
	Seq    uint64 // the first record that is wrong; 0 when it is the file as a whole
	Reason string
}

// Error names the record or the file, and what is wrong with it.
func (e *CorruptError) Error() string {
	what := "history"
	if e.Path != "" {
		what += " " + e.Path
	}
	if e.Seq > 0 {
		return fmt.Sprintf("%s: record %d is wrong: %s", what, e.Seq, e.Reason)
	}
	return fmt.Sprintf("%s cannot be used: %s", what, e.Reason)
}
