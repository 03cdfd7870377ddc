package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
)

// TAP writes a test point for each rule and document. It calls itself version 13,
// since readers that are in wide use refuse 14, but escapes as 14 says.
func TAP(w io.Writer, r render.AuditReport) error {
	var b strings.Builder
	n := 0
	for _, s := range subjects(r) {
		for _, v := range s.verdicts() {
			n++
			word := "ok"
			if v.level == failure {
				word = "not ok"
			}
			at := check{file: s.file, line: s.line}.place()
			fmt.Fprintf(&b, "%s %d - %s\n", word, n, tapText(strings.TrimSpace(at+" "+s.label())+": "+v.rule))
			tapDetails(&b, v)
		}
	}
	plan := fmt.Sprintf("1..%d", n)
	if n == 0 {
		plan += " # SKIP no document was judged"
	}
	head := "TAP version 13\n"
	if r.PolicyDigest != "" {
		head += "# policy " + render.Clean(r.PolicyDigest) + "\n"
	}
	_, err := io.WriteString(w, head+plan+"\n"+b.String())
	return err
}

// tapText escapes what would begin a directive. Cleaned text has no line breaks.
func tapText(s string) string { return strings.NewReplacer(`\`, `\\`, `#`, `\#`).Replace(s) }

// tapDetails writes what a rule says as a YAML block, where it says anything. Its
// values are JSON strings, which are YAML too; lists are not used, since the reader of
// prove takes a text with a colon in one for a map.
func tapDetails(b *strings.Builder, v verdict) {
	texts := v.texts()
	if len(texts) == 0 {
		return
	}
	worst := v.gravest()
	fmt.Fprintf(b, "  ---\n  message: %s\n  severity: %s\n", quoted(worst.text()), quoted(v.decision))
	if worst.file != "" {
		fmt.Fprintf(b, "  file: %s\n", quoted(worst.file))
	}
	if worst.line > 0 {
		fmt.Fprintf(b, "  line: %d\n", worst.line)
	}
	if worst.column > 0 {
		fmt.Fprintf(b, "  column: %d\n", worst.column)
	}
	if len(texts) > 1 {
		fmt.Fprintf(b, "  all: %s\n", quoted(strings.Join(texts, "\n")))
	}
	b.WriteString("  ...\n")
}

// quoted is s as a JSON string, on one line.
func quoted(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string in memory cannot fail
	return strings.TrimSuffix(b.String(), "\n")
}
