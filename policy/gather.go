package policy

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// gatheredPackage holds one set a scope, data.sluice.__sluice.<scope>.__sluice_decisions,
// to which all decisions of the scope's rules are moved. One set has one index over
// the conditions of all rules: an input costs what the rules cost that may be about
// it, not what there is.
var gatheredPackage = sluiceRef.Append(ast.StringTerm(reserved))

func gatheredFile(scope Scope) string { return reserved + "/" + string(scope) + ".rego" }

func gatheredRef(scope Scope) ast.Ref {
	return gatheredPackage.Append(ast.StringTerm(string(scope))).Append(ast.StringTerm(decisionSet))
}

// gatheredModule is the empty module of a scope's set.
func gatheredModule(scope Scope) *ast.Module {
	ref := gatheredRef(scope)
	m := ast.MustParseModuleWithOpts("package x\n", ast.ParserOptions{RegoVersion: ast.RegoV1})
	m.Package.Path = ref[:len(ref)-1]
	return m
}

// gather is the compiler's stage that moves the decisions. It runs once names are
// resolved: from then on, in which package a rule stands changes nothing of what
// it means.
func gather(c *ast.Compiler) *ast.Error {
	for _, m := range c.Modules {
		if m.Package.Path.HasPrefix(gatheredPackage) || len(m.Package.Path) < 3 {
			continue
		}
		scope, _ := m.Package.Path[2].Value.(ast.String)
		into := c.Modules[gatheredFile(Scope(scope))]
		kept := m.Rules[:0]
		for _, r := range m.Rules {
			if ruleName(r) != decisionSet {
				kept = append(kept, r)
				continue
			}
			r.Module = into
			into.Rules = append(into.Rules, r)
		}
		m.Rules = kept
	}
	return nil
}
