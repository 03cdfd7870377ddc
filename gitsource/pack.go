package gitsource

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/storage/memory"
)

// maxObjects bounds what the library keeps for each object of a pack, however
// small the object is.
const maxObjects = 1_000_000

// loadPack reads a pack into memory in two passes. The first looks at the
// headers of the objects and unpacks them into nothing: it ends at the first
// byte past limits.unpacked, so that 2 MiB that unpack to 2 GiB cost no memory.
// Only then does the library build the objects.
func loadPack(ctx context.Context, where string, limits Limits, pack io.Reader) (*memory.Storage, error) {
	var raw spool
	if err := scanPack(where, limits, io.TeeReader(pack, &raw)); err != nil {
		return nil, err
	}
	store := memory.NewStorage()
	seek := ctxSeeker{ctx, io.NewSectionReader(&raw, 0, raw.size)}
	if err := packfile.UpdateObjectStorage(store, seek); err != nil {
		return nil, err
	}
	return store, nil
}

// scanPack adds up what the objects unpack to, by their headers, which may be believed:
// the library ends an object that unpacks to more than its header says. A delta counts
// twice, for itself and for what it makes.
func scanPack(where string, limits Limits, pack io.Reader) error {
	scan := packfile.NewScanner(pack)
	_, objects, err := scan.Header()
	if err != nil {
		return err
	}
	if objects > maxObjects {
		return failf(ErrLimit, where, "the fetch holds %d objects, more than %d; use a repository of its own for these files", objects, maxObjects)
	}
	var total int64
	for range objects {
		h, err := scan.NextObjectHeader()
		if err != nil {
			return err
		}
		if !h.Type.Valid() {
			return fmt.Errorf("object of unknown type %d in the pack", h.Type)
		}
		if err := checkUnpacked(where, limits, total, h.Length); err != nil {
			return err
		}
		total += h.Length
		var start prefix
		if _, _, err := scan.NextObject(&start); err != nil {
			return err
		}
		if h.Type.IsDelta() {
			// A delta is small; what it makes may not be.
			target, err := start.deltaTarget()
			if err != nil {
				return err
			}
			if err := checkUnpacked(where, limits, total, target); err != nil {
				return err
			}
			total += target
		}
	}
	_, err = scan.Checksum()
	return err
}

// checkUnpacked subtracts, since total+size could overflow.
func checkUnpacked(where string, limits Limits, total, size int64) error {
	if size < 0 || size > limits.Unpacked-total {
		return failf(ErrLimit, where, "the fetched objects unpack to more than limits.unpacked, which is %s; use a smaller repository or raise the limit", bytesText(limits.Unpacked))
	}
	return nil
}

// prefix keeps the first bytes that are written to it: two varints fit.
type prefix struct {
	buf [20]byte
	n   int
}

func (p *prefix) Write(b []byte) (int, error) {
	p.n += copy(p.buf[p.n:], b)
	return len(b), nil
}

// deltaTarget reads the size of what a delta makes: the second of the two
// varints that it begins with.
func (p *prefix) deltaTarget() (int64, error) {
	_, a := binary.Uvarint(p.buf[:p.n])
	if a > 0 {
		if target, b := binary.Uvarint(p.buf[a:p.n]); b > 0 && target < 1<<62 {
			return int64(target), nil
		}
	}
	return 0, fmt.Errorf("malformed delta in the pack")
}

// ctxSeeker makes the library stop soon after the deadline. Read and Seek are
// all that it offers, so that no shortcut goes round the check.
type ctxSeeker struct {
	ctx context.Context
	r   *io.SectionReader
}

func (s ctxSeeker) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}

func (s ctxSeeker) Seek(offset int64, whence int) (int64, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Seek(offset, whence)
}
