package history

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The flags of bbolt's pages and of the elements in a leaf.
const (
	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10

	bucketElement = 0x01
	elementSize   = 16 // leaf: flags, pos, ksize, vsize uint32; branch: pos, ksize uint32, page uint64
	bucketHeader  = 16 // root page uint64 (0: the page follows inline), sequence uint64
)

// pageCheck walks all pages that bbolt can reach and sees that every pointer
// stays inside its page or file, and that no page is reached twice.
type pageCheck struct {
	r    io.ReaderAt
	meta boltMeta
	seen []bool
	todo []uint64 // pages that are still to be read
}

// checkPages looks over a file whose meta page is good. The caller holds the
// file's lock, so that nobody writes meanwhile.
func checkPages(r io.ReaderAt, meta boltMeta) error {
	c := pageCheck{r: r, meta: meta, seen: make([]bool, meta.pages), todo: []uint64{meta.root}}
	for len(c.todo) > 0 {
		id := c.todo[len(c.todo)-1]
		c.todo = c.todo[:len(c.todo)-1]
		page, err := c.read(id)
		if err == nil {
			err = c.tree(page, true)
		}
		if err != nil {
			return fmt.Errorf("it is damaged: page %d %w", id, err)
		}
	}
	page, err := c.read(meta.freelist)
	if err == nil {
		err = c.freelist(page)
	}
	if err != nil {
		return fmt.Errorf("it is damaged: page %d %w", meta.freelist, err)
	}
	return nil
}

// read returns a page with its overflow and marks both as seen: together, all
// reads are never more than the file.
func (c *pageCheck) read(id uint64) ([]byte, error) {
	if id < 2 || id >= c.meta.pages {
		return nil, errors.New("does not exist")
	}
	var header [pageHeader]byte
	if _, err := c.r.ReadAt(header[:], int64(id*c.meta.pageSize)); err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	overflow := uint64(binary.NativeEndian.Uint32(header[12:]))
	if binary.NativeEndian.Uint64(header[:]) != id || id+overflow >= c.meta.pages {
		return nil, errors.New("has a wrong header")
	}
	for p := id; p <= id+overflow; p++ {
		if c.seen[p] {
			return nil, errors.New("is used twice")
		}
		c.seen[p] = true
	}
	page := make([]byte, (overflow+1)*c.meta.pageSize)
	if _, err := c.r.ReadAt(page, int64(id*c.meta.pageSize)); err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	return page, nil
}

// tree checks one branch or leaf page and notes the pages below it. An inline
// page has no buckets of its own (nested is false): so nothing here recurses.
func (c *pageCheck) tree(page []byte, nested bool) error {
	order := binary.NativeEndian
	flags, count := order.Uint16(page[8:]), uint64(order.Uint16(page[10:]))
	if flags != branchPage && flags != leafPage || flags == branchPage && count == 0 {
		return errors.New("is of the wrong kind")
	}
	size := uint64(len(page))
	if pageHeader+count*elementSize > size {
		return errors.New("has too many elements")
	}
	for i := range count {
		at := pageHeader + i*elementSize
		e := page[at:]
		pos, key, value := order.Uint32(e), uint64(order.Uint32(e[4:])), uint64(0)
		if flags == leafPage {
			pos, key, value = order.Uint32(e[4:]), uint64(order.Uint32(e[8:])), uint64(order.Uint32(e[12:]))
		}
		start := at + uint64(pos) + key // of the value
		if start+value > size || flags == leafPage && key == 0 {
			return errors.New("has an element that leaves the page")
		}
		if flags == branchPage {
			c.todo = append(c.todo, order.Uint64(e[8:]))
			continue
		}
		if order.Uint32(e)&bucketElement == 0 {
			continue
		}
		if !nested {
			return errors.New("has a bucket inside an inline bucket")
		}
		if err := c.bucket(page[start : start+value]); err != nil {
			return err
		}
	}
	return nil
}

// bucket checks the value of a leaf element that is a bucket.
func (c *pageCheck) bucket(value []byte) error {
	if len(value) < bucketHeader {
		return errors.New("has a bucket without header")
	}
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		c.todo = append(c.todo, root)
		return nil
	}
	inline := value[bucketHeader:]
	if len(inline) < pageHeader || binary.NativeEndian.Uint16(inline[8:]) != leafPage {
		return errors.New("has a bucket that is damaged")
	}
	return c.tree(inline, false)
}

// freelist checks the list of free pages: a page in use must not be on it, or the
// next append would overwrite records.
func (c *pageCheck) freelist(page []byte) error {
	order := binary.NativeEndian
	if order.Uint16(page[8:]) != freelistPage {
		return errors.New("is of the wrong kind")
	}
	count, list := uint64(order.Uint16(page[10:])), page[pageHeader:]
	if count == 0xFFFF { // more than fit: the first entry is their number
		count, list = order.Uint64(list), list[8:]
	}
	if count > uint64(len(list))/8 {
		return errors.New("lists too many free pages")
	}
	for i := range count {
		id := order.Uint64(list[8*i:])
		if id < 2 || id >= c.meta.pages || c.seen[id] {
			return fmt.Errorf("lists page %d as free, which it is not", id)
		}
		c.seen[id] = true
	}
	return nil
}
