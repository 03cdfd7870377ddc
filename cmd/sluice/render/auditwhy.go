package render

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/seed-6ca89210/sluice/policy"
)

// auditWhy writes why rules fired, or did not: all conditions of a decision that was
// made, and of another the one where it ended. What was decided comes first.
func (p *page) auditWhy(list []policy.Explanation) {
	if len(list) == 0 {
		return
	}
	p.entry(quiet, "why")
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b policy.Explanation) int { return cmp.Compare(fired(b), fired(a)) })
	for _, x := range list {
		word, conditions := span{decisionInk(x.Kind), x.Kind}, x.Conditions
		if !x.Fired {
			word = span{quiet, "no " + x.Kind}
			conditions = conditions[max(0, len(conditions)-1):]
		}
		p.gap(4)
		p.put(word.ink, word.text)
		p.tab(4 + len("no deny") + 2)
		p.flow(span{plain, x.Rule}, span{quiet, position(x.File, x.Line)})
		for _, c := range conditions {
			p.auditCondition(c)
		}
	}
}

func fired(x policy.Explanation) int {
	if x.Fired {
		return 1
	}
	return 0
}

// auditCondition writes one condition, and below it the values that it was tried with.
func (p *page) auditCondition(c policy.Condition) {
	word := span{good, "holds"}
	if !c.Holds {
		word = span{due, "not true"}
	}
	p.gap(6)
	p.put(word.ink, word.text)
	p.tab(6 + len("not true") + 2)
	p.flow(span{quiet, fmt.Sprint(c.Line)}, span{plain, c.Text})
	for _, v := range c.Values {
		p.under(6+len("not true")+2+6, span{quiet, v.Name + " is " + v.Value})
	}
}
