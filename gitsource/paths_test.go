package gitsource

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSeveralPathsAreOneSnapshotNamedAsTheyWereGiven(t *testing.T) {
	dir := fill(t, map[string]string{"specs/a.yaml": "a", "specs/deep/b.yaml": "b", "more/c.yaml": "c", "more/d.yaml": "d", ".hidden/e.yaml": "e", ".f.yaml": "f"})
	t.Chdir(dir)
	for given, want := range map[string]string{
		"specs":                              "specs/a.yaml specs/deep/b.yaml",
		"./specs/":                           "specs/a.yaml specs/deep/b.yaml",
		"more specs":                         "more/c.yaml more/d.yaml specs/a.yaml specs/deep/b.yaml",
		"more/d.yaml specs/deep":             "more/d.yaml specs/deep/b.yaml",
		".":                                  "more/c.yaml more/d.yaml specs/a.yaml specs/deep/b.yaml",
		". specs ./specs/a.yaml":             "more/c.yaml more/d.yaml specs/a.yaml specs/deep/b.yaml",
		".hidden .f.yaml":                    ".f.yaml .hidden/e.yaml",
		"more/../specs/a.yaml":               "specs/a.yaml",
		filepath.Join(dir, "more", "c.yaml"): filepath.ToSlash(filepath.Join(dir, "more", "c.yaml")),
	} {
		s, err := open(t, Config{Paths: strings.Fields(given)}).Snapshot(context.Background(), nil)
		if err != nil {
			t.Errorf("%s: %v", given, err)
			continue
		}
		if got := paths(s); got != want {
			t.Errorf("%s: %s, want %s", given, got, want)
		}
	}
}

func TestAPathOfItsOwnHasTheIDOfTheFolder(t *testing.T) {
	dir := fill(t, map[string]string{"specs/a.yaml": "a", "specs/b.yaml": "b"})
	t.Chdir(dir)
	want, err := open(t, Config{Dir: "specs"}).Head(context.Background())
	check(t, err)
	for _, path := range []string{"specs", "./specs", filepath.Join(dir, "specs")} {
		if got, err := open(t, Config{Paths: []string{path}}).Head(context.Background()); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", path, got, err, want)
		}
	}
}

func TestAPathThatCannotBeReadSaysWhatToDo(t *testing.T) {
	t.Chdir(fill(t, map[string]string{"specs/a.yaml": "a", "empty/README": "", "a.txt": "", "big/big.yaml": strings.Repeat("x", 100)}))
	check(t, os.Symlink("specs/a.yaml", "link.yaml"))
	for given, want := range map[string]string{
		"none":                          "no such file",
		"empty":                         "holds no file that ends in .yaml",
		"specs empty":                   "holds no file that ends in .yaml",
		"specs a.txt":                   "this file does not end in .yaml",
		"link.yaml":                     "a symbolic link",
		"big/big.yaml":                  "limits.fileSize",
		"specs specs specs specs specs": "limits.files",
	} {
		_, err := open(t, Config{Paths: strings.Fields(given), Limits: Limits{FileSize: 99, Files: 4}}).Snapshot(context.Background(), nil)
		wantError(t, err, nil, want, strings.Fields(given)[len(strings.Fields(given))-1])
	}
	for _, cfg := range []Config{{Paths: []string{"a"}, Dir: "b"}, {Paths: []string{"a"}, Path: "b"}, {Paths: []string{"a"}, Ref: Ref{Branch: "main"}}} {
		if _, err := Open(cfg); err == nil || !strings.Contains(err.Error(), "stand alone") {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}

func TestAFolderIsReadOnceForItsFirstSnapshot(t *testing.T) {
	t.Chdir(fill(t, map[string]string{"a.yaml": "a"}))
	for _, cfg := range []Config{{Dir: "."}, {Paths: []string{"."}}} {
		s := open(t, cfg)
		first, err := s.Snapshot(context.Background(), nil)
		check(t, err)
		if got := s.Stats(); got != (Stats{LsRemotes: 0, Fetches: 1}) {
			t.Errorf("%+v", got)
		}
		again, err := s.Snapshot(context.Background(), first)
		if check(t, err); again != first {
			t.Error("an unchanged folder is read into another snapshot")
		}
	}
}
