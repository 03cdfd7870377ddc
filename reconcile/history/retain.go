package history

import (
	"context"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// CutBefore implements [Cutter]. A checkpoint takes a part's place in one transaction: a
// crash at any instant loses nothing.
func (f *File) CutBefore(ctx context.Context, before, now time.Time, archive Archive) ([]Cut, error) {
	return Cutting{
		Log: f, Name: "sluice-history", Archive: archive, Before: before, PartRecords: f.partRecords,
		Replace: func(ctx context.Context, p *Part) (Cut, error) { return f.replace(ctx, p, now) },
	}.Run(ctx)
}

// replace puts a checkpoint in the place of a part, and records that, all at once.
func (f *File) replace(ctx context.Context, p *Part, now time.Time) (c Cut, err error) {
	_, err = f.update(ctx, func(tx *bbolt.Tx, head Head) ([]Record, error) {
		meta, records := tx.Bucket(metaBucket), tx.Bucket(recordsBucket)
		cp, told, err := p.Checkpoint(head.Seq+1, now)
		if err != nil {
			return nil, err
		}
		data, err := cp.Bare()
		if err != nil {
			return nil, err
		}
		for seq := p.From; seq <= p.To; seq++ {
			if err := records.Delete(seqKey(seq)); err != nil {
				return nil, err
			}
		}
		for _, put := range []struct{ key, value []byte }{{checkpointKey, data}, {ledgerKey, cp.Ledger}, {formatKey, []byte(formatCut)}} {
			if err := meta.Put(put.key, put.value); err != nil {
				return nil, err
			}
		}
		c = *told.Cut
		return appendTo(tx, head, []Record{told})
	})
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrNotWritten, err)
	}
	return c, err
}
