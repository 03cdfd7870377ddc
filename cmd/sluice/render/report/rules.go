package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/reconcile/rulebook"
)

// RulesMarkdown writes the rules' documentation: a section for each, with the waivers
// of it, and one for the approvals.
func RulesMarkdown(w io.Writer, list rulebook.Book) error {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# Rules\n\n%s.", list.Summary())
	for _, r := range list.Rules {
		line("\n## %s\n\n%s\n", r.ID, joined(" ", "**"+oneLine(strings.TrimSuffix(r.Title, "."))+".**", oneLine(r.Description)))
		level := string(r.Level)
		if r.LoweredFrom != "" {
			level += ", by configuration; its own is " + string(r.LoweredFrom)
		}
		line("- scope: %s\n- level: %s\n- where: %s", r.Scope, level, code(render.Clean(rulebook.Place(r.Rule))))
		for _, param := range rulebook.Params(r.Rule) {
			line("- parameter: %s", code(render.Clean(param)))
		}
		for _, w := range r.Waivers {
			line("- waiver %s for %s, **%s**, owner %s: %s (%s)", code(render.Clean(w.Name)), oneLine(rulebook.SelectorWords(w.Selector)),
				list.StandingWords(w.Standing, w.Expires), oneLine(w.Owner), oneLine(w.Reason), code(render.Clean(fmt.Sprintf("%s:%d", w.File, w.Line))))
		}
	}
	if len(list.Approvals) > 0 {
		line("\n# Approvals\n")
	}
	for _, a := range list.Approvals {
		line("- %s of plan %s by %s, **%s**: %s (%s)", code(render.Clean(a.Name)), code(render.Clean(a.PlanHash)), oneLine(a.Approver),
			list.StandingWords(a.Standing, a.Expires), oneLine(a.Reason), code(render.Clean(fmt.Sprintf("%s:%d", a.File, a.Line))))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// oneLine is prose on one line.
func oneLine(s string) string { return prose(render.Clean(strings.Join(strings.Fields(s), " "))) }
