package history

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
)

// bbolt maps its file into memory and trusts what it finds there: on a damaged
// file it panics, faults, or recurses until the process dies. So the file is
// looked over before bbolt may follow any pointer in it. The layout is that of
// bbolt's file format version 2, in the machine's byte order.
const (
	boltMagic   = 0xED0CDAED
	boltVersion = 2

	pageHeader = 16 // id uint64, flags uint16, count uint16, overflow uint32
	metaSize   = 64 // with the checksum at its end

	minPageSize = 1 << 10
	maxPageSize = 1 << 16
)

var (
	errNotBolt   = errors.New("it is no sluice history (not a bbolt database, or damaged at its start)")
	errBoltStyle = errors.New("it is a bbolt database of another format version")
)

// boltMeta is one of the two pages that say where everything else is.
type boltMeta struct {
	pageSize uint64
	root     uint64 // page of the root bucket
	freelist uint64 // page of the list of free pages
	pages    uint64 // pages in use: all page numbers are below
	txid     uint64
}

// readMeta returns the newer of the valid meta pages. A crash can leave one that
// is half-written, never two.
func readMeta(r io.ReaderAt, size int64) (boltMeta, error) {
	var best boltMeta
	reason := errNotBolt
	// The second one stands at the page size, which only a meta page tells.
	for at := int64(0); at <= maxPageSize && at < size; {
		m, err := parseMeta(r, at)
		switch {
		case err == nil && at != 0 && uint64(at) != m.pageSize: // no second meta page
		case err == nil && (best.pageSize == 0 || m.txid > best.txid):
			best = m
		case errors.Is(err, errBoltStyle):
			reason = err
		}
		if at == 0 {
			at = minPageSize
		} else {
			at *= 2
		}
	}
	if best.pageSize == 0 {
		return boltMeta{}, reason
	}
	if need := best.pages * best.pageSize; best.pages > 1<<40 || uint64(size) < need {
		return boltMeta{}, fmt.Errorf("it is truncated: %d bytes of at least %d", size, need)
	}
	for _, page := range []uint64{best.root, best.freelist} {
		if page < 2 || page >= best.pages {
			return boltMeta{}, fmt.Errorf("it is damaged: page %d of %d does not exist", page, best.pages)
		}
	}
	return best, nil
}

// parseMeta reads a meta page that starts at an offset.
func parseMeta(r io.ReaderAt, at int64) (boltMeta, error) {
	var page [pageHeader + metaSize]byte
	if _, err := r.ReadAt(page[:], at); err != nil {
		return boltMeta{}, errNotBolt
	}
	order, b := binary.NativeEndian, page[pageHeader:]
	if order.Uint32(b) != boltMagic {
		return boltMeta{}, errNotBolt
	}
	if order.Uint32(b[4:]) != boltVersion {
		return boltMeta{}, errBoltStyle
	}
	sum := fnv.New64a()
	sum.Write(b[:metaSize-8])
	if sum.Sum64() != order.Uint64(b[metaSize-8:]) {
		return boltMeta{}, errNotBolt
	}
	m := boltMeta{
		pageSize: uint64(order.Uint32(b[8:])),
		root:     order.Uint64(b[16:]), // 24: the bucket's sequence
		freelist: order.Uint64(b[32:]),
		pages:    order.Uint64(b[40:]),
		txid:     order.Uint64(b[48:]),
	}
	if m.pageSize < minPageSize || m.pageSize > maxPageSize || m.pageSize&(m.pageSize-1) != 0 {
		return boltMeta{}, errNotBolt
	}
	return m, nil
}
