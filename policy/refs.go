package policy

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
)

var (
	paramsRef  = ast.MustParseRef("data.params")
	sluiceRef  = ast.MustParseRef("data.sluice")
	sprintfVar = ast.Var("sprintf")
)

// checkSprintf keeps the building of messages where [guarded] watches over it.
// Anywhere else an undefined argument would drop an entry and nobody would know.
func (l *loader) checkSprintf(r *ast.Rule) {
	const advice = "; build the text in the message of the decision, or in a function that the message calls"
	switch {
	case isDecision(r) && !r.Default:
		condition, _ := split(r)
		for _, expr := range condition {
			if loc := findSprintf(expr); loc != nil {
				l.at(loc, "sprintf in a condition: were an argument undefined, the rule would pass without a word%s", advice)
			}
		}
	case isSet(r) || len(r.Head.Ref()) > 1:
		if loc := findSprintf(r); loc != nil {
			l.at(loc, "sprintf in a helper set or object: were an argument undefined, the entry would be missing without a word%s", advice)
		}
	default:
		ast.WalkClosures(r, func(closure any) bool {
			if loc := findSprintf(closure); loc != nil {
				l.at(loc, "sprintf in a comprehension: were an argument undefined, the entry would be missing without a word%s", advice)
				return true
			}
			return false
		})
	}
}

// findSprintf returns where x calls sprintf, or nil.
func findSprintf(x any) (loc *ast.Location) {
	ast.WalkRefs(x, func(ref ast.Ref) bool {
		if loc == nil && len(ref) == 1 && ref[0].Value.Compare(sprintfVar) == 0 {
			if loc = ref[0].Location; loc == nil {
				loc = &ast.Location{}
			}
		}
		return loc != nil
	})
	return loc
}

// checkDataRefs refuses every reference to data that is not there. For OPA such a
// reference is only undefined, and that is a rule that never fires. The modules
// are compiled, so imports are resolved.
func (l *loader) checkDataRefs(c *ast.Compiler, modules []*module) {
	for _, m := range modules {
		ast.WalkRefs(c.Modules[m.file], func(ref ast.Ref) bool {
			if !ref[0].Equal(ast.DefaultRootDocument) {
				return false
			}
			if problem := m.wrongDataRef(c, ref); problem != "" {
				l.at(ref[0].Location, "%s", problem)
			}
			return false
		})
	}
}

func (m *module) wrongDataRef(c *ast.Compiler, ref ast.Ref) string {
	switch {
	case ref.HasPrefix(paramsRef):
		return "" // the type checker knows its fields
	case !ref.HasPrefix(sluiceRef):
		return fmt.Sprintf("%s does not exist: data holds data.params and the packages data.sluice.…", ref)
	case len(ref) < 4 || !ref[:min(5, len(ref))].IsGround():
		return fmt.Sprintf("%s: name package and rule in full, data.sluice.<scope>.<name>.<rule>", ref)
	}
	// A rule sees the input of its own scope only.
	if part := ref[2].Value; part.Compare(ast.String(libPart)) != 0 && part.Compare(ast.String(m.scope)) != 0 {
		return fmt.Sprintf("%s is of another scope: its input is not this rule's input", ref)
	}
	// Up to the rule's name; what lies below it is for the type checker.
	if len(c.GetRules(ref[:min(5, len(ref))])) == 0 {
		return fmt.Sprintf("%s does not exist: no package here defines it", ref)
	}
	return ""
}
