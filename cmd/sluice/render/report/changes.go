package report

import (
	"cmp"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
)

// changes writes what became of each document since the base of a diff.
func (c *comment) changes(r render.AuditReport) {
	base := joined(" ", code(render.Clean(r.Diff.Base)), bracketed(code(short(render.Clean(r.Diff.Commit)))))
	if r.NothingChanged() {
		c.line("No document changed since " + base + "; unchanged and not judged: " + plural(r.Diff.Unchanged, "document") + ".\n")
	} else {
		c.line("Compared with " + base + "; unchanged and not judged: " + plural(r.Diff.Unchanged, "document") + ".\n")
	}
	var rows [][]string
	row := func(kind, name, file string, line int, change, was, now string) {
		s := subject{kind: render.Clean(kind), name: render.Clean(name)}
		at := check{file: render.Clean(file), line: line}.place()
		rows = append(rows, []string{joined("<br>", code(s.label()), code(at)), change, prose(render.Clean(cmp.Or(was, "–"))), "**" + prose(render.Clean(now)) + "**"})
	}
	for _, d := range r.Documents {
		row(d.Kind, d.Name, d.File, d.Line, prose(render.Clean(d.Change)), d.Was, d.Now)
	}
	for _, g := range r.Diff.Gone {
		row(g.Kind, g.Name, g.File, g.Line, "gone; its resource stays as it is", g.Was, "–")
	}
	if len(rows) > 0 {
		c.table([]string{"document", "change", "was", "now"}, rows)
	}
}

// unnamed writes the live addresses that no spec names.
func (c *comment) unnamed(list []render.AuditAddresses) {
	var rows [][]string
	for _, a := range list {
		at := ""
		if a.Spec != nil {
			at = check{file: render.Clean(a.Spec.File), line: a.Spec.Line}.place()
		}
		rows = append(rows, []string{
			joined("<br>", code(render.Clean(a.ID)), prose(render.Clean(a.Name)), code(render.Clean(a.Target))),
			code(render.Clean(a.List())), joined("<br>", prose(render.Clean(a.Why)), code(at)),
		})
	}
	c.folded("Live addresses that no spec names: "+plural(len(rows), "resource"), []string{"resource", "addresses", "why"}, rows)
}
