package policy

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// decisionSet is the set that the engine queries. For every
// "deny contains H if { C; M }", with condition C and message M, it has
//
//	__sluice contains [site, [H | M]] if { C }
//
// A message that is undefined makes the list empty, where in the set deny it
// would make the entry vanish. deny itself stays as it is for other rules to read.
const decisionSet = reserved + "_decisions"

// guarded returns the rule to evaluate in place of a decision rule.
func guarded(r *ast.Rule, number int) *ast.Rule {
	r = r.Copy()
	condition, message := split(r)
	if len(condition) == 0 {
		condition = ast.NewBody(constTrue(r.Location))
	}
	if len(message) == 0 {
		message = ast.NewBody(constTrue(r.Location))
	}
	entries := &ast.Term{Value: &ast.ArrayComprehension{Term: r.Head.Key, Body: message}, Location: r.Head.Key.Location}
	key := ast.ArrayTerm(ast.IntNumberTerm(number).SetLocation(r.Location), entries).SetLocation(r.Location)
	name := ast.VarTerm(decisionSet).SetLocation(r.Location)
	r.Head = &ast.Head{Name: ast.Var(decisionSet), Reference: ast.Ref{name}, Key: key, Location: r.Head.Location}
	r.Body = condition
	return r
}

func constTrue(loc *ast.Location) *ast.Expr {
	return &ast.Expr{Terms: ast.BooleanTerm(true).SetLocation(loc), Location: loc}
}

// split divides the body of a decision rule into condition and message. It starts
// from every assignment and takes back into the condition what the condition
// needs, until nothing changes.
func split(r *ast.Rule) (condition, message ast.Body) {
	isMessage := make([]bool, len(r.Body))
	for i, expr := range r.Body {
		isMessage[i] = len(assigned(expr)) > 0
	}
	for changed := true; changed; {
		changed = false
		outside := outsideMessage(r.Body, isMessage)
		for i, expr := range r.Body {
			if isMessage[i] && neededOutside(r.Body, i, isMessage, outside) {
				isMessage[i], changed = false, true
				outside.add(expr)
			}
		}
	}
	moved := ast.NewVarSet()
	for i, expr := range r.Body {
		if isMessage[i] {
			moved.Update(assigned(expr))
		}
	}
	for i, expr := range r.Body {
		switch decl, ok := expr.Terms.(*ast.SomeDecl); {
		case isMessage[i]:
			message.Append(expr)
		case ok && isPlainDecl(decl):
			stay, go_ := divideDecl(expr, decl, moved)
			appendIf(&condition, stay)
			appendIf(&message, go_)
		default:
			condition.Append(expr)
		}
	}
	return condition, message
}

func appendIf(body *ast.Body, expr *ast.Expr) {
	if expr != nil {
		body.Append(expr)
	}
}

// assigned returns the variables that "x := …", "x = …" or "[x, y] := …" gives a
// value, or nil when the expression does anything else.
func assigned(expr *ast.Expr) ast.VarSet {
	if expr.Negated || (!expr.IsAssignment() && !expr.IsEquality()) {
		return nil
	}
	left, right := expr.Operand(0), expr.Operand(1)
	if left == nil || right == nil {
		return nil
	}
	if vars := patternVars(left); len(vars) > 0 {
		return vars
	}
	if expr.IsEquality() {
		return patternVars(right)
	}
	return nil
}

// patternVars returns the variables of a pattern made of variables, arrays and
// objects only; nil for any other term.
func patternVars(term *ast.Term) ast.VarSet {
	vars := ast.NewVarSet()
	switch v := term.Value.(type) {
	case ast.Var:
		if !v.IsWildcard() {
			vars.Add(v)
		}
		return vars
	case *ast.Array, ast.Object:
		pure := true
		ast.WalkTerms(v, func(t *ast.Term) bool {
			switch inner := t.Value.(type) {
			case ast.Var:
				if !inner.IsWildcard() {
					vars.Add(inner)
				}
			case ast.Ref, ast.Call, *ast.ArrayComprehension, *ast.SetComprehension, *ast.ObjectComprehension:
				pure = false
			}
			return !pure
		})
		if pure {
			return vars
		}
	}
	return nil
}

// divideDecl splits "some a, b" into what the condition and the message declare.
func divideDecl(expr *ast.Expr, decl *ast.SomeDecl, moved ast.VarSet) (stay, leave *ast.Expr) {
	var in, out []*ast.Term
	for _, symbol := range decl.Symbols {
		if moved.Contains(symbol.Value.(ast.Var)) {
			out = append(out, symbol)
		} else {
			in = append(in, symbol)
		}
	}
	declare := func(symbols []*ast.Term) *ast.Expr {
		if len(symbols) == 0 {
			return nil
		}
		return &ast.Expr{Terms: &ast.SomeDecl{Symbols: symbols, Location: decl.Location}, Location: expr.Location}
	}
	return declare(in), declare(out)
}

// isPlainDecl reports "some a, b" as against "some a in list".
func isPlainDecl(decl *ast.SomeDecl) bool {
	for _, symbol := range decl.Symbols {
		if _, ok := symbol.Value.(ast.Var); !ok {
			return false
		}
	}
	return true
}
