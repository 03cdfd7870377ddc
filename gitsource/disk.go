package gitsource

import (
	"errors"
	"os"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/objfile"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// disk is a repository's store of files. The library leaves the file of a loose object
// open when it looks up the object's size, until memory is collected: a repository
// with many of them would take every descriptor there is.
type disk struct{ *filesystem.Storage }

// EncodedObjectSize looks up an object's size without reading it.
func (d disk) EncodedObjectSize(h plumbing.Hash) (size int64, err error) {
	id := h.String()
	fs := d.Filesystem()
	f, err := fs.Open(fs.Join("objects", id[:2], id[2:]))
	if errors.Is(err, os.ErrNotExist) {
		return d.Storage.EncodedObjectSize(h) // in a pack
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	r, err := objfile.NewReader(f)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	_, size, err = r.Header()
	return size, err
}
