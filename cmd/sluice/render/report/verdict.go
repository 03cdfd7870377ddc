package report

import (
	"slices"
	"strings"
)

// verdict is all that one rule says of a subject, for the formats that think in test
// cases: a rule may say several things, and a test case has one result.
type verdict struct {
	rule     string
	decision string // the gravest
	level    level
	checks   []check
}

// verdicts puts a subject's checks together by rule, in the order of their first.
func (s subject) verdicts() []verdict {
	var list []verdict
	for _, c := range s.checks {
		i := slices.IndexFunc(list, func(v verdict) bool { return v.rule == c.rule })
		if i < 0 {
			i = len(list)
			list = append(list, verdict{rule: c.rule, decision: c.decision, level: c.level})
		}
		v := &list[i]
		v.checks = append(v.checks, c)
		if c.level > v.level || c.level == failure && c.decision == "error" { // an error is graver than a denial
			v.level, v.decision = c.level, c.decision
		}
	}
	return list
}

// texts is what a verdict's checks say, each with its place; nothing for a plain pass.
func (v verdict) texts() []string {
	var list []string
	for _, c := range v.checks {
		if c.level == passed && c.msg == "" {
			continue
		}
		var parts []string
		if at := c.place(); at != "" {
			parts = append(parts, at)
		}
		list = append(list, strings.Join(append(parts, c.decision, c.text()), ": "))
	}
	return list
}

// gravest is the first check that made a verdict what it is.
func (v verdict) gravest() check {
	return v.checks[slices.IndexFunc(v.checks, func(c check) bool { return c.level == v.level && c.decision == v.decision })]
}
