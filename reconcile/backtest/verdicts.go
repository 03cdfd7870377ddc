package backtest

import (
	"maps"
	"slices"
)

// grades orders decisions, the least grave first. One that is not known is the
// gravest.
var grades = []string{"pass", "allow", "waived", "cap", "warn", "hold", "deny", "error"}

// verdict is the gravest thing that a rule said, and its words.
type verdict struct{ decision, msg string }

// verdicts is what each rule said of one subject.
type verdicts map[string]verdict

func (v verdicts) add(rule, decision, msg string) {
	if have, ok := v[rule]; !ok || grade(decision) > grade(have.decision) {
		v[rule] = verdict{decision, msg}
	}
}

func grade(decision string) int {
	if i := slices.Index(grades, decision); i >= 0 {
		return i
	}
	return len(grades)
}

// flips lists the rules that do not say the same on both sides, by their ids. A
// rule that is there on one side only passes on the other.
func flips(was, is verdicts, about Flip) []Flip {
	rules := map[string]bool{}
	for rule := range was {
		rules[rule] = true
	}
	for rule := range is {
		rules[rule] = true
	}
	var list []Flip
	for _, rule := range slices.Sorted(maps.Keys(rules)) {
		before, after := was.of(rule), is.of(rule)
		if before.decision == after.decision {
			continue
		}
		about.Rule, about.Was, about.Is, about.Msg = rule, before.decision, after.decision, after.msg
		if about.Msg == "" {
			about.Msg = before.msg
		}
		list = append(list, about)
	}
	return list
}

func (v verdicts) of(rule string) verdict {
	if said, ok := v[rule]; ok {
		return said
	}
	return verdict{decision: "pass"}
}
