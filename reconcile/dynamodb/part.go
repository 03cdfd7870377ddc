package dynamodb

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// The bounds of one item.
const (
	mostPacked   = history.MostPacked
	mostUnpacked = 16 << 20
)

// part is one item of a log: records that were appended together.
type part struct {
	records []history.Record
	epoch   uint64
	packed  []byte // gzip of their lines
}

// seq is the number of the first record.
func (p part) seq() uint64 { return p.records[0].Seq }

// last is the number and hash of the last record.
func (p part) last() history.Head {
	r := p.records[len(p.records)-1]
	return history.Head{Seq: r.Seq, Hash: r.Hash}
}

// sortKey orders numbers as texts.
func sortKey(seq uint64) string { return fmt.Sprintf("%020d", seq) }

func (p part) attributes(target string) attributes {
	a := keys(logPartition+target, sortKey(p.seq()))
	a["records"] = &types.AttributeValueMemberB{Value: p.packed}
	a["count"], a["epoch"] = number(uint64(len(p.records))), number(p.epoch)
	return a
}

// cut seals records behind a head and packs them into as few items as hold them.
func cut(head history.Head, epoch uint64, records []history.Record) ([]part, error) {
	sealed, lines := make([]history.Record, len(records)), make([][]byte, len(records))
	for i, r := range records {
		r.Epoch = epoch
		var err error
		if sealed[i], lines[i], err = history.Seal(r, head); err != nil {
			return nil, err
		}
		head = history.Head{Seq: sealed[i].Seq, Hash: sealed[i].Hash}
	}
	return split(epoch, sealed, lines)
}

// split packs records into one item, or into those of each half.
func split(epoch uint64, records []history.Record, lines [][]byte) ([]part, error) {
	if len(records) == 0 {
		return nil, nil
	}
	packed, size := pack(lines)
	if len(packed) <= mostPacked && size <= mostUnpacked {
		return []part{{records, epoch, packed}}, nil
	}
	if len(records) == 1 {
		return nil, fmt.Errorf("a history record takes %d bytes when packed, and an item of DynamoDB holds no more than %d", len(packed), mostPacked)
	}
	half := len(records) / 2
	first, err := split(epoch, records[:half], lines[:half])
	if err != nil {
		return nil, err
	}
	second, err := split(epoch, records[half:], lines[half:])
	return append(first, second...), err
}

// pack returns lines as gzip, and their size. The same lines make the same bytes.
func pack(lines [][]byte) (packed []byte, size int) {
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	for _, line := range lines {
		size += len(line) + 1
		_, _ = w.Write(line) // into memory
		_, _ = w.Write([]byte{'\n'})
	}
	_ = w.Close()
	return buf.Bytes(), size
}

// partOf reads an item, and refuses what no append of ours wrote. Its error says what is
// wrong with record seq, the first of the item or the first that is not in its place.
func partOf(a attributes) (p part, seq uint64, err error) {
	seq, err = strconv.ParseUint(a.text(sk), 10, 64)
	if err != nil || sortKey(seq) != a.text(sk) || seq == 0 {
		return p, 0, fmt.Errorf("it has an item under %.40q, which is no number of a record", a.text(sk))
	}
	if p.epoch, err = a.number("epoch"); err != nil {
		return p, seq, err
	}
	count, err := a.number("count")
	if err != nil {
		return p, seq, err
	}
	p.packed = a.bytes("records")
	z, err := gzip.NewReader(bytes.NewReader(p.packed))
	if err != nil {
		return p, seq, fmt.Errorf("its item cannot be unpacked: %w", err)
	}
	room := &io.LimitedReader{R: z, N: mostUnpacked + 1}
	for r, err := range history.ReadExport("its item", room) {
		if err != nil {
			return p, seq, err
		}
		if r.Epoch != p.epoch {
			return p, seq, fmt.Errorf("its item says epoch %d, and record %d in it %d", p.epoch, r.Seq, r.Epoch)
		}
		if next := seq + uint64(len(p.records)); r.Seq != next { // who looks for a record in an item counts on it
			return p, next, fmt.Errorf("record %d stands in its place", r.Seq)
		}
		p.records = append(p.records, r)
	}
	switch {
	case room.N <= 0:
		return p, seq, errors.New("its item is larger than any that sluice writes")
	case uint64(len(p.records)) != count || count == 0:
		return p, seq, fmt.Errorf("its item says %d records, and holds %d", count, len(p.records))
	}
	return p, seq, nil
}
