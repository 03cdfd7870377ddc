package gitsource

import (
	"os"
	"runtime/debug"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

// Looking up the size of a loose object must not leave its file open.
func TestSizesOfLooseObjectsLeaveNoFileOpen(t *testing.T) {
	descriptors := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skipf("descriptors are counted in /proc: %v", err)
		}
		return len(entries)
	}
	r := newRepo(t)
	id := plumbing.NewHash(r.chain("main", 1))
	store, err := (&local{path: r.dir, where: "x"}).open()
	check(t, err)
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // the collector would hide it
	before := descriptors()
	for range 50 {
		n, err := disk{store}.EncodedObjectSize(id)
		if err != nil || n == 0 {
			t.Fatal(n, err)
		}
	}
	if after := descriptors(); after > before+5 {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
	if _, err := (disk{store}).EncodedObjectSize(plumbing.NewHash("abababababababababababababababababababab")); err == nil {
		t.Error("the size of an object that is not there")
	}
}
