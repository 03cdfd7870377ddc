package policy

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// gatheredPackage holds one set a scope, data.__sluice.<scope>, to which all decisions
// of the scope's rules are moved. One set has one index over the conditions of all
// rules: an input costs what the rules cost that may be about it, not what there is.
var gatheredPackage = ast.MustParseRef("data." + reserved)

// gatheredFile is what the compiler knows its module by.
const gatheredFile = reserved + ".rego"

func gatheredRef(scope Scope) ast.Ref { return gatheredPackage.Append(ast.StringTerm(string(scope))) }

// gatheredModule is the module, empty.
func gatheredModule() *ast.Module {
	m := ast.MustParseModuleWithOpts("package x\n", ast.ParserOptions{RegoVersion: ast.RegoV1})
	m.Package.Path = gatheredPackage
	return m
}

// gather is the compiler's stage that moves the decisions. It runs once names are
// resolved: from then on, in which package a rule stands changes nothing of what
// it means.
func gather(c *ast.Compiler) *ast.Error {
	into := c.Modules[gatheredFile]
	for file, m := range c.Modules {
		if file == gatheredFile {
			continue
		}
		kept := m.Rules[:0]
		for _, r := range m.Rules {
			if ruleName(r) != decisionSet {
				kept = append(kept, r)
				continue
			}
			scope := string(m.Package.Path[2].Value.(ast.String)) // data.sluice.<scope>.<name>
			r.Head.Name, r.Head.Reference = ast.Var(scope), ast.Ref{ast.VarTerm(scope).SetLocation(r.Location)}
			r.Module = into
			into.Rules = append(into.Rules, r)
		}
		m.Rules = kept
	}
	return nil
}
