package history

import (
	"context"
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"
)

// Records implements [Log]. Records that are appended meanwhile are yielded too.
func (f *File) Records(ctx context.Context, from uint64) Records {
	return batches(from, func(at uint64) ([]Record, error) { return f.read(ctx, at) }, func(last Record) uint64 { return last.Seq + 1 })
}

// batches yields what read gives from a number on, batch by batch, until there is no
// more or an error; next is where the batch after one begins.
func batches(from uint64, read func(uint64) ([]Record, error), next func(last Record) uint64) Records {
	return func(yield func(Record, error) bool) {
		for at := from; ; {
			records, err := read(at)
			for _, r := range records {
				if !yield(r, nil) {
					return
				}
			}
			if err != nil {
				yield(Record{}, err)
				return
			}
			if len(records) == 0 {
				return
			}
			at = next(records[len(records)-1])
		}
	}
}

// read returns the next batch of records, and those before an error with it.
func (f *File) read(ctx context.Context, from uint64) (records []Record, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	err = f.view(func(tx *bbolt.Tx) error {
		if from > 1 { // 1 is the first that is there
			cp, err := readCheckpoint(tx)
			if err != nil {
				return &CorruptError{Path: f.path, Reason: err.Error()}
			}
			if cp != nil && from <= cp.Seq {
				return &CutError{Seq: from, Checkpoint: *cp}
			}
		}
		c := tx.Bucket(recordsBucket).Cursor()
		for key, data := c.Seek(seqKey(from)); key != nil && len(records) < batch; key, data = c.Next() {
			r, err := f.record(key, data)
			if err != nil {
				return err
			}
			records = append(records, r)
		}
		return nil
	})
	return records, err
}

// Before yields the records before a number, the newest first; 0 begins at the last
// one. It reads no more than the caller takes, in batches. After an error it yields
// nothing more.
func (f *File) Before(ctx context.Context, before uint64) Records {
	return batches(before, func(at uint64) ([]Record, error) { return f.readBack(ctx, at) }, func(last Record) uint64 { return last.Seq })
}

// readBack is read in the other direction.
func (f *File) readBack(ctx context.Context, before uint64) (records []Record, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	err = f.view(func(tx *bbolt.Tx) error {
		c := tx.Bucket(recordsBucket).Cursor()
		var key, data []byte
		if at, _ := c.Seek(seqKey(before)); before == 0 || at == nil {
			key, data = c.Last()
		} else {
			key, data = c.Prev()
		}
		for ; key != nil && len(records) < batch; key, data = c.Prev() {
			r, err := f.record(key, data)
			if err != nil {
				return err
			}
			if before == 0 || r.Seq < before {
				records = append(records, r)
			}
		}
		return nil
	})
	return records, err
}

// record decodes what stands at a key.
func (f *File) record(key, data []byte) (Record, error) {
	if len(key) != 8 {
		return Record{}, &CorruptError{Path: f.path, Reason: fmt.Sprintf("it has a key that is no number: %.20q", key)}
	}
	seq := binary.BigEndian.Uint64(key)
	r, err := decode(data)
	if err != nil {
		return Record{}, &CorruptError{Path: f.path, Seq: seq, Reason: err.Error()}
	}
	if r.Seq != seq {
		return Record{}, &CorruptError{Path: f.path, Seq: seq, Reason: fmt.Sprintf("record %d stands in its place", r.Seq)}
	}
	return r, nil
}

func seqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }
