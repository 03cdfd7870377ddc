package history

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// The bounds of one part that is cut off: it is held in memory, and deleted in one
// transaction.
const (
	maxPartRecords = 20_000
	maxPartBytes   = 16 << 20
)

// Archive is where records go before they are cut off.
type Archive interface {
	// Put stores data under a name, never in the place of something else, and returns
	// where it is. That the same data is there already is no error.
	Put(ctx context.Context, name string, data []byte) (where string, err error)
	// Get reads it back from where it is kept.
	Get(ctx context.Context, name string) ([]byte, error)
}

// CutBefore cuts the records before a time off the log's beginning, one part after
// another. Each part is first put into the archive, read back and verified, then
// replaced by a [Checkpoint] in one transaction: a crash at any instant loses
// nothing. It returns what it cut, with an error too. now is when.
func (f *File) CutBefore(ctx context.Context, before, now time.Time, archive Archive) ([]Cut, error) {
	var cuts []Cut
	for {
		p, err := f.oldest(ctx, before)
		if err != nil || p == nil {
			return cuts, err
		}
		where, err := p.exportTo(ctx, archive)
		if err != nil {
			return cuts, fmt.Errorf("records %d to %d stay: %w", p.From, p.To, err)
		}
		c, err := f.cut(ctx, p, where, now)
		if err != nil {
			return cuts, err
		}
		cuts = append(cuts, c)
	}
}

// part is a beginning of the log: its span, its bytes, and what all up to its end
// folds to.
type part struct {
	Span
	data   []byte
	last   time.Time
	ledger json.RawMessage
}

// oldest returns the records at the log's beginning that are older than before, as
// many as one part holds; nil when there is none.
func (f *File) oldest(ctx context.Context, before time.Time) (*part, error) {
	cp, err := f.Checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	ledger, next := NewLedger(), uint64(1)
	if cp != nil {
		next = cp.Seq + 1
		if err := json.Unmarshal(cp.Ledger, ledger); err != nil {
			return nil, err
		}
	}
	p, data := &part{}, &bytes.Buffer{}
	old := func(yield func(Record, error) bool) {
		for r, err := range f.Records(ctx, next) {
			if err == nil {
				if !r.Time.Before(before) || r.Seq-next >= f.partRecords || data.Len() >= maxPartBytes {
					return
				}
				ledger.Add(r)
				p.last = r.Time
			}
			if !yield(r, err) {
				return
			}
		}
	}
	if p.Span, err = Export(data, old); err != nil || p.From == 0 {
		return nil, err
	}
	if p.From != next || cp != nil && p.Before != cp.Hash {
		return nil, &CorruptError{Path: f.path, Seq: next, Reason: "the log does not begin with it, or not behind its checkpoint"}
	}
	p.data = data.Bytes()
	p.ledger, err = json.Marshal(ledger)
	return p, err
}

// exportTo puts the part into the archive, and believes only what it reads there.
func (p *part) exportTo(ctx context.Context, archive Archive) (string, error) {
	name := fmt.Sprintf("sluice-history-%010d-%010d.jsonl", p.From, p.To)
	where, err := archive.Put(ctx, name, p.data)
	if err != nil {
		return "", err
	}
	kept, err := archive.Get(ctx, name)
	if err != nil {
		return "", fmt.Errorf("%s cannot be read back: %w", where, err)
	}
	span, err := VerifyExport(ReadExport(where, bytes.NewReader(kept)))
	if err == nil && span != p.Span {
		err = fmt.Errorf("%s holds records %d to %d with head %.12s, and not what was put there", where, span.From, span.To, span.Head)
	}
	return where, err
}

// cut puts a checkpoint in the place of a part, and records that, all at once.
func (f *File) cut(ctx context.Context, p *part, where string, now time.Time) (c Cut, err error) {
	_, err = f.update(ctx, func(tx *bbolt.Tx, head Head) ([]Record, error) {
		meta, records := tx.Bucket(metaBucket), tx.Bucket(recordsBucket)
		cp := Checkpoint{Head: Head{p.To, p.Head}, Last: p.last, Time: now.UTC(), Exported: where, Record: head.Seq + 1, LedgerHash: digest(p.ledger)}
		data, err := json.Marshal(cp)
		if err != nil {
			return nil, err
		}
		for seq := p.From; seq <= p.To; seq++ {
			if err := records.Delete(seqKey(seq)); err != nil {
				return nil, err
			}
		}
		c = Cut{From: p.From, To: p.To, Hash: p.Head, Exported: where, Checkpoint: digest(data)}
		for _, put := range []struct{ key, value []byte }{{checkpointKey, data}, {ledgerKey, p.ledger}, {formatKey, []byte(formatCut)}} {
			if err := meta.Put(put.key, put.value); err != nil {
				return nil, err
			}
		}
		return appendTo(tx, head, []Record{{Kind: KindCut, Time: now, Cut: &c}})
	})
	return c, err
}
