package gitsource

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// packed is a pack that is built object by object, with what no honest client writes.
type packed struct {
	t     testing.TB
	buf   bytes.Buffer
	count uint32
	zip   *zlib.Writer // kept: a new one takes a megabyte
}

func (p *packed) header(kind plumbing.ObjectType, size uint64) {
	p.count++
	first := byte(kind)<<4 | byte(size&15)
	for n := size >> 4; n > 0; n >>= 7 {
		p.buf.WriteByte(first | 0x80)
		first = byte(n & 0x7f)
	}
	p.buf.WriteByte(first)
}

func (p *packed) deflate(data []byte) {
	if p.zip == nil {
		p.zip, _ = zlib.NewWriterLevel(nil, zlib.BestSpeed) // the level exists
	}
	p.zip.Reset(&p.buf)
	_, err := p.zip.Write(data)
	check(p.t, err)
	check(p.t, p.zip.Close())
}

func (p *packed) add(kind plumbing.ObjectType, data []byte) plumbing.Hash {
	p.header(kind, uint64(len(data)))
	p.deflate(data)
	return plumbing.ComputeHash(kind, data)
}

// commit adds a commit of a tree.
func (p *packed) commit(tree plumbing.Hash) plumbing.Hash {
	return p.add(plumbing.CommitObject, fmt.Appendf(nil,
		"tree %s\nauthor Ada <ada@example.com> 1700000000 +0000\ncommitter Ada <ada@example.com> 1700000000 +0000\n\nx\n", tree))
}

// tree adds a folder of entries as they are.
func (p *packed) tree(entries []byte) plumbing.Hash { return p.add(plumbing.TreeObject, entries) }

// listed is one entry of a tree.
func listed(mode filemode.FileMode, name string, h plumbing.Hash) []byte {
	return append(fmt.Appendf(nil, "%o %s\x00", uint32(mode), name), h[:]...)
}

// zeros adds a blob of zero bytes, a multiple of 1 MiB, whose header says another
// size. It costs a thousandth: from the second MiB on, each compresses to the same.
func (p *packed) zeros(says, size uint64) {
	p.header(plumbing.BlobObject, says)
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	check(p.t, err)
	next := func() []byte {
		out.Reset()
		_, err := w.Write(make([]byte, 1<<20))
		check(p.t, err)
		check(p.t, w.Flush())
		return bytes.Clone(out.Bytes())
	}
	p.buf.Write([]byte{0x78, 0x9c})
	p.buf.Write(next())
	for again, n := next(), size>>20-1; n > 0; n-- {
		p.buf.Write(again)
	}
	out.Reset()
	check(p.t, w.Close())
	p.buf.Write(out.Bytes())
	p.buf.Write(binary.BigEndian.AppendUint32(nil, uint32(size%65521)<<16|1)) // Adler-32
}

// deltas adds a blob of zeros and deltas to it that each make size bytes of it, by
// copying it again and again.
func (p *packed) deltas(n int, size uint64) {
	const base = 1 << 16
	target := p.add(plumbing.BlobObject, make([]byte, base))
	for i := range n {
		delta := binary.AppendUvarint(binary.AppendUvarint(nil, base), size+1)
		for range size / base {
			delta = append(delta, 0x80) // copy 64 KiB from the beginning
		}
		delta = append(delta, 1, byte(i)) // and a byte that makes it another object
		p.header(plumbing.REFDeltaObject, uint64(len(delta)))
		p.buf.Write(target[:])
		p.deflate(delta)
	}
}

// bytes is the pack, whose header says count objects.
func (p *packed) bytes(count uint32) []byte {
	out := binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), count)
	out = append(out, p.buf.Bytes()...)
	sum := sha1.Sum(out)
	return append(out, sum[:]...)
}

// A pack that is really what it looks like is read: without this the attacks could
// fail for any reason.
func TestAPackBuiltByHandIsReadLikeAnyOther(t *testing.T) {
	p := &packed{t: t}
	p.zeros(2<<20, 2<<20)
	p.deltas(1, 1<<17)
	blob := p.add(plumbing.BlobObject, []byte("1"))
	tip := p.commit(p.tree(listed(filemode.Regular, "a.yaml", blob)))
	got, err := open(t, Config{URL: serve(t, gives(tip, p.bytes(p.count))), Runner: runner}).Fetch(t.Context(), "")
	check(t, err)
	if paths(got) != "a.yaml" || string(got.Files[0].Data) != "1" || got.Commit.ID != tip.String() {
		t.Errorf("got %+v", got)
	}
}
