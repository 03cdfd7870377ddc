package policy

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// checkEnums refuses a comparison of a field of the input with a text that the field
// never has: OPA's type checker takes any text, and the rule would never fire.
func (l *loader) checkEnums(m *module, schema any) {
	ast.WalkExprs(m.parsed, func(expr *ast.Expr) bool {
		if !expr.IsCall() || len(expr.Operands()) < 2 {
			return false
		}
		a, b := expr.Operand(0), expr.Operand(1)
		switch expr.Operator().String() {
		case ast.Equal.Name, ast.NotEqual.Name, ast.Equality.Name, ast.Assign.Name:
			l.checkEnum(schema, a, b)
			l.checkEnum(schema, b, a)
		case ast.Member.Name: // field in {…}
			for _, element := range elements(b) {
				l.checkEnum(schema, a, element)
			}
		}
		return false
	})
}

// checkEnum compares one field with one value.
func (l *loader) checkEnum(schema any, field, value *ast.Term) {
	ref, isRef := field.Value.(ast.Ref)
	text, isText := value.Value.(ast.String)
	if !isRef || !isText || text == "" || !ref[0].Equal(ast.InputRootDocument) {
		return // whether a field is empty may be asked
	}
	allowed := enumOf(schema, ref[1:])
	if len(allowed) == 0 {
		return
	}
	for _, a := range allowed {
		if a == string(text) {
			return
		}
	}
	l.at(value.Location, "%s is never %s%s: it is %s", ref, text, didYouMean(string(text), allowed), strings.Join(allowed, ", "))
}

// elements are the members of a set or an array as it is written.
func elements(t *ast.Term) []*ast.Term {
	var list []*ast.Term
	switch v := t.Value.(type) {
	case ast.Set:
		list = v.Slice()
	case *ast.Array:
		v.Foreach(func(e *ast.Term) { list = append(list, e) })
	}
	return list
}

// enumOf finds the texts that a schema allows at a path; none when it allows any.
func enumOf(schema any, path ast.Ref) []string {
	for _, step := range path {
		node, _ := schema.(map[string]any)
		if name, ok := step.Value.(ast.String); ok {
			properties, _ := node["properties"].(map[string]any)
			schema = properties[string(name)]
		} else {
			schema = node["items"]
		}
	}
	node, _ := schema.(map[string]any)
	values, _ := node["enum"].([]any)
	var list []string
	for _, v := range values {
		if s, ok := v.(string); ok {
			list = append(list, s)
		}
	}
	return list
}
