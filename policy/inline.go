package policy

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// inline returns the compiler's stage that puts parameters that are one string,
// number or boolean in the place of the references to them: they are fixed once
// rules are loaded, and reading one costs as much as five comparisons.
func inline(data ast.Value) ast.CompilerStage {
	return func(c *ast.Compiler) *ast.Error {
		constant := func(ref ast.Ref) (ast.Value, error) {
			if ref.HasPrefix(paramsRef) && ref.IsGround() {
				if v, err := data.Find(ref[1:]); err == nil && isScalar(v) {
					return v, nil
				}
			}
			return ref, nil
		}
		for _, m := range c.Modules {
			for _, r := range m.Rules { // not the imports: their paths stay paths, and names are resolved
				if _, err := ast.TransformRefs(r, constant); err != nil {
					return ast.NewError(ast.CompileErr, m.Package.Location, "put parameters in their places: %v", err)
				}
			}
		}
		return nil
	}
}

func isScalar(v ast.Value) bool {
	switch v.(type) {
	case ast.String, ast.Number, ast.Boolean:
		return true
	}
	return false
}
