package report

import (
	"fmt"
	"strings"
)

// commentLimit is how many bytes a Markdown report may have. GitHub refuses comments
// of more than 65,536 characters; an audit and a plan fit into one.
const commentLimit = 30_000

// comment is a Markdown text that knows how long it may become.
type comment struct {
	b    strings.Builder
	more string // says where the rest is to be found
}

// begin starts with a mark by which a workflow finds its own comment again.
func (c *comment) begin(title, more string) {
	c.more = more
	fmt.Fprintf(&c.b, "<!-- sluice %s -->\n## %s\n\n", title, strings.ToUpper(title[:1])+title[1:])
}

// line writes a line that is never left out: few and short.
func (c *comment) line(text string) { c.b.WriteString(text + "\n") }

// table writes rows of cells while there is room, and counts the others. A blank
// line ends it.
func (c *comment) table(head []string, rows [][]string) {
	c.row(head)
	c.line(strings.Repeat("|---", len(head)) + "|")
	left := 0
	for _, cells := range rows {
		size := 0
		for _, cell := range cells {
			size += len(cell) + len(" | ")
		}
		if c.b.Len()+size > commentLimit {
			left++
			continue
		}
		c.row(cells)
	}
	if left > 0 {
		c.line(fmt.Sprintf("\n%d more: %s", left, c.more))
	}
	c.line("")
}

func (c *comment) row(cells []string) { c.line("| " + strings.Join(cells, " | ") + " |") }

// folded writes a table that is opened by a click.
func (c *comment) folded(title string, head []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	c.line("<details><summary>" + title + "</summary>\n") // the blank line makes what follows Markdown
	c.table(head, rows)
	c.line("</details>\n")
}

// tally says how many there are in all, and of which kinds: those that are none are
// empty.
func tally(whole string, kinds ...string) string {
	return joined(": ", "**"+whole+"**", joined(", ", kinds...))
}

// some is a number of something, or nothing when there is none.
func some(n int, text string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d %s", n, text)
}

// plural says how many there are of something.
func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// anyOf is a plural, or nothing when there is none.
func anyOf(n int, one string) string {
	if n == 0 {
		return ""
	}
	return plural(n, one)
}
