package policy

import (
	"context"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
)

// check compiles the modules as they are written, strictly and against the
// schemas. Capabilities, strictness and schemas are set on the compiler itself:
// the options of rego do not reach it.
func (l *loader) check(modules []*module, values params) error {
	schemas := ast.NewSchemaSet()
	for _, scope := range scopes {
		schema, _, err := parsedSchema(scope)
		if err != nil {
			return err
		}
		schemas.Put(schemaRef(string(scope)), schema)
	}
	schemas.Put(schemaRef("params"), values.schema())
	c := ast.NewCompiler().
		WithCapabilities(l.caps).
		WithStrict(true).
		WithSchemas(schemas).
		WithUseTypeCheckAnnotations(true)
	c.SetErrorLimit(0)
	parsed := map[string]*ast.Module{}
	for _, m := range modules {
		if !m.lib {
			m.annotations().Schemas = []*ast.SchemaAnnotation{
				{Path: ast.Ref{ast.InputRootDocument}, Schema: schemaRef(string(m.scope))},
				{Path: paramsRef, Schema: schemaRef("params")},
			}
		}
		parsed[m.file] = m.parsed
		l.checkPrint(m)
	}
	if c.Compile(parsed); c.Failed() {
		l.addErr("", c.Errors)
		return nil
	}
	l.checkDataRefs(c, modules)
	return nil
}

// checkPrint refuses print by hand: the compiler erases it before it looks at
// what is allowed.
func (l *loader) checkPrint(m *module) {
	ast.WalkExprs(m.parsed, func(expr *ast.Expr) bool {
		if expr.IsCall() && expr.Operator().Equal(ast.Print.Ref()) {
			l.at(expr.Location, "undefined function print (policies have no output but their decisions)")
		}
		return false
	})
}

func schemaRef(name string) ast.Ref {
	return ast.Ref{ast.SchemaRootDocument, ast.StringTerm(name)}
}

// compile builds what is evaluated: the modules with a guarded copy of each
// decision rule, and one prepared query a scope.
func (e *Engine) compile(ctx context.Context, modules []*module, store storage.Store) error {
	parsed := map[string]*ast.Module{}
	for _, m := range modules {
		mod := m.parsed.Copy()
		mod.Annotations = nil // their work is done
		for _, r := range mod.Rules {
			r.Annotations = nil
		}
		for _, r := range m.parsed.Rules {
			if m.lib || !isDecision(r) {
				continue
			}
			rule := guarded(r, len(e.sites))
			rule.Module, rule.Annotations = mod, nil
			mod.Rules = append(mod.Rules, rule)
			e.sites = append(e.sites, site{m.id(), ruleName(r), r.Location})
		}
		parsed[m.file] = mod
	}
	c := ast.NewCompiler().WithCapabilities(capabilities())
	c.SetErrorLimit(0)
	if c.Compile(parsed); c.Failed() {
		var ps problems
		ps.addErr("", c.Errors)
		return ps.err()
	}
	for _, scope := range scopes {
		if err := e.prepare(ctx, scope, c, store); err != nil {
			return err
		}
	}
	return nil
}

// prepare makes the scope's one query: an object of every rule's entries. A set
// is never undefined, so the object has a value whatever the input is.
func (e *Engine) prepare(ctx context.Context, scope Scope, c *ast.Compiler, store storage.Store) error {
	_, required, err := parsedSchema(scope)
	if err != nil {
		return err
	}
	j := &judge{required: required}
	var pairs [][2]*ast.Term
	for _, r := range e.rules {
		if r.Scope != scope {
			continue
		}
		_, name, _ := strings.Cut(r.ID, ".")
		ref := sluiceRef.Append(ast.StringTerm(string(scope))).Append(ast.StringTerm(name)).Append(ast.StringTerm(decisionSet))
		if len(c.GetRulesExact(ref)) == 0 {
			return fmt.Errorf("rule %s has no decision to query: a defect of the engine", r.ID)
		}
		pairs = append(pairs, ast.Item(ast.StringTerm(r.ID), ast.NewTerm(ref)))
		j.rules = append(j.rules, r.ID)
	}
	if len(pairs) == 0 {
		return fmt.Errorf("no rule of scope %s is in force: a defect of the shipped library", scope)
	}
	j.query, err = rego.New(
		rego.ParsedQuery(ast.NewBody(ast.NewExpr(ast.ObjectTerm(pairs...)))),
		rego.Compiler(c),
		rego.Store(store),
		rego.StrictBuiltinErrors(true),
	).PrepareForEval(ctx)
	if err != nil {
		return fmt.Errorf("prepare the rules of scope %s: %w", scope, err)
	}
	e.judges[scope] = j
	return nil
}
