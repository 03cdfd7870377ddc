package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
	"github.com/seed-6ca89210/sluice/reconcile/bucket"
	"github.com/seed-6ca89210/sluice/reconcile/history"
)

// openArchive opens a folder, which is one of known, or s3://BUCKET/PREFIX, for exports.
func openArchive(ctx context.Context, place string, known *exportFolders) (history.Archive, error) {
	if !strings.HasPrefix(place, "s3://") {
		return folderArchive{known.at(place)}, nil
	}
	p, err := bucket.Parse(place)
	if err != nil {
		return nil, err
	}
	b, err := bucket.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	return bucketArchive{b}, nil
}

// shareFolder is what goes without saying of a bucket, and cannot be seen from one replica.
const shareFolder = "every replica must have this same folder, as one of a network: whoever has a target exports to it"

// exportsTogether reports whether several replicas export to a folder.
func exportsTogether(h config.History) bool {
	return h.DynamoDB != nil && h.Keep > 0 && !strings.HasPrefix(h.Export, "s3://")
}

// bucketArchive takes what is there already for its own when it is the same: an
// answer may have been lost, or the process killed behind the PUT.
type bucketArchive struct{ *bucket.Bucket }

// Put implements history.Archive.
func (b bucketArchive) Put(ctx context.Context, name string, data []byte) (string, error) {
	where, err := b.Bucket.Put(ctx, name, data)
	if !errors.Is(err, bucket.ErrExists) {
		return where, err
	}
	if there, e := b.Get(ctx, name); e == nil && bytes.Equal(there, data) {
		return b.Where(name), nil
	}
	return "", err
}

// folderArchive is a folder with a file for each export.
type folderArchive struct{ *exportFolder }

// Put implements history.Archive. The file is on the disk when it returns, unless the
// folder hangs: then it may get there later, whole.
func (f folderArchive) Put(ctx context.Context, name string, data []byte) (string, error) {
	return abandon(ctx, f.exportFolder, func() (string, error) { return f.put(name, data) })
}

func (f folderArchive) put(name string, data []byte) (string, error) {
	path := filepath.Join(f.path, name)
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return "", err
	}
	err := writeDurably(path, data)
	if errors.Is(err, fs.ErrExist) {
		if there, e := os.ReadFile(path); e == nil && bytes.Equal(there, data) {
			err = nil
		}
	}
	return path, err
}

// Get implements history.Archive.
func (f folderArchive) Get(ctx context.Context, name string) ([]byte, error) {
	return abandon(ctx, f.exportFolder, func() ([]byte, error) { return os.ReadFile(filepath.Join(f.path, name)) })
}

// writeDurably writes a file that is not there yet: whole, and durable, or not at all.
func writeDurably(path string, data []byte) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s: %w, and nothing is overwritten", path, fs.ErrExist)
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".export-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(data)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := os.Link(temp.Name(), path); err != nil { // which, unlike a rename, replaces nothing
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
