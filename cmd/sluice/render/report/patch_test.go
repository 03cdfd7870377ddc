package report

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Git itself is the judge: what it applies is, byte for byte, what was meant.
func TestGitAppliesAPatch(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("needs a git binary")
	}
	long := bytes.Repeat([]byte("a line\n"), 40)
	for _, c := range []struct {
		name   string
		change Change
	}{
		{"a new file", Change{"gateways/a.yaml", nil, []byte("a\nb\n")}},
		{"a new file whose name has spaces and quotes", Change{"some where/\"a\" b\\c.yaml", nil, []byte("a\n")}},
		{"a new file with letters of other scripts", Change{"läufe/網.yaml", nil, []byte("ü\n")}},
		{"a change in the middle", Change{"a b.yaml", append(append([]byte("x\n"), long...), "y\n"...), append(append([]byte("x\nnew\n"), long...), "z\n"...)}},
		{"a file without a last line end", Change{"a.yaml", []byte("a\nb"), []byte("a\nb\nc")}},
		{"a line end at last", Change{"a.yaml", []byte("a\nb"), []byte("a\nb\n")}},
		{"Windows line ends", Change{"a.yaml", []byte("a\r\nb\r\n"), []byte("a\r\nb\r\nc\r\n")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			at := filepath.Join(dir, filepath.FromSlash(c.change.Path))
			if c.change.Before != nil {
				if err := os.WriteFile(at, c.change.Before, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			var patch bytes.Buffer
			if err := Patch(&patch, []Change{c.change}); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "git", "apply", "-")
			cmd.Dir, cmd.Stdin = dir, &patch
			text := patch.String()
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s\n%s", err, out, text)
			}
			if got, err := os.ReadFile(at); err != nil || !bytes.Equal(got, c.change.After) {
				t.Errorf("%q, %v\n%s", got, err, text)
			}
		})
	}
}
