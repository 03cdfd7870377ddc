package history

import (
	"context"
	"errors"
	"fmt"
	"os"

	"go.etcd.io/bbolt"
)

// Append implements [Store]. After an error nothing was added, save when the
// error says that the effect is unknown: then every later append fails too, and
// the file has to be opened again.
func (f *File) Append(ctx context.Context, records ...Record) ([]Record, error) {
	return f.update(ctx, func(tx *bbolt.Tx, head Head) ([]Record, error) {
		if len(records) == 0 {
			return nil, nil
		}
		return appendTo(tx, head, records)
	})
}

// update runs a write transaction that adds records behind the head.
func (f *File) update(ctx context.Context, write func(tx *bbolt.Tx, head Head) ([]Record, error)) ([]Record, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.closed:
		return nil, errClosed
	case f.readOnly:
		return nil, fmt.Errorf("history %s is open for reading only", f.path)
	case f.broken != nil:
		return nil, f.broken
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	var before Head
	var sealed []Record
	finished := false
	err := guard(f.path, func() error {
		return f.db.Update(func(tx *bbolt.Tx) (err error) {
			if before, err = readHead(tx); err != nil {
				return err
			}
			sealed, err = write(tx, before)
			finished = err == nil
			return err
		})
	})
	if err == nil {
		return sealed, nil
	}
	return nil, f.failed(err, before, finished)
}

// appendTo puts records behind the head in a write transaction.
func appendTo(tx *bbolt.Tx, head Head, records []Record) ([]Record, error) {
	bucket := tx.Bucket(recordsBucket)
	bucket.FillPercent = 1 // nothing is ever put between
	sealed := make([]Record, 0, len(records))
	for _, r := range records {
		r, data, err := seal(r, head.Seq+1, head.Hash)
		if err != nil {
			return nil, err
		}
		if err := bucket.Put(seqKey(r.Seq), data); err != nil {
			return nil, err
		}
		head = Head{Seq: r.Seq, Hash: r.Hash}
		sealed = append(sealed, r)
	}
	return sealed, writeHead(tx, head)
}

// failed decides whether the file can be written to after an error. A failed
// write to pages is harmless: bbolt writes where nothing is in use, and they count
// only once the meta page names them. But when the meta page has been written and
// not synced, nobody knows what the disk holds.
func (f *File) failed(err error, before Head, committing bool) error {
	var corrupt *CorruptError
	if errors.As(err, &corrupt) {
		f.broken, f.stuck = err, true
		return err
	}
	if !committing {
		return fmt.Errorf("history %s: %w", f.path, withAdvice(err))
	}
	var after Head
	readErr := guard(f.path, func() error {
		return f.db.View(func(tx *bbolt.Tx) (err error) {
			after, err = readHead(tx)
			return err
		})
	})
	if readErr == nil && after == before {
		return fmt.Errorf("history %s cannot be written, nothing was recorded: %w", f.path, withAdvice(err))
	}
	f.broken = fmt.Errorf("history %s: the effect of a failed write is unknown, start again: %w", f.path, err)
	return f.broken
}

// Close gives the lock back and removes the side file. It may be called twice.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	f.closed = true
	if !f.readOnly {
		os.Remove(f.path + holderSuffix) // before the lock is free: later it could be the next holder's
	}
	if f.stuck {
		return f.file.Close() // db.Close could wait for ever
	}
	return guard(f.path, f.db.Close)
}
