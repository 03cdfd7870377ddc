package gitsource

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// plainPaths reads several folders and files into one snapshot. The limits hold
// over all of them together.
type plainPaths struct {
	cfg Config
}

func (p *plainPaths) head(ctx context.Context) (string, error) {
	s, err := p.fetch(ctx)
	if err != nil {
		return "", err
	}
	return s.Commit.ID, nil
}

// fetch names the content of a single folder as if it was given as Dir: how a
// folder is written must not make it another one.
func (p *plainPaths) fetch(ctx context.Context) (*Snapshot, error) {
	g := &gather{cfg: p.cfg}
	var id string
	for _, at := range p.cfg.Paths {
		g.where = at
		from := len(g.files)
		if err := readPath(ctx, g, at); err != nil {
			return nil, err
		}
		found := g.files[from:]
		if len(found) == 0 {
			return nil, g.nothing()
		}
		sortFiles(found)
		if len(p.cfg.Paths) == 1 {
			id = folderID(found)
		}
		base := filepath.ToSlash(at)
		if info, err := os.Stat(at); err == nil && !info.IsDir() {
			base = path.Dir(base)
		}
		for i := range found {
			found[i].Path = path.Join(base, found[i].Path)
		}
	}
	files := g.files
	sortFiles(files)
	files = slices.CompactFunc(files, func(a, b File) bool { return a.Path == b.Path })
	if id == "" {
		id = folderID(files)
	}
	return &Snapshot{Commit: Commit{ID: id}, Files: slices.Clip(files)}, nil
}

// readPath adds the files of a folder, or the file itself, named from there on.
func readPath(ctx context.Context, g *gather, at string) error {
	info, err := os.Stat(at)
	if err != nil {
		return failf(ErrUnreachable, at, "%s; check the path", plain(err))
	}
	dir, err := filepath.Abs(at)
	if err != nil {
		return failf(ErrUnreachable, at, "%s", plain(err))
	}
	if info.IsDir() {
		return (&folder{cfg: g.cfg, dir: dir, where: at}).readInto(ctx, g)
	}
	root, err := os.OpenRoot(filepath.Dir(dir))
	if err != nil {
		return failf(ErrUnreachable, at, "%s; check its permissions", plain(err))
	}
	defer root.Close()
	w := folderWalk{gather: g, ctx: ctx, root: root}
	name, err := w.entry("", filepath.Base(dir))
	if err != nil {
		return err
	}
	if !g.wanted(name) {
		return failf(ErrEmpty, at, "this file does not end in %s, so it is not read; check the path", strings.Join(g.cfg.Extensions, ", "))
	}
	if info, err = root.Lstat(name); err != nil {
		return failf(ErrUnreachable, at, "%s", plain(err))
	}
	if !info.Mode().IsRegular() {
		return w.refused(name, info.Mode())
	}
	return w.file(name, info)
}

func sortFiles(files []File) {
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
}
