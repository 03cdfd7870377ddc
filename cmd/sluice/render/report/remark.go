package report

import (
	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
	"github.com/seed-6ca89210/sluice/reconcile/plan"
)

// standing is whether a document's resource can be planned, and what is to come.
func standing(d render.AuditDocument, file string) check {
	c := check{rule: planRule, decision: "pass", path: d.File, file: file, line: d.Line}
	state, reason := render.Clean(string(d.Live.State)), cleanLines(d.Live.Reason)
	switch {
	case d.Live.State == plan.Error && reason != "":
		c.decision, c.level, c.msg = "error", failure, reason
	case !d.Live.Plannable():
		c.decision, c.level, c.msg = "error", failure, joined(": ", state, reason)
	case d.Live.State == plan.Pending, d.Live.State == plan.Converging:
		c.msg = joined(": ", state, reason)
	}
	return c
}

// remarks are what is worth knowing beside the documents. Each is of no file, but
// for the addresses of a resource that a spec names.
func remarks(r render.AuditReport) []subject {
	var list []subject
	add := func(name string, checks []check) {
		if len(checks) > 0 {
			list = append(list, subject{name: name, checks: checks, remark: true})
		}
	}
	var diff, live []check
	if r.Diff != nil {
		if r.NothingChanged() {
			diff = append(diff, check{rule: changedRule, decision: "pass", msg: render.Clean(r.Diff.None())})
		}
		for _, g := range r.Diff.Gone {
			diff = append(diff, check{rule: goneRule, decision: noteDecision, level: note, msg: goneText(g)})
		}
	}
	if r.Live != nil {
		for _, a := range r.Live.Unnamed {
			c := check{rule: unnamedRule, decision: noteDecision, level: note, msg: unnamedText(a)}
			if a.Spec != nil {
				c.path, c.file, c.line = a.Spec.File, render.Clean(a.Spec.File), a.Spec.Line
			}
			live = append(live, c)
		}
	}
	add("changes", diff)
	add("live addresses", live)
	return list
}

func goneText(g render.AuditGone) string {
	s := subject{kind: render.Clean(g.Kind), name: render.Clean(g.Name)}
	at := check{file: render.Clean(g.File), line: g.Line}.place()
	return s.label() + " (" + at + ") is gone, and was " + render.Clean(g.Was) + "; its resource stays as it is"
}

func unnamedText(a render.AuditAddresses) string {
	id := joined(" ", render.Clean(a.ID), bracketed(render.Clean(a.Name)))
	return id + " in target " + render.Clean(a.Target) + " holds " + render.Clean(a.List()) + ": " + render.Clean(a.Why)
}

func bracketed(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}
