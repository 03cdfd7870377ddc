package gitsource

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/seed-6ca89210/sluice/gitsource/words"
)

// folder reads a plain folder. It works through an os.Root, so that nothing
// outside is opened even if the folder is changed while it is read.
type folder struct {
	cfg   Config
	dir   string // absolute
	where string // as it was given
}

func (f *folder) head(ctx context.Context) (string, error) {
	files, err := f.read(ctx)
	if err != nil {
		return "", err
	}
	return folderID(files), nil
}

func (f *folder) fetch(ctx context.Context) (*Snapshot, error) {
	files, err := f.read(ctx)
	if err != nil {
		return nil, err
	}
	return &Snapshot{Commit: Commit{ID: folderID(files), SignatureProblem: "a plain folder has no commit that somebody could have signed"}, Files: files}, nil
}

// folderWalk is one reading of a folder.
type folderWalk struct {
	*gather
	ctx  context.Context
	root *os.Root
}

func (f *folder) read(ctx context.Context) ([]File, error) {
	g := &gather{cfg: f.cfg, where: f.where}
	if err := f.readInto(ctx, g); err != nil {
		return nil, err
	}
	return g.finish()
}

func (f *folder) readInto(ctx context.Context, g *gather) error {
	info, err := os.Stat(f.dir)
	if err != nil {
		return failf(ErrUnreachable, f.where, "%s; check dir", plain(err))
	}
	if !info.IsDir() {
		return failf(ErrUnreachable, f.where, "this is not a folder; set dir to the folder that holds the files")
	}
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return failf(ErrUnreachable, f.where, "%s; check dir and its permissions", plain(err))
	}
	defer root.Close()
	w := folderWalk{gather: g, ctx: ctx, root: root}
	if err := w.checkPath(); err != nil {
		return err
	}
	return w.walk(f.cfg.Path, 0)
}

// checkPath looks at every part of the path, since a link in its middle would
// be followed silently.
func (w *folderWalk) checkPath() error {
	if w.cfg.Path == "." {
		return nil
	}
	var sofar string
	for part := range strings.SplitSeq(w.cfg.Path, "/") {
		sofar = path.Join(sofar, part)
		info, err := w.root.Lstat(sofar)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return failf(ErrPathNotFound, w.where, "there is no folder %s; check path", words.Quote(sofar))
		case err != nil:
			return failf(ErrUnreachable, w.where, "%s: %s", words.Quote(sofar), plain(err))
		case info.Mode()&fs.ModeSymlink != 0:
			return w.refused(sofar, info.Mode())
		case !info.IsDir():
			return failf(ErrPathNotFound, w.where, "%s is not a folder; set path to the folder that holds the files", words.Quote(sofar))
		}
	}
	return nil
}

// walk reads what is below a folder. It goes by Lstat, so that no link is followed, and
// within an [os.Root], so that one that is put there meanwhile leads nowhere either.
func (w *folderWalk) walk(dir string, depth int) error {
	if err := w.enter(dir, depth); err != nil {
		return err
	}
	if err := w.ctx.Err(); err != nil {
		return failf(ErrUnreachable, w.where, "stopped at folder %s", words.Quote(dir))
	}
	names, err := w.list(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if skip(name) {
			continue
		}
		full, err := w.entry(dir, name)
		if err != nil {
			return err
		}
		info, err := w.root.Lstat(full)
		if err != nil {
			return failf(ErrUnreachable, w.where, "%s: %s", words.Quote(full), plain(err))
		}
		switch {
		case info.IsDir():
			err = w.walk(full, depth+1)
		case info.Mode().IsRegular():
			err = w.file(full, info)
		default:
			err = w.refused(full, info.Mode())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// list returns the names in a folder, and stops early in one that is too full:
// each name is a file or a folder, and both are limited.
func (w *folderWalk) list(dir string) ([]string, error) {
	d, err := w.root.Open(dir)
	if err != nil {
		return nil, failf(ErrUnreachable, w.where, "folder %s: %s", words.Quote(dir), plain(err))
	}
	defer d.Close()
	// Dot names are skipped later and do not count, so leave them some room.
	most := 2*w.cfg.Limits.Files + 1000
	names, err := d.Readdirnames(most + 1)
	if err != nil && err != io.EOF {
		return nil, failf(ErrUnreachable, w.where, "folder %s: %s", words.Quote(dir), plain(err))
	}
	if len(names) > most {
		return nil, failf(ErrLimit, w.where, "folder %s holds more than %d names, far above limits.files, which is %d; set path to a smaller folder",
			words.Quote(dir), most, w.cfg.Limits.Files)
	}
	slices.Sort(names)
	return names, nil
}

// file reads one that is wanted. What is opened must be what was looked at, and as long:
// somebody may be writing it, and half a file could be a good document.
func (w *folderWalk) file(full string, info fs.FileInfo) error {
	wanted, err := w.count(full)
	if err != nil || !wanted {
		return err
	}
	if err := w.reserve(full, info.Size()); err != nil {
		return err
	}
	// Without O_NONBLOCK a named pipe, put in the file's place just now, would
	// block the open for ever.
	f, err := w.root.OpenFile(full, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return failf(ErrUnreachable, w.where, "%s: %s", words.Quote(full), plain(err))
	}
	defer f.Close()
	opened, err := f.Stat()
	if err != nil || !os.SameFile(info, opened) {
		return failf(ErrUnreachable, w.where, "%s changed while it was read; try again", words.Quote(full))
	}
	data, err := io.ReadAll(io.LimitReader(f, info.Size()+1))
	if err != nil {
		return failf(ErrUnreachable, w.where, "%s: %s", words.Quote(full), plain(err))
	}
	if int64(len(data)) != info.Size() {
		return failf(ErrUnreachable, w.where, "%s changed while it was read; try again", words.Quote(full))
	}
	w.add(full, data)
	return nil
}

func (w *folderWalk) refused(full string, mode fs.FileMode) error {
	kind := "neither a file nor a folder"
	if mode&fs.ModeSymlink != 0 {
		kind = "a symbolic link"
	}
	return failf(ErrRefused, w.where, "%s is %s, which is not read; put the file itself there, or take it away", words.Quote(full), kind)
}

// plain takes the path off a file system error: the sentence around it has it.
func plain(err error) string {
	var perr *fs.PathError
	if errors.As(err, &perr) {
		err = perr.Err
	}
	return words.Quote(err.Error())
}
