package history

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// Checkpoint stands in the place of records that were cut off the beginning of a
// log, after they had been exported. The log goes on behind it with the next number
// and with the hash that it holds. A record of kind cut, further on in the chain,
// holds the checkpoint's own hash.
type Checkpoint struct {
	Head                 // the last record that is gone
	Last       time.Time `json:"last"`       // when that was written
	Time       time.Time `json:"time"`       // of the cut
	Exported   string    `json:"exported"`   // where the last part of it went; records of kind cut, in the log and in the exports, name all others
	Record     uint64    `json:"record"`     // the number of the record that tells of the cut
	LedgerHash string    `json:"ledgerHash"` // hex SHA-256 of Ledger

	// Ledger is what all records up to here fold to, as JSON of a [Ledger].
	Ledger json.RawMessage `json:"ledger,omitempty"`
}

// Cut is what a record of kind cut tells.
type Cut struct {
	From       uint64 `json:"from"`
	To         uint64 `json:"to"`
	Hash       string `json:"hash"`       // of record To
	Exported   string `json:"exported"`   // where records From to To are now
	Checkpoint string `json:"checkpoint"` // hex SHA-256 of the checkpoint, which holds that of the ledger
}

// Log is the part of a [Store] that can be read, wherever it is kept.
type Log interface {
	// Checkpoint returns what stands before the first record: nil when nothing was cut.
	Checkpoint(ctx context.Context) (*Checkpoint, error)

	// Records yields the records from a number on (0 and 1 are the first that is there),
	// in order. After an error it yields nothing more; for a record that was cut off,
	// that is a [*CutError].
	Records(ctx context.Context, from uint64) Records
}

// CutError is a record that is not in the log any more.
type CutError struct {
	Seq uint64
	Checkpoint
}

// Error says where the record went.
func (e *CutError) Error() string {
	return fmt.Sprintf("record %d was cut off on %s, after an export: records up to %d are in %s, and in the exports that other cut records name",
		e.Seq, e.Time.UTC().Format(time.DateOnly), e.Checkpoint.Seq, e.Exported)
}

// FromBeginning calls read with what stands before the log's first record, and once more
// whenever the log was cut while it read: what it has read is void then.
func FromBeginning(ctx context.Context, log Log, read func(cp *Checkpoint) error) error {
	cp, err := log.Checkpoint(ctx)
	for err == nil {
		if err = read(cp); err == nil {
			return nil
		}
		now, e := log.Checkpoint(ctx)
		if e != nil || now == nil || cp != nil && now.Seq <= cp.Seq {
			return err
		}
		cp, err = now, nil
	}
	return err
}

// Behind yields a log's records from a number on: 0 and 1 are all that come behind cp, which
// is what the caller found before the first one, and nil where that was nothing. It is an
// error when they begin later: the log was cut since (see [FromBeginning]), or is damaged.
func Behind(ctx context.Context, log Log, cp *Checkpoint, from uint64) Records {
	next := max(from, 1)
	if cp != nil && from <= 1 {
		next = cp.Seq + 1
	}
	return func(yield func(Record, error) bool) {
		first := true
		for r, err := range log.Records(ctx, from) {
			if err == nil && first && r.Seq != next {
				err = &CorruptError{Seq: next, Reason: fmt.Sprintf("it is missing: record %d comes first", r.Seq)}
			}
			first = false
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// Fold makes l what the whole log amounts to, cut or not. A log whose chain is not whole is
// a [*CorruptError]: nobody may act on what was changed.
func Fold(ctx context.Context, log Log, l *Ledger) error {
	return FromBeginning(ctx, log, func(cp *Checkpoint) error {
		if *l = *NewLedger(); cp != nil {
			if err := cp.Restore(l); err != nil {
				return err
			}
		}
		for r, err := range Whole(ctx, log, cp) {
			if err != nil {
				return err
			}
			l.Add(r)
		}
		return nil
	})
}

// ReadCheckpoint reads what [Checkpoint.Bare] wrote: its ledger is kept elsewhere.
func ReadCheckpoint(data []byte) (*Checkpoint, error) {
	cp := &Checkpoint{}
	if err := json.Unmarshal(data, cp); err != nil {
		return nil, fmt.Errorf("its checkpoint cannot be read: %w", err)
	}
	cp.Ledger = nil
	return cp, nil
}

// Restore makes l what the records up to the checkpoint fold to.
func (cp *Checkpoint) Restore(l *Ledger) error {
	if !cp.Intact() {
		return &CorruptError{Seq: cp.Record, Reason: otherLedger}
	}
	return json.Unmarshal(cp.Ledger, l)
}

// otherLedger says of a record what is wrong.
const otherLedger = "the checkpoint that it tells of holds another ledger now"

// Bare is the checkpoint without its ledger, as JSON, of which a record has the hash.
func (cp Checkpoint) Bare() ([]byte, error) {
	cp.Ledger = nil
	return json.Marshal(cp)
}

// ToldBy reports whether a record tells of this checkpoint, whatever its ledger.
func (cp Checkpoint) ToldBy(r Record) bool {
	data, err := cp.Bare()
	return err == nil && r.Cut != nil && r.Seq == cp.Record && r.Cut.Checkpoint == digest(data)
}

// Intact reports whether the ledger is the one that the checkpoint was made with.
func (cp Checkpoint) Intact() bool { return digest(cp.Ledger) == cp.LedgerHash }

// matches says why the checkpoint is not the one that a record of the log tells of, or "".
func (cp Checkpoint) matches(r Record) string {
	switch {
	case !cp.ToldBy(r):
		return "it does not tell of the checkpoint that the log begins with"
	case !cp.Intact():
		return otherLedger
	}
	return ""
}

// Checkpoint implements [Log].
func (f *File) Checkpoint(ctx context.Context) (cp *Checkpoint, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	err = f.view(func(tx *bbolt.Tx) (err error) {
		if cp, err = readCheckpoint(tx); cp != nil {
			cp.Ledger = bytes.Clone(tx.Bucket(metaBucket).Get(ledgerKey))
		}
		return err
	})
	return cp, err
}

// readCheckpoint returns the checkpoint without its ledger.
func readCheckpoint(tx *bbolt.Tx) (*Checkpoint, error) {
	data := tx.Bucket(metaBucket).Get(checkpointKey)
	if data == nil {
		return nil, nil
	}
	return ReadCheckpoint(data)
}

// checkCheckpoint sees that the checkpoint is the one that the chain names, with its
// ledger.
func checkCheckpoint(tx *bbolt.Tx) error {
	cp, err := readCheckpoint(tx)
	if err != nil || cp == nil {
		return err
	}
	cp.Ledger = tx.Bucket(metaBucket).Get(ledgerKey)
	r, err := decode(tx.Bucket(recordsBucket).Get(seqKey(cp.Record)))
	if err != nil {
		return fmt.Errorf("its checkpoint names record %d, which cannot be read", cp.Record)
	}
	if reason := cp.matches(r); reason != "" {
		return fmt.Errorf("record %d: %s", cp.Record, reason)
	}
	return nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
