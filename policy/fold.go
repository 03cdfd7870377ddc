package policy

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// comparisons are those that [fold] decides, by how two values compare in Rego.
var comparisons = map[string]func(order int) bool{
	ast.Equal.Name:         func(o int) bool { return o == 0 },
	ast.NotEqual.Name:      func(o int) bool { return o != 0 },
	ast.LessThan.Name:      func(o int) bool { return o < 0 },
	ast.LessThanEq.Name:    func(o int) bool { return o <= 0 },
	ast.GreaterThan.Name:   func(o int) bool { return o > 0 },
	ast.GreaterThanEq.Name: func(o int) bool { return o >= 0 },
}

// fold is the compiler's stage that decides, once parameters are constants, the
// conditions that compare two of them: a decision that its parameters switch off is
// taken out, and costs nothing. off is told which condition did it.
func fold(off func(decision *ast.Rule, condition *ast.Expr)) ast.CompilerStage {
	return func(c *ast.Compiler) *ast.Error {
		m := c.Modules[gatheredFile]
		m.Rules = slices.DeleteFunc(m.Rules, func(r *ast.Rule) bool {
			for _, expr := range r.Body {
				if holds, constant := decided(expr); constant && !holds {
					off(r, expr)
					return true
				}
			}
			return false
		})
		return nil
	}
}

// decided reports whether an expression is a constant or compares two, and the result.
func decided(expr *ast.Expr) (holds, constant bool) {
	if expr.Negated || len(expr.With) > 0 {
		return false, false
	}
	if term, ok := expr.Terms.(*ast.Term); ok {
		return !term.Equal(ast.BooleanTerm(false)), isScalar(term.Value)
	}
	if !expr.IsCall() || len(expr.Operands()) != 2 {
		return false, false
	}
	compare := comparisons[expr.Operator().String()]
	a, b := expr.Operand(0).Value, expr.Operand(1).Value
	if compare == nil || !isScalar(a) || !isScalar(b) {
		return false, false
	}
	return compare(ast.Compare(a, b)), true
}
