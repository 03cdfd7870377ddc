package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func regular(name string, size int) tar.Header {
	return tar.Header{Name: name, Typeflag: tar.TypeReg, Size: int64(size)}
}

func TestATarIsRefusedWhen(t *testing.T) {
	zeros := strings.Repeat("\x00", 2<<20)
	for _, tc := range []struct {
		name string
		data []byte
		want string
	}{
		{"it is empty", nil, "it is no gzip'd tar"},
		{"it is no gzip", []byte("package x"), "it is no gzip'd tar"},
		{"it is cut short", files{"a.rego": keepTwo}.packed(t)[:80], "it is damaged or cut short"},
		{"it holds nothing", files{}.packed(t), "it holds no rule"},
		{"a path leads out", files{"../a.rego": "x"}.packed(t), `the path "../a.rego" leads out of the bundle`},
		{"a path leads out in its middle", files{"a/../../b.rego": "x"}.packed(t), "leads out of the bundle"},
		{"a path is absolute twice", files{"//etc/a.rego": "x"}.packed(t), "leads out of the bundle"},
		{"a path has a backslash", files{`a\..\b.rego`: "x"}.packed(t), "leads out of the bundle"},
		{"a path has a control character", files{"a\x1b[2J.rego": "x"}.packed(t), "cannot be read"},
		{"a path is very long", files{strings.Repeat("a/", 600) + "b.rego": "x"}.packed(t), "cannot be read"},
		{"a file is there twice", tarball(t, []tar.Header{regular("/a.rego", 1), regular("a.rego", 1)}, files{"/a.rego": "x", "a.rego": "y"}), "the file a.rego is there twice"},
		{"a file has the root's name", files{".": "x"}.packed(t), "is there twice"},
		{"an entry is a link", tarball(t, []tar.Header{{Name: "a.rego", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}}, nil), "a.rego is a link or a device"},
		{"an entry is a hard link", tarball(t, []tar.Header{{Name: "a.rego", Typeflag: tar.TypeLink, Linkname: "b.rego"}}, nil), "a.rego is a link or a device"},
		{"an entry is a pipe", tarball(t, []tar.Header{{Name: "a.rego", Typeflag: tar.TypeFifo}}, nil), "a.rego is a link or a device"},
		{"a file is huge", files{"a.rego": zeros}.packed(t), "a.rego has 2097152 bytes, more than 1048576"},
		{"it is a bomb", bomb(t, 34), "unpacked it has more than 33554432 bytes"},
		{"its files are many", many(t, 10_001), "it holds more than 10000 entries"},
		{"its files are large together", large(t, 17), "its files have more than 16777216 bytes"},
		{"a rule is compiled", files{"a.rego": keepTwo, "policy.wasm": "x"}.packed(t), "policy.wasm is compiled"},
		{"a plan is in it", files{"a.rego": keepTwo, "x/plan.json": "{}"}.packed(t), "x/plan.json is compiled"},
		{"it is a delta", files{"patch.json": "{}"}.packed(t), "patch.json makes it a delta"},
		{"data lies in a folder", files{"a.rego": keepTwo, "params/keep_two/data.json": "{}"}.packed(t), "OPA would put this data below data.params.keep_two"},
		{"it holds a waiver", files{"a.rego": keepTwo, "waivers.yaml": "kind: Waiver"}.packed(t), "waivers.yaml: a bundle holds rules and data; waivers and approvals stand in a folder"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := read(t, tc.data, Config{})
			wantError(t, err, tc.want)
		})
	}
}

// bomb is a small file that unpacks to many MiB in few entries and no file: they are
// remarks, each as long as archive/tar takes them.
func bomb(t *testing.T, mib int) []byte {
	t.Helper()
	var headers []tar.Header
	for range mib {
		headers = append(headers, tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": strings.Repeat("0", 1<<20-100)}})
	}
	packed := tarball(t, headers, nil)
	if len(packed) > mib<<13 {
		t.Fatalf("the bomb has %d bytes", len(packed))
	}
	return packed
}

func many(t *testing.T, n int) []byte {
	t.Helper()
	var headers []tar.Header
	for i := range n {
		headers = append(headers, regular(fmt.Sprintf("%d.rego", i), 0))
	}
	return tarball(t, headers, nil)
}

func large(t *testing.T, n int) []byte {
	t.Helper()
	f := files{}
	for i := range n {
		f[fmt.Sprintf("%d.rego", i)] = strings.Repeat("#", 1<<20)
	}
	return f.packed(t)
}

func TestFoldersHiddenFilesAndRemarksAreNoRules(t *testing.T) {
	packed := tarball(t, []tar.Header{
		{Typeflag: tar.TypeXGlobalHeader, Name: "pax_global_header", PAXRecords: map[string]string{"comment": "a commit"}},
		{Name: "./", Typeflag: tar.TypeDir}, {Name: "./rules/", Typeflag: tar.TypeDir},
		regular("./rules/a.rego", 1), regular("._a.rego", 1), regular(".manifest", 1), regular("README.md", 1), regular("tests.json", 1),
	}, files{"./rules/a.rego": "x", "._a.rego": "x", ".manifest": "x", "README.md": "x", "tests.json": "x"})
	b, err := read(t, packed, Config{})
	if err != nil || len(b.Files) != 1 || b.Files[0].Path != "rules/a.rego" {
		t.Errorf("%+v, %v", b, err)
	}
}

func TestWhatIsNoFileIsNotRead(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe.tar.gz")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{dir: "this is not a file", pipe: "this is not a file", filepath.Join(dir, "none"): "none: no such file or directory"} {
		s, err := Open(Config{File: file})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Read(t.Context(), nil)
		wantError(t, err, want)
	}
}

func FuzzUnpackEndsAndKeepsToItsLimits(f *testing.F) {
	for _, seed := range [][]byte{nil, []byte("\x1f\x8b"), {}} {
		f.Add(seed)
	}
	limits := Limits{Packed: 1 << 16, Unpacked: 1 << 18, Entries: 10, File: 1 << 12, Total: 1 << 14}
	f.Fuzz(func(t *testing.T, tarred []byte) {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed) // gzip's own checksum would stop most inputs at the door
		_, _ = z.Write(tarred)
		_ = z.Close()
		entries, err := unpack(packed.Bytes(), limits)
		if err != nil {
			return
		}
		total := 0
		for _, e := range entries {
			total += len(e.data)
			if strings.HasPrefix(e.path, "/") || strings.Contains("/"+e.path+"/", "/../") {
				t.Errorf("path %q", e.path)
			}
		}
		if len(entries) > limits.Entries || int64(total) > limits.Total {
			t.Errorf("%d entries of %d bytes", len(entries), total)
		}
	})
}
