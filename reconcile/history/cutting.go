package history

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// The bounds of one part that is cut off: it is held in memory.
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

// Cutting cuts the records before a time off a log's beginning, one [Part] after another,
// for a store of any kind. All but PartRecords is required.
type Cutting struct {
	Log         Log
	Name        string // what the names of its exports begin with
	Archive     Archive
	Before      time.Time // not after what Replace gives its records: they would be cut next
	PartRecords uint64    // of a part at most; 20,000 when 0

	// Replace puts a checkpoint in the place of a part: once the record that tells of it
	// is durable, and not before, the part may be deleted.
	Replace func(ctx context.Context, p *Part) (Cut, error)
}

// Run puts each part into the archive, reads it back, verifies it, and only then has it
// replaced. It returns what was cut, with an error too.
func (c Cutting) Run(ctx context.Context) ([]Cut, error) {
	var cuts []Cut
	for {
		p, err := c.oldest(ctx)
		if err != nil || p == nil {
			return cuts, err
		}
		if err := p.exportTo(ctx, c.Archive, c.Name); err != nil {
			return cuts, fmt.Errorf("records %d to %d stay: %w", p.From, p.To, err)
		}
		cut, err := c.Replace(ctx, p)
		if err != nil {
			return cuts, err
		}
		cuts = append(cuts, cut)
	}
}

// Part is a beginning of a log that is in an archive, with what all up to its end folds to.
type Part struct {
	Span
	data     []byte
	last     time.Time
	ledger   json.RawMessage
	exported string
}

// Checkpoint returns what is to stand in the place of the part, and the record that has
// to tell of it, under this number. now is when.
func (p *Part) Checkpoint(number uint64, now time.Time) (Checkpoint, Record, error) {
	cp := Checkpoint{
		Head: Head{p.To, p.Head}, Last: p.last, Time: now.UTC(), Exported: p.exported, Record: number, LedgerHash: digest(p.ledger), Ledger: p.ledger,
	}
	data, err := cp.Bare()
	if err != nil {
		return cp, Record{}, err
	}
	return cp, Record{Kind: KindCut, Time: now, Cut: &Cut{From: p.From, To: p.To, Hash: p.Head, Exported: p.exported, Checkpoint: digest(data)}}, nil
}

// oldest returns the records at the log's beginning that are old, as many as one part
// holds; nil when there is none.
func (c Cutting) oldest(ctx context.Context) (*Part, error) {
	cp, err := c.Log.Checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	ledger, next, most := NewLedger(), uint64(1), c.PartRecords
	if most == 0 {
		most = maxPartRecords
	}
	if cp != nil {
		next = cp.Seq + 1
		if err := cp.Restore(ledger); err != nil {
			return nil, err
		}
	}
	p, data := &Part{}, &bytes.Buffer{}
	old := func(yield func(Record, error) bool) {
		for r, err := range c.Log.Records(ctx, next) {
			if err == nil {
				if !r.Time.Before(c.Before) || r.Seq-next >= most || data.Len() >= maxPartBytes {
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
		return nil, &CorruptError{Seq: next, Reason: "the log does not begin with it, or not behind its checkpoint"}
	}
	p.data = data.Bytes()
	p.ledger, err = json.Marshal(ledger)
	return p, err
}

// exportTo puts the part into the archive, and believes only what it reads there. The
// name has the beginning of the last hash: a log that is made anew finds its name free.
func (p *Part) exportTo(ctx context.Context, archive Archive, prefix string) error {
	name := fmt.Sprintf("%s-%010d-%010d-%.8s.jsonl", prefix, p.From, p.To, p.Head)
	where, err := archive.Put(ctx, name, p.data)
	if err != nil {
		return err
	}
	kept, err := archive.Get(ctx, name)
	if err != nil {
		return fmt.Errorf("%s cannot be read back: %w", where, err)
	}
	span, err := VerifyExport(ReadExport(where, bytes.NewReader(kept)))
	if err == nil && span != p.Span {
		err = fmt.Errorf("%s holds records %d to %d with head %.12s, and not what was put there", where, span.From, span.To, span.Head)
	}
	p.exported = where
	return err
}
