package history

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

// liveBranch returns the offset of a branch page that the tree reaches.
func liveBranch(t *testing.T, data []byte, m boltMeta) uint64 {
	t.Helper()
	c := pageCheck{r: bytes.NewReader(data), meta: m, seen: make([]bool, m.pages), todo: []uint64{m.root}}
	for len(c.todo) > 0 {
		id := c.todo[0]
		c.todo = c.todo[1:]
		page, err := c.read(id)
		if err == nil {
			err = c.tree(page, true)
		}
		if err != nil {
			t.Fatal(err)
		}
		if binary.NativeEndian.Uint16(page[8:]) == branchPage {
			return id * m.pageSize
		}
	}
	t.Fatal("the tree has no branch")
	return 0
}

func TestCheckPagesFindsWhatWouldKillOrMisleadBbolt(t *testing.T) {
	order := binary.NativeEndian
	whole := wholeFile(t)
	m, err := readMeta(bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	if err := checkPages(bytes.NewReader(whole), m); err != nil {
		t.Fatalf("a whole file: %v", err)
	}
	branch := liveBranch(t, whole, m)
	leaf := order.Uint64(whole[branch+pageHeader+8:]) * m.pageSize
	list := m.freelist * m.pageSize
	cases := []struct {
		name   string
		change func(data []byte)
		want   string
	}{
		{"a branch that leads to itself, an endless descent",
			func(d []byte) { order.PutUint64(d[branch+pageHeader+8:], branch/m.pageSize) }, "is used twice"},
		{"two ways to one page",
			func(d []byte) { copy(d[branch+pageHeader+elementSize+8:][:8], d[branch+pageHeader+8:][:8]) }, "is used twice"},
		{"a branch that leads out of the file",
			func(d []byte) { order.PutUint64(d[branch+pageHeader+8:], 1<<40) }, "does not exist"},
		{"an element that ends behind its page",
			func(d []byte) { order.PutUint32(d[leaf+pageHeader+12:], 1<<30) }, "leaves the page"},
		{"more elements than fit",
			func(d []byte) { order.PutUint16(d[leaf+10:], 0xFFFF) }, "too many elements"},
		{"an overflow that ends behind the file",
			func(d []byte) { order.PutUint32(d[branch+12:], 1<<31) }, "wrong header"},
		{"a page in use among the free ones, to be overwritten next",
			func(d []byte) {
				order.PutUint16(d[list+10:], 1)
				order.PutUint64(d[list+pageHeader:], branch/m.pageSize)
			}, "as free, which it is not"},
		{"a list of free pages that takes all memory",
			func(d []byte) {
				order.PutUint16(d[list+10:], 0xFFFF)
				order.PutUint64(d[list+pageHeader:], 1<<40)
			}, "too many free pages"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			data := bytes.Clone(whole)
			c.change(data)
			if err := checkPages(bytes.NewReader(data), m); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestGuardMakesAPanicAnError(t *testing.T) {
	err := guard("h.db", func() error { panic("assertion failed") })
	if err == nil || err.Error() != "history h.db cannot be used: it is damaged: assertion failed" {
		t.Errorf("got %v", err)
	}
}
