package policy

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// varUse is what the condition of a rule does with variables.
type varUse struct {
	used  ast.VarSet // anywhere in it
	bound ast.VarSet // given a value by it, or found by iteration
}

// outsideMessage gathers the variables of the expressions that are not message.
func outsideMessage(body ast.Body, isMessage []bool) *varUse {
	u := &varUse{used: ast.NewVarSet(), bound: ast.NewVarSet()}
	for i, expr := range body {
		if !isMessage[i] {
			u.add(expr)
		}
	}
	return u
}

func (u *varUse) add(expr *ast.Expr) {
	if decl, ok := expr.Terms.(*ast.SomeDecl); ok && isPlainDecl(decl) {
		return // "some x" alone neither needs nor finds a value
	}
	ast.WalkVars(expr, func(v ast.Var) bool {
		u.used.Add(v)
		return false
	})
	if !expr.Negated {
		u.bound.Update(found(expr))
	}
}

// found returns the variables to which an expression gives a value: by
// assignment, by "some x in list", by a call's pattern, or as an index that
// iterates. Bodies of comprehensions have their own.
func found(expr *ast.Expr) ast.VarSet {
	vars := ast.NewVarSet()
	vars.Update(assigned(expr))
	switch terms := expr.Terms.(type) {
	case *ast.SomeDecl:
		for _, symbol := range terms.Symbols {
			if call, ok := symbol.Value.(ast.Call); ok {
				for _, arg := range call[1 : len(call)-1] {
					vars.Update(patternVars(arg))
				}
				vars.Update(indexes(call[len(call)-1]))
			}
		}
	case []*ast.Term:
		if expr.IsCall() && len(terms) > 1 {
			vars.Update(patternVars(terms[len(terms)-1])) // walk(x, [path, value])
		}
		for _, term := range terms[1:] {
			vars.Update(indexes(term))
		}
	case *ast.Term:
		vars.Update(indexes(terms))
	}
	return vars
}

// indexes returns the variables inside the brackets of references: i of list[i].
func indexes(x any) ast.VarSet {
	vars := ast.NewVarSet()
	ast.NewGenericVisitor(func(node any) bool {
		switch v := node.(type) {
		case *ast.ArrayComprehension, *ast.SetComprehension, *ast.ObjectComprehension, *ast.Every:
			return true
		case ast.Ref:
			for _, term := range v[1:] {
				if name, ok := term.Value.(ast.Var); ok {
					vars.Add(name)
				}
			}
		}
		return false
	}).Walk(x)
	return vars
}

// neededOutside reports whether body[i], taken as message so far, must be part of
// the condition: the condition uses its variables, or needs a variable that only
// it can find, or two expressions give one variable a value, or it just iterates.
func neededOutside(body ast.Body, i int, isMessage []bool, outside *varUse) bool {
	defines := assigned(body[i])
	for v := range defines {
		if outside.used.Contains(v) {
			return true
		}
		for j, other := range body {
			if j != i && isMessage[j] && assigned(other).Contains(v) {
				return true
			}
		}
	}
	for v := range indexes(body[i]) {
		if outside.used.Contains(v) && !outside.bound.Contains(v) {
			return true
		}
	}
	return iterates(body[i], body, outside)
}

// iterates reports "x := list[_]" and "x := list[i]" where nothing else finds i.
func iterates(expr *ast.Expr, body ast.Body, outside *varUse) bool {
	for _, term := range []*ast.Term{expr.Operand(0), expr.Operand(1)} {
		ref, ok := term.Value.(ast.Ref)
		if !ok {
			continue
		}
		for _, part := range ref[1:] {
			v, ok := part.Value.(ast.Var)
			if ok && (v.IsWildcard() || !outside.bound.Contains(v) && !assignedIn(body, v)) {
				return true
			}
		}
	}
	return false
}

func assignedIn(body ast.Body, v ast.Var) bool {
	for _, expr := range body {
		if assigned(expr).Contains(v) {
			return true
		}
	}
	return false
}
