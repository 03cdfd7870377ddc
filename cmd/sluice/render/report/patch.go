package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// Change is a file before and after. A nil Before is a new file.
type Change struct {
	Path          string // from the root of the repository, with slashes
	Before, After []byte
}

// Patch writes changes in the form that `git apply` reads.
func Patch(w io.Writer, changes []Change) error {
	var b bytes.Buffer
	for _, c := range changes {
		before, after := gitName("a/"+c.Path), gitName("b/"+c.Path)
		fmt.Fprintf(&b, "diff --git %s %s\n", before, after)
		if c.Before == nil {
			b.WriteString("new file mode 100644\n")
			before = "/dev/null"
		}
		// A tab ends a name that may hold a space.
		fmt.Fprintf(&b, "--- %s\t\n+++ %s\t\n", before, after)
		_, hunks, _ := bytes.Cut(diff.Diff("a", c.Before, "b", c.After), []byte("\n+++ b\n"))
		b.Write(hunks)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// gitName quotes a name as Git does where it holds what could end a line or a name.
func gitName(name string) string {
	if !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' || r == 0x7f }) {
		return name
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(name) {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
