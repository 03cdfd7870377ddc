package history

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// lockTimeout is how long to wait for the file's lock: long enough for a reader
// that is just ending, short enough for a person.
const lockTimeout = 300 * time.Millisecond

// The versions of what is in the buckets. A log whose beginning was cut off has one
// of its own: a sluice that knows no checkpoints would forget what they hold.
const (
	format    = "1"
	formatCut = "2"
)

var (
	metaBucket    = []byte("meta")    // format, head; checkpoint and ledger, where something was cut off
	recordsBucket = []byte("records") // 8 bytes of seq, big endian -> JSON
	formatKey     = []byte("format")
	headKey       = []byte("head")
	checkpointKey = []byte("checkpoint")
	ledgerKey     = []byte("ledger")
)

// errFresh is a file that has been created, and nothing more.
var errFresh = errors.New("it is empty")

// guard runs f and turns a panic of bbolt, or a fault in the file that it has
// mapped into memory, into an error. It must not run code of the caller.
func guard(path string, f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // of this goroutine only
	defer func() {
		if p := recover(); p != nil {
			err = &CorruptError{Path: path, Reason: fmt.Sprintf("it is damaged: %v", p)}
		}
	}()
	return f()
}

// openBolt opens the database. The second result is the file below it.
func openBolt(path string, readOnly bool) (db *bbolt.DB, file *os.File, err error) {
	options := &bbolt.Options{
		Timeout:  lockTimeout,
		ReadOnly: readOnly,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			var err error
			file, err = os.OpenFile(name, flag, mode)
			return file, err
		},
	}
	err = guard(path, func() (err error) {
		db, err = bbolt.Open(path, 0o600, options)
		return err
	})
	if err != nil && file != nil {
		file.Close() // after a panic nobody else would, and the lock would stay
	}
	return db, file, err
}

// openChecked opens an existing file for reading after it has been looked over.
// It returns [ErrNoHistory] when there is none, errFresh when it is still empty,
// and bbolt's ErrTimeout when another process is writing.
func openChecked(path string) (*bbolt.DB, *os.File, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, ErrNoHistory
	case err != nil:
		return nil, nil, err
	case !info.Mode().IsRegular():
		return nil, nil, &CorruptError{Path: path, Reason: "it is not a regular file"}
	case info.Size() == 0:
		return nil, nil, errFresh
	}
	if _, err := checkMeta(path); err != nil {
		return nil, nil, err
	}
	db, file, err := openBolt(path, true)
	if err != nil {
		return nil, nil, err
	}
	// Now that nobody writes, look at everything.
	meta, err := checkMeta(path)
	if err == nil {
		if err = checkPages(file, meta); err != nil {
			err = &CorruptError{Path: path, Reason: err.Error()}
		}
	}
	if err == nil {
		err = guard(path, func() error { return db.View(func(tx *bbolt.Tx) error { return checkFormat(tx, path) }) })
	}
	if err != nil {
		db.Close()
		return nil, nil, err
	}
	return db, file, nil
}

func checkMeta(path string) (boltMeta, error) {
	f, err := os.Open(path)
	if err != nil {
		return boltMeta{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return boltMeta{}, err
	}
	meta, err := readMeta(f, info.Size())
	if err != nil {
		return boltMeta{}, &CorruptError{Path: path, Reason: err.Error()}
	}
	return meta, nil
}

// checkFormat sees that the buckets are ours and that the head entry fits the
// last record.
func checkFormat(tx *bbolt.Tx, path string) error {
	meta, records := tx.Bucket(metaBucket), tx.Bucket(recordsBucket)
	if meta == nil || records == nil {
		if name, _ := tx.Cursor().First(); name == nil {
			return errFresh
		}
		return &CorruptError{Path: path, Reason: "it is the bbolt database of another program"}
	}
	if got := string(meta.Get(formatKey)); got != format && got != formatCut {
		return &CorruptError{Path: path, Reason: fmt.Sprintf("its format is %.20q and this sluice reads %q and %q: use the sluice that wrote it", got, format, formatCut)}
	}
	head, err := readHead(tx)
	if err != nil {
		return &CorruptError{Path: path, Reason: err.Error()}
	}
	if err := checkCheckpoint(tx); err != nil {
		return &CorruptError{Path: path, Reason: err.Error()}
	}
	key, data := records.Cursor().Last()
	if key == nil && head == (Head{}) {
		return nil
	}
	last, err := decode(data)
	if err != nil || len(key) != 8 || binary.BigEndian.Uint64(key) != last.Seq || head != (Head{last.Seq, last.Hash}) {
		return &CorruptError{Path: path, Seq: max(head.Seq, 1), Reason: "the head entry names it as the last, and the log ends otherwise"}
	}
	return nil
}

func readHead(tx *bbolt.Tx) (Head, error) {
	var head Head
	if err := json.Unmarshal(tx.Bucket(metaBucket).Get(headKey), &head); err != nil {
		return Head{}, fmt.Errorf("its head entry cannot be read: %w", err)
	}
	return head, nil
}

// heldError explains why the lock could not be had.
func heldError(path string) error {
	// A writer keeps readers out. Where a reader gets in, the holder is no writer,
	// and a side file would be one that a killed writer left behind.
	db, _, err := openBolt(path, true)
	if err == nil {
		db.Close()
	}
	if errors.Is(err, bolterrors.ErrTimeout) {
		return &HeldError{Path: path, Holder: readHolder(path)}
	}
	return &HeldError{Path: path}
}
