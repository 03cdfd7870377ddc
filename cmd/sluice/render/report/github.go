package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
)

// GitHub writes workflow commands that annotate a change, the gravest first: GitHub
// shows ten errors and ten warnings of a step. Rules that pass are plain lines in a
// folded group, since every annotation counts.
func GitHub(w io.Writer, r render.AuditReport) error {
	var b strings.Builder
	all := subjects(r)
	for _, l := range []struct {
		level   level
		command string
	}{{failure, "error"}, {warning, "warning"}, {note, "notice"}} {
		for _, s := range all {
			for _, c := range s.checks {
				if c.level == l.level {
					annotation(&b, l.command, s, c)
				}
			}
		}
	}
	var lines []string
	for _, s := range all {
		for _, c := range s.checks {
			if c.level == passed {
				lines = append(lines, plainLine(joined(" ", "pass", c.rule, c.place(), s.label(), c.msg)))
			}
		}
	}
	if len(lines) > 0 {
		b.WriteString("::group::Rules that pass\n" + strings.Join(lines, "\n") + "\n::endgroup::\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// annotation writes one command. The runner splits properties at commas and colons,
// and knows a value by its first equals sign.
func annotation(b *strings.Builder, command string, s subject, c check) {
	var properties []string
	add := func(name, value string) { properties = append(properties, name+"="+property.Replace(value)) }
	if c.file != "" {
		add("file", c.file)
		if c.line > 0 {
			add("line", fmt.Sprint(c.line))
		}
		if c.line > 0 && c.column > 0 {
			add("col", fmt.Sprint(c.column))
		}
	}
	add("title", c.decision+" "+c.rule+" ("+s.label()+")")
	fmt.Fprintf(b, "::%s %s::%s\n", command, strings.Join(properties, ","), data.Replace(c.text()))
}

// What the runner decodes again. Replacers are safe to share and never change.
var (
	data     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// plainLine keeps a line of output from being a command: the runner looks for the
// old form anywhere in it, and for the new one at its beginning, where a word of
// ours stands.
func plainLine(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\n", `\n`), "##[", `##\[`)
}
