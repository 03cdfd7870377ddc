package gitsource

import (
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seed-6ca89210/sluice/gitsource/words"
)

// gather collects files and holds the limits. Commits and folders share it, so
// that both are judged by the same rules.
type gather struct {
	cfg     Config
	where   string // for errors: "https://… at commit …" or the folder
	files   []File
	seen    int // regular files, wanted or not
	folders int
	total   int64
}

// skip reports whether an entry is passed over: names with a dot in front.
func skip(name string) bool { return strings.HasPrefix(name, ".") }

// entry checks a name and the path that it makes, before anything else is done
// with either.
func (g *gather) entry(dir, name string) (string, error) {
	if name == "" || strings.ContainsAny(name, "/\\") || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return "", failf(ErrRefused, g.where, "%q in folder %q is not a file name that can be read; rename it", name, dir)
	}
	full := path.Join(dir, name)
	if len(full) > g.cfg.Limits.PathLength {
		return "", failf(ErrLimit, g.where, "the path %s has %d bytes, more than limits.pathLength, which is %d; shorten it or raise the limit",
			words.Quote(full), len(full), g.cfg.Limits.PathLength)
	}
	return full, nil
}

// enter counts a folder. Depth 0 is the path itself. Counting folders bounds the
// walk of a tree that holds itself many times over and no file at all.
func (g *gather) enter(full string, depth int) error {
	if depth > g.cfg.Limits.Depth {
		return failf(ErrLimit, g.where, "folder %s is %d folders deep, more than limits.depth, which is %d; flatten it or raise the limit",
			words.Quote(full), depth, g.cfg.Limits.Depth)
	}
	if g.folders++; g.folders > g.cfg.Limits.Files {
		return failf(ErrLimit, g.where, "with %s there are more folders than limits.files, which is %d; set path to a smaller folder or raise the limit",
			words.Quote(full), g.cfg.Limits.Files)
	}
	return nil
}

// count counts a regular file and reports whether its name is wanted.
func (g *gather) count(full string) (bool, error) {
	if g.seen++; g.seen > g.cfg.Limits.Files {
		return false, failf(ErrLimit, g.where, "with %s there are more files than limits.files, which is %d; set path to a smaller folder or raise the limit",
			words.Quote(full), g.cfg.Limits.Files)
	}
	return g.wanted(full), nil
}

// wanted reports whether a file is of a wanted kind, by its name.
func (g *gather) wanted(name string) bool {
	ext := path.Ext(name)
	return slices.ContainsFunc(g.cfg.Extensions, func(e string) bool { return strings.EqualFold(e, ext) })
}

// reserve checks the size of a wanted file before it is read.
func (g *gather) reserve(full string, size int64) error {
	if size > g.cfg.Limits.FileSize {
		return failf(ErrLimit, g.where, "%s has %d bytes, more than limits.fileSize, which is %s; split it or raise the limit",
			words.Quote(full), size, bytesText(g.cfg.Limits.FileSize))
	}
	if g.total += size; g.total > g.cfg.Limits.TotalSize {
		return failf(ErrLimit, g.where, "with %s the files have %d bytes together, more than limits.totalSize, which is %s; set path to a smaller folder or raise the limit",
			words.Quote(full), g.total, bytesText(g.cfg.Limits.TotalSize))
	}
	return nil
}

func (g *gather) add(full string, data []byte) {
	g.files = append(g.files, File{Path: full, Data: data})
}

// nothing is the error of a place without a wanted file.
func (g *gather) nothing() error {
	return failf(ErrEmpty, g.where, "folder %s holds no file that ends in %s (files of other kinds: %d); check path",
		g.cfg.Path, strings.Join(g.cfg.Extensions, ", "), g.seen)
}

// finish sorts the files. None is an error: a wrong path must not read as
// "nothing is wanted". Two of one name can only come from a forged tree.
func (g *gather) finish() ([]File, error) {
	if len(g.files) == 0 {
		return nil, g.nothing()
	}
	sortFiles(g.files)
	for i := 1; i < len(g.files); i++ {
		if g.files[i].Path == g.files[i-1].Path {
			return nil, failf(ErrRefused, g.where, "%s is there twice; check the repository with `git fsck`", words.Quote(g.files[i].Path))
		}
	}
	return slices.Clip(g.files), nil
}
