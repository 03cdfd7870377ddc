package history

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// batch is how many records are read in one transaction. Nothing is locked while
// the caller looks at them.
const batch = 256

// File is a [Store] in one bbolt file. It is safe for concurrent use.
type File struct {
	path     string
	db       *bbolt.DB
	file     *os.File // below db; for the case that db cannot be closed any more
	readOnly bool

	partRecords uint64 // see CutBefore; tests have smaller ones

	mu     sync.Mutex // guards what follows, and makes appends one by one
	broken error      // the effect of a write is unknown: no further one
	stuck  bool       // bbolt panicked inside a write, its locks may be held
	closed bool
}

// Open opens the history at path for appending and creates it, and the folders
// above it, when there is none. It takes the file's exclusive lock and says in a
// side file who the holder is. When another process has the lock, the error is a
// [*HeldError]; when the file is not a whole history, it is a [*CorruptError] and
// the file is left as it is.
func Open(path string, holder Holder) (*File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	fresh := false
	db, _, err := openChecked(path)
	switch {
	case err == nil:
		err = db.Close() // and again, for writing
	case errors.Is(err, ErrNoHistory) || errors.Is(err, errFresh):
		fresh, err = true, nil
	}
	if err != nil {
		return nil, openError(path, err)
	}
	db, file, err := openBolt(path, false)
	if err != nil {
		return nil, openError(path, err)
	}
	f := &File{path: path, db: db, file: file, partRecords: maxPartRecords}
	err = guard(path, func() error { return db.Update(func(tx *bbolt.Tx) error { return initialise(tx, path) }) })
	if err == nil && fresh {
		err = syncFolder(filepath.Dir(path))
	}
	if err == nil {
		err = writeHolder(path, holder)
	}
	if err != nil {
		db.Close()
		return nil, openError(path, err)
	}
	return f, nil
}

// OpenReadOnly opens the history at path for reading, when no writer has it open:
// then the error is a [*HeldError], whose holder may have an API to ask. It is
// [ErrNoHistory] when there is no file. A reader keeps writers out: close it soon.
func OpenReadOnly(path string) (*File, error) {
	db, file, err := openChecked(path)
	if err != nil {
		return nil, openError(path, err)
	}
	return &File{path: path, db: db, file: file, readOnly: true}, nil
}

// openError completes an error of opening with the path, once.
func openError(path string, err error) error {
	var corrupt *CorruptError
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return heldError(path)
	case errors.Is(err, errFresh):
		err = ErrNoHistory
	case errors.As(err, &corrupt):
		return err
	}
	return fmt.Errorf("history %s: %w", path, withAdvice(err))
}

// initialise makes the buckets in a file that has none.
func initialise(tx *bbolt.Tx, path string) error {
	if err := checkFormat(tx, path); !errors.Is(err, errFresh) {
		return err
	}
	meta, err := tx.CreateBucket(metaBucket)
	if err != nil {
		return err
	}
	if _, err := tx.CreateBucket(recordsBucket); err != nil {
		return err
	}
	if err := meta.Put(formatKey, []byte(format)); err != nil {
		return err
	}
	return writeHead(tx, Head{})
}

func writeHead(tx *bbolt.Tx, head Head) error {
	data, err := json.Marshal(head)
	if err != nil {
		return err
	}
	return tx.Bucket(metaBucket).Put(headKey, data)
}

// syncFolder makes a new file's name as durable as its content.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Head implements [Store].
func (f *File) Head(ctx context.Context) (head Head, err error) {
	if err := ctx.Err(); err != nil {
		return Head{}, err
	}
	err = f.view(func(tx *bbolt.Tx) (err error) {
		head, err = readHead(tx)
		return err
	})
	return head, err
}

// view runs a read transaction.
func (f *File) view(read func(*bbolt.Tx) error) error {
	f.mu.Lock()
	closed := f.closed
	f.mu.Unlock()
	if closed {
		return errClosed
	}
	err := guard(f.path, func() error { return f.db.View(read) })
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return errClosed
	}
	return err
}
