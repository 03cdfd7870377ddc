package policy

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
)

var objectGetRef = ast.ObjectGet.Ref()

// withLookups returns the module with a rule for each object.get of a field of the
// input, which names the field as input.a.b does: the type checker knows fields in
// references only, and a misspelt one would be its default for ever.
func withLookups(m *ast.Module) *ast.Module {
	out := m.Copy()
	roots := map[ast.Var]bool{ast.InputRootDocument.Value.(ast.Var): true}
	for _, imp := range m.Imports {
		if ref, ok := imp.Path.Value.(ast.Ref); ok && ref[0].Equal(ast.InputRootDocument) {
			roots[imp.Name()] = true
		}
	}
	add := func(operator, object, key *ast.Term) {
		ref, ok := lookup(roots, operator, object, key)
		if !ok {
			return
		}
		r := &ast.Rule{Location: object.Location, Module: out}
		r.Head = ast.NewHead(ast.Var(fmt.Sprintf("%s_lookup_%d", reserved, len(out.Rules))), nil, ast.BooleanTerm(true))
		r.Head.Location = object.Location
		r.Body = ast.NewBody(&ast.Expr{Terms: ast.NewTerm(ref).SetLocation(object.Location), Location: object.Location})
		out.Rules = append(out.Rules, r)
	}
	ast.WalkNodes(m, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.Expr:
			if terms, ok := node.Terms.([]*ast.Term); ok && len(terms) > 2 {
				add(terms[0], terms[1], terms[2])
			}
		case *ast.Term:
			if call, ok := node.Value.(ast.Call); ok && len(call) > 2 {
				add(call[0], call[1], call[2])
			}
		}
		return false
	})
	return out
}

// lookup is the field that object.get reads, where it is one of the input and its
// path is written out.
func lookup(roots map[ast.Var]bool, operator, object, key *ast.Term) (ast.Ref, bool) {
	if name, ok := operator.Value.(ast.Ref); !ok || !name.Equal(objectGetRef) {
		return nil, false
	}
	ref := ast.Ref{object}
	if r, ok := object.Value.(ast.Ref); ok {
		ref = r.Copy()
	}
	root, ok := ref[0].Value.(ast.Var)
	if !ok || !roots[root] || !ref[1:].IsGround() {
		return nil, false
	}
	ref = append(ref, lookedUp(key)...)
	for i, part := range ref {
		ref[i] = ast.NewTerm(part.Value).SetLocation(object.Location)
	}
	return ref, true
}

// lookedUp is the path that a key of object.get is, as far as it is written out:
// what lies above a variable is known.
func lookedUp(key *ast.Term) (path []*ast.Term) {
	parts := []*ast.Term{key}
	if _, ok := key.Value.(*ast.Array); ok {
		parts = elements(key)
	}
	for _, part := range parts {
		if _, ok := part.Value.(ast.String); !ok {
			break
		}
		path = append(path, part)
	}
	return path
}
