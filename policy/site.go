package policy

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// site is where a decision comes from; an entry carries its number.
type site struct {
	rule  string
	scope Scope
	kind  string
	at    *ast.Location
	path  string    // of its entries that name none
	off   *ast.Expr // the condition by which parameters switch it off; nil: none does
}

func newSite(m *module, r *ast.Rule) site {
	return site{rule: m.id(), scope: m.scope, kind: ruleName(r), at: r.Location, path: blames(m, r)}
}

// switchedOff notes a decision that parameters switch off.
func (e *Engine) switchedOff(decision *ast.Rule, condition *ast.Expr) {
	for i, s := range e.sites {
		if placeOf(s.at) == placeOf(decision.Location) {
			e.sites[i].off = condition
		}
	}
}

// blames returns as a JSON pointer which part of the document a decision looks at
// most closely: the longest path into the document that its rule names, the last
// of several, since rules say first what they are about and last what is wrong.
// When it names none, the helpers that it reads are asked. Empty: not known.
func blames(m *module, r *ast.Rule) string {
	best := deepest(m.scope, r)
	if best != "" {
		return best
	}
	named := ast.NewVarSet()
	ast.WalkVars(r, func(v ast.Var) bool {
		named.Add(v)
		return false
	})
	for _, helper := range m.parsed.Rules {
		if !named.Contains(ast.Var(ruleName(helper))) {
			continue
		}
		if path := deepest(m.scope, helper); depth(path) >= depth(best) {
			best = path
		}
	}
	return best
}

// deepest returns the longest path into the document that x names, the last of
// several as long.
func deepest(scope Scope, x any) string {
	best := ""
	ast.WalkRefs(x, func(ref ast.Ref) bool {
		if path := documentPath(scope, ref); path != "" && depth(path) >= depth(best) {
			best = path
		}
		return false
	})
	return best
}

func depth(path string) int { return strings.Count(path, "/") }

// documentPath is the part of a reference that leads into the document: below
// input for spec rules, below input.document for action rules. Plan rules see none.
func documentPath(scope Scope, ref ast.Ref) string {
	if !ref[0].Equal(ast.InputRootDocument) || scope == ScopePlan {
		return ""
	}
	ref = ref[1:]
	if scope == ScopeAction {
		if len(ref) == 0 || ref[0].Value.Compare(ast.String("document")) != 0 {
			return ""
		}
		ref = ref[1:]
	}
	var b strings.Builder
	if len(ref) == 0 || !slices.ContainsFunc(documentFields, func(f ast.String) bool { return ref[0].Value.Compare(f) == 0 }) {
		return ""
	}
	for _, term := range ref {
		key, ok := term.Value.(ast.String)
		if !ok {
			break
		}
		b.WriteString("/" + pointerEscape.Replace(string(key)))
	}
	return b.String()
}

// documentFields are the fields of a document as it is written; file and line are not.
var documentFields = []ast.String{"apiVersion", "kind", "metadata", "spec"}

// pointerEscape writes a key as RFC 6901 has it.
var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

// isPointer reports a JSON pointer (RFC 6901); the empty one is the whole document.
func isPointer(s string) bool {
	if s != "" && s[0] != '/' {
		return false
	}
	for rest := s; ; {
		_, after, found := strings.Cut(rest, "~")
		if !found {
			return true
		}
		if after == "" || after[0] != '0' && after[0] != '1' {
			return false
		}
		rest = after
	}
}
