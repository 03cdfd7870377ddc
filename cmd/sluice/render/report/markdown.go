package report

import (
	"io"
	"strings"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
)

// Markdown writes a report for a comment on a pull request: what is no pass in one
// table, the gravest first, and the rules that pass folded below.
// With EC2 asked, the plan follows: what would be done, and what converges when.
func Markdown(w io.Writer, r render.AuditReport) error {
	text := auditComment(r)
	if r.Live != nil {
		text += "\n" + planComment(r.Live.Plan, r.Live.Commit)
	}
	_, err := io.WriteString(w, text)
	return err
}

func auditComment(r render.AuditReport) string {
	var c comment
	c.begin("audit", "`sluice audit -o json` lists them all.")
	s := r.Count()
	policy := ""
	if r.PolicyDigest != "" {
		policy = "Policy " + code(short(render.Clean(r.PolicyDigest)))
	}
	c.line(joined("<br>", tally(plural(s.Documents, "document"), some(s.Faulty, "with errors"), some(s.Denied, "denied"), some(s.Held, "held"),
		some(s.Passed, "passed"), anyOf(s.Warnings, "warning"), anyOf(s.Problems, "problem")), policy) + "\n")
	var all []subject
	for _, s := range subjects(r) {
		if !s.remark { // those have tables of their own
			all = append(all, s)
		}
	}
	if r.Diff != nil {
		c.changes(r)
	}
	if rows := findings(all); len(rows) > 0 {
		c.table([]string{"decision", "document", "rule", "says"}, rows)
	}
	rows, n := passes(all)
	c.folded(plural(n, "check")+" passed", []string{"document", "rules that pass"}, rows)
	if r.Live != nil {
		c.unnamed(r.Live.Unnamed)
	}
	return c.b.String()
}

// findings are the rows of what is no pass.
func findings(all []subject) (rows [][]string) {
	for _, l := range []level{failure, warning, note} {
		for _, s := range all {
			for _, c := range s.checks {
				if c.level == l {
					rows = append(rows, []string{
						"**" + prose(c.decision) + "**", joined("<br>", code(s.label()), code(c.place())), code(c.rule), prose(c.text()),
					})
				}
			}
		}
	}
	return rows
}

// passes are the rows of the rules that pass, a document on each, and their number.
func passes(all []subject) (rows [][]string, n int) {
	for _, s := range all {
		var rules []string
		for _, c := range s.checks {
			if c.level != passed {
				continue
			}
			n++
			rules = append(rules, joined(": ", code(c.rule), prose(c.msg)))
		}
		if len(rules) > 0 {
			at := check{file: s.file, line: s.line}.place()
			rows = append(rows, []string{joined("<br>", code(s.label()), code(at)), strings.Join(rules, ", ")})
		}
	}
	return rows, n
}

// short cuts a commit's id or a digest to what people compare.
func short(id string) string {
	if _, rest, found := strings.Cut(id, ":"); found {
		id = rest
	}
	return clip(id, 13)
}
