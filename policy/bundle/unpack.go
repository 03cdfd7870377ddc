package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"
)

// maxPath bounds the path of an entry, in bytes.
const maxPath = 1024

// entry is one regular file of the tar. Its path has no slash in front.
type entry struct {
	path string
	data []byte
}

// readFile reads a regular file that has at most limit bytes.
func readFile(name string, limit int64) ([]byte, error) {
	// Without O_NONBLOCK a named pipe would block for ever.
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, plain(err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, plain(err)
	case !info.Mode().IsRegular():
		return nil, errors.New("this is not a file; a bundle is a .tar.gz")
	}
	return readAll(f, limit)
}

// plain takes the path off an error: the place stands in front of it already.
func plain(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func readAll(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("it has more than %d bytes, which is the limit of a bundle", limit)
	}
	if err != nil {
		return nil, err
	}
	return data, nil
}

// errUnpacked ends a decompression that gives too much.
var errUnpacked = errors.New("too much")

// capped fails where io.LimitReader would end: a tar that is cut must not look whole.
type capped struct {
	r    io.Reader
	left int64
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errUnpacked
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

// unpack returns the files of a gzip'd tar, in its order. Sizes are checked before
// anything is allocated for them.
func unpack(packed []byte, limits Limits) ([]entry, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, errors.New("it is no gzip'd tar; build it with `opa build`")
	}
	u := &unpacking{limits: limits, seen: map[string]bool{}}
	r := tar.NewReader(&capped{z, limits.Unpacked})
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return u.entries, nil
		}
		if err == nil {
			err = u.add(h, r)
		}
		switch {
		case errors.Is(err, errUnpacked):
			return nil, fmt.Errorf("unpacked it has more than %d bytes, which is the limit", limits.Unpacked)
		case errors.Is(err, tar.ErrHeader), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, gzip.ErrChecksum):
			return nil, fmt.Errorf("it is damaged or cut short: %w", err)
		case err != nil:
			return nil, err
		}
	}
}

// unpacking is an archive on its way: what was taken out of it, and how much.
type unpacking struct {
	limits  Limits
	entries []entry
	seen    map[string]bool
	count   int
	total   int64
}

// add takes one entry. Sizes of the header are held against the limits before any content
// is read; a path that is there twice is refused, since readers differ in which one counts.
func (u *unpacking) add(h *tar.Header, r io.Reader) error {
	if u.count++; u.count > u.limits.Entries {
		return fmt.Errorf("it holds more than %d entries, which is the limit", u.limits.Entries)
	}
	if h.Typeflag == tar.TypeXGlobalHeader { // a remark of git-archive
		return nil
	}
	path, err := cleanPath(h.Name)
	if err != nil {
		return err
	}
	switch {
	case h.Typeflag == tar.TypeDir:
		return nil
	case h.Typeflag != tar.TypeReg:
		return fmt.Errorf("%s is a link or a device; a bundle holds plain files", path)
	case path == "." || u.seen[path]:
		return fmt.Errorf("the file %s is there twice", path)
	case h.Size > u.limits.File:
		return fmt.Errorf("%s has %d bytes, more than %d, which is the limit of a file", path, h.Size, u.limits.File)
	}
	if u.total += h.Size; u.total > u.limits.Total {
		return fmt.Errorf("with %s its files have more than %d bytes, which is the limit", path, u.limits.Total)
	}
	data, err := io.ReadAll(r) // as many as the header says
	if err != nil {
		return err
	}
	u.seen[path] = true
	u.entries = append(u.entries, entry{path, data})
	return nil
}

// cleanPath takes off what OPA and tar put in front of a path, and refuses one that
// leads anywhere else. "." is the root itself.
func cleanPath(name string) (string, error) {
	path := strings.TrimPrefix(strings.TrimPrefix(name, "."), "/")
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "./") && name != "." {
		path = name // .manifest
	}
	if path = strings.TrimSuffix(path, "/"); path == "" {
		path = "."
	}
	if !fs.ValidPath(path) || len(path) > maxPath || strings.Contains(path, `\`) || !utf8.ValidString(path) || strings.ContainsFunc(path, unicode.IsControl) {
		return "", fmt.Errorf("the path %.100q leads out of the bundle or cannot be read; build it in the folder of the rules, as in `opa build --bundle .`", name)
	}
	return path, nil
}
