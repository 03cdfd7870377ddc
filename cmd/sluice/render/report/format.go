package report

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
)

// Format writes an audit's report. It fails only when w does.
type Format func(w io.Writer, r render.AuditReport) error

// Formats returns the formats by the names that `sluice audit -o` takes.
func Formats() map[string]Format {
	return map[string]Format{
		"junit":    JUnit,
		"sarif":    SARIF,
		"github":   GitHub,
		"gitlab":   GitLab,
		"tap":      TAP,
		"markdown": Markdown,
	}
}

// writeJSON writes v indented, in one write. HTML is not escaped: readers of these
// formats escape what they show, and people read them too.
func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}
