package gitsource

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	git "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

func TestOnlyRegularFilesAreRead(t *testing.T) {
	elsewhere := plumbing.NewHash(strings.Repeat("12", 20))
	for name, tt := range map[string]struct {
		path string
		node node
		says string
	}{
		"a symbolic link":            {"in/l.yaml", node{mode: filemode.Symlink, data: "../../etc/passwd"}, "in/l.yaml is a symbolic link"},
		"a link of another kind":     {"in/l.txt", node{mode: filemode.Symlink, data: "x"}, "in/l.txt is a symbolic link"},
		"a submodule":                {"in/sub", node{mode: filemode.Submodule, hash: elsewhere}, "in/sub is a submodule"},
		"a mode that is none":        {"in/o.yaml", node{mode: 0o160777, data: "x"}, "in/o.yaml is a submodule"}, // as Git itself reads it
		"a link where the path goes": {"in", node{mode: filemode.Symlink, data: "other"}, "in is a symbolic link"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRepo(t)
			files := map[string]node{"ok/a.yaml": file("1"), tt.path: tt.node}
			if tt.path != "in" {
				files["in/a.yaml"] = file("1")
			}
			id := r.commit("main", files)
			_, err := open(t, Config{URL: r.url(), Path: "in"}).Fetch(context.Background(), "")
			wantError(t, err, ErrRefused, tt.says, id)
			got, err := open(t, Config{URL: r.url(), Path: "ok"}).Fetch(context.Background(), "")
			check(t, err)
			if paths(got) != "ok/a.yaml" {
				t.Errorf("files beside the path matter: %s", paths(got))
			}
		})
	}
}

func TestNamesThatNoClientWritesAreRefused(t *testing.T) {
	for _, name := range []string{"a\nb.yaml", "a\x1bb.yaml", `a\b.yaml`, "a\xff.yaml", "a/b.yaml"} {
		r := newRepo(t)
		blob := r.raw(plumbing.BlobObject, []byte("x"))
		r.commitTree("main", r.rawTree([]object.TreeEntry{{Name: name, Mode: filemode.Regular, Hash: blob}}))
		_, err := open(t, Config{URL: r.url()}).Fetch(context.Background(), "")
		if err == nil || strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("%q gave the error %v", name, err)
		}
	}
	r := newRepo(t)
	blob := r.raw(plumbing.BlobObject, []byte("x"))
	twice := object.TreeEntry{Name: "a.yaml", Mode: filemode.Regular, Hash: blob}
	r.commitTree("main", r.rawTree([]object.TreeEntry{twice, twice}))
	_, err := open(t, Config{URL: r.url()}).Fetch(context.Background(), "")
	if err == nil {
		t.Error("one name twice in a tree is no error")
	}
}

func TestARefThatNamesNoCommitIsRefused(t *testing.T) {
	r := newRepo(t)
	r.commit("main", map[string]node{"a.yaml": file("1")})
	tree := r.tree(map[string]node{"a.yaml": file("1")})
	r.point("refs/tags/tree", tree.String())
	_, err := open(t, Config{URL: r.url(), Ref: Ref{Tag: "tree"}}).Fetch(context.Background(), "")
	wantError(t, err, ErrRefNotFound, `tag "tree" names a tree, not a commit`)
	at := r.commit("main", map[string]node{"a.yaml": file("1")})
	kind := plumbing.CommitObject
	for range maxTagChain + 1 {
		at, kind = r.tag("chain", at, kind), plumbing.TagObject
	}
	_, err = open(t, Config{URL: r.url(), Ref: Ref{Tag: "chain"}}).Fetch(context.Background(), "")
	wantError(t, err, ErrRefNotFound, "tag of a tag")
}

func TestAMissingObjectIsAnErrorAndNotAnEmptyFile(t *testing.T) {
	r := newRepo(t)
	gone := plumbing.NewHash(strings.Repeat("12", 20))
	r.commit("main", map[string]node{"a.yaml": {mode: filemode.Regular, hash: gone}})
	_, err := open(t, Config{URL: r.url()}).Fetch(context.Background(), "")
	wantError(t, err, ErrUnreachable, "a.yaml", gone.String(), "git fsck")
}

func TestARepositoryOnDiskIsFoundInEveryForm(t *testing.T) {
	bare := newRepo(t)
	id := bare.commit("main", map[string]node{"a.yaml": file("1")})
	read := func(dir string) string {
		t.Helper()
		got, err := open(t, Config{URL: "file://" + filepath.ToSlash(dir)}).Snapshot(context.Background(), nil)
		check(t, err)
		return got.Commit.ID
	}
	t.Run("a work tree", func(t *testing.T) {
		dir := t.TempDir()
		_, err := git.PlainClone(dir, false, &git.CloneOptions{URL: bare.dir})
		if err != nil {
			t.Skip("the library clones from disk with the git binary: ", err)
		}
		if got := read(dir); got != id {
			t.Errorf("got %s", got)
		}
	})
	t.Run("packed refs", func(t *testing.T) {
		check(t, os.WriteFile(filepath.Join(bare.dir, "packed-refs"), []byte("# pack-refs with: peeled fully-peeled sorted \n"+id+" refs/heads/packed\n"), 0o600))
		got, err := open(t, Config{URL: bare.url(), Ref: Ref{Branch: "packed"}}).Head(context.Background())
		check(t, err)
		if got != id {
			t.Errorf("got %s", got)
		}
	})
	t.Run("a detached HEAD in a linked work tree", func(t *testing.T) {
		dir, admin := t.TempDir(), filepath.Join(bare.dir, "worktrees", "w")
		check(t, os.MkdirAll(admin, 0o700))
		check(t, os.WriteFile(filepath.Join(dir, ".git"), []byte("gitdir: "+admin+"\n"), 0o600))
		check(t, os.WriteFile(filepath.Join(admin, "commondir"), []byte("../..\n"), 0o600))
		check(t, os.WriteFile(filepath.Join(admin, "HEAD"), []byte(id+"\n"), 0o600))
		if got := read(dir); got != id {
			t.Errorf("got %s", got)
		}
	})
	t.Run("objects borrowed from another repository", func(t *testing.T) {
		other := newRepo(t)
		check(t, os.MkdirAll(filepath.Join(other.dir, "objects", "info"), 0o700))
		check(t, os.WriteFile(filepath.Join(other.dir, "objects", "info", "alternates"), []byte(filepath.Join(bare.dir, "objects")+"\n"), 0o600))
		other.point("refs/heads/main", id)
		if got := read(other.dir); got != id {
			t.Errorf("got %s", got)
		}
	})
}

func TestARepositoryThatIsNoneSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	_, err := open(t, Config{URL: "file://" + dir}).Head(context.Background())
	wantError(t, err, ErrUnreachable, "not a Git repository", "set dir", dir)
	_, err = open(t, Config{URL: "file://" + dir + "/none"}).Head(context.Background())
	wantError(t, err, ErrUnreachable, "no such file", "check url")
	_, err = open(t, Config{URL: "file://" + write(t, nil)}).Head(context.Background())
	wantError(t, err, ErrUnreachable, "not a folder")
}

func TestNoProgramIsRunForAFileURL(t *testing.T) {
	r := newRepo(t)
	r.commit("main", map[string]node{"a.yaml": file("1")})
	t.Setenv("PATH", t.TempDir())
	_, err := open(t, Config{URL: r.url()}).Snapshot(context.Background(), nil)
	check(t, err)
}

// fill writes files into a new folder.
func fill(t *testing.T, files map[string]string) string {
	dir := t.TempDir()
	for p, data := range files {
		check(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, p)), 0o700))
		check(t, os.WriteFile(filepath.Join(dir, p), []byte(data), 0o600))
	}
	return dir
}

func TestAPlainFolderIsASnapshotToo(t *testing.T) {
	dir := fill(t, map[string]string{"in/b.yaml": "b", "in/a/c.yml": "c", "in/x.txt": "", "in/.git/config.json": "", "out.yaml": ""})
	s := open(t, Config{Dir: dir, Path: "in/"})
	a, err := s.Snapshot(context.Background(), nil)
	check(t, err)
	if paths(a) != "in/a/c.yml in/b.yaml" {
		t.Errorf("files %s", paths(a))
	}
	head, err := s.Head(context.Background())
	check(t, err)
	if !strings.HasPrefix(head, "dir:") || len(head) != 4+64 || (a.Commit != Commit{ID: head, SignatureProblem: a.Commit.SignatureProblem}) {
		t.Errorf("head %s, commit %+v", head, a.Commit)
	}
	check(t, os.WriteFile(filepath.Join(dir, "out.yaml"), []byte("changed"), 0o600))
	b, err := s.Snapshot(context.Background(), a)
	check(t, err)
	if b != a {
		t.Error("a change beside the path gave another snapshot")
	}
	check(t, os.Rename(filepath.Join(dir, "in/b.yaml"), filepath.Join(dir, "in/d.yaml")))
	c, err := s.Snapshot(context.Background(), a)
	check(t, err)
	if c.Commit.ID == a.Commit.ID {
		t.Error("a renamed file gave the same id")
	}
	if s.Stats().Fetches != 2 {
		t.Errorf("stats %+v", s.Stats())
	}
}

func TestTwoFoldersHaveOneIDOnlyIfTheyHoldTheSame(t *testing.T) {
	ids := map[string]bool{}
	for _, files := range [][]File{
		{{"a", []byte("bc")}}, {{"ab", []byte("c")}}, {{"a", []byte("b")}, {"c", nil}}, {{"a", nil}, {"b", []byte("c")}},
	} {
		ids[folderID(files)] = true
	}
	if len(ids) != 4 {
		t.Errorf("%d ids for 4 sets of files", len(ids))
	}
}

func TestAFolderThatCannotBeReadSaysWhatToDo(t *testing.T) {
	secret := write(t, []byte("secret"))
	dir := fill(t, map[string]string{"ok/a.yaml": "1", "link/a.yaml": "1", "pipe/a.yaml": "1", "empty/a.txt": ""})
	check(t, os.Symlink(secret, filepath.Join(dir, "link", "b.yaml")))
	check(t, os.Symlink("ok", filepath.Join(dir, "alias")))
	check(t, syscall.Mkfifo(filepath.Join(dir, "pipe", "p.yaml"), 0o600))
	for name, tt := range map[string]struct {
		cfg  Config
		kind error
		says string
	}{
		"it does not exist":         {Config{Dir: dir + "/none"}, ErrUnreachable, "check dir"},
		"it is a file":              {Config{Dir: secret}, ErrUnreachable, "not a folder"},
		"it holds a link":           {Config{Dir: dir, Path: "link"}, ErrRefused, "link/b.yaml is a symbolic link"},
		"it holds a pipe":           {Config{Dir: dir, Path: "pipe"}, ErrRefused, "pipe/p.yaml is neither a file nor a folder"},
		"the path is a link":        {Config{Dir: dir, Path: "alias"}, ErrRefused, "alias is a symbolic link"},
		"the path does not exist":   {Config{Dir: dir, Path: "ok/x"}, ErrPathNotFound, "no folder ok/x"},
		"the path is a file":        {Config{Dir: dir, Path: "ok/a.yaml"}, ErrPathNotFound, "is not a folder"},
		"no file has the extension": {Config{Dir: dir, Path: "empty"}, ErrEmpty, "holds no file"},
		"it holds too many names":   {Config{Dir: dir, Path: "ok", Extensions: []string{".rego"}}, ErrEmpty, "ends in .rego"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := open(t, tt.cfg).Fetch(context.Background(), "")
			wantError(t, err, tt.kind, tt.says, tt.cfg.Dir)
		})
	}
}

func TestAFolderOfTooManyNamesIsNotReadInPart(t *testing.T) {
	files := map[string]string{"a.yaml": ""}
	for i := range 1010 {
		files["."+strings.Repeat("x", i%200+1)+string(rune('a'+i/200))] = ""
	}
	_, err := open(t, Config{Dir: fill(t, files), Limits: Limits{Files: 1}}).Fetch(context.Background(), "")
	wantError(t, err, ErrLimit, "more than 1002 names", "limits.files")
}
