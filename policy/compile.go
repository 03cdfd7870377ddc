package policy

import (
	"context"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// check compiles the modules as they are written, strictly and against the
// schemas. Capabilities, strictness and schemas are set on the compiler itself:
// the options of rego do not reach it.
func (l *loader) check(modules []*module, values params) error {
	schemas, inputs := ast.NewSchemaSet(), map[Scope]any{}
	for _, scope := range scopes {
		schema, _, err := parsedSchema(scope)
		if err != nil {
			return err
		}
		inputs[scope] = schema
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
		parsed[m.file] = withLookups(m.parsed)
		l.checkPrint(m)
		l.checkWith(m)
		l.checkEnums(m, inputs[m.scope])
	}
	if c.Compile(parsed); c.Failed() {
		l.addErr("", c.Errors)
		return nil
	}
	l.checkDataRefs(c, modules)
	l.checkArguments(c, modules, inputs)
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

// checkWith refuses rules that change parameters for a part of themselves:
// [inline] takes them for constants.
func (l *loader) checkWith(m *module) {
	ast.WalkWiths(m.parsed, func(w *ast.With) bool {
		if ref, ok := w.Target.Value.(ast.Ref); ok && ref[0].Equal(ast.DefaultRootDocument) {
			l.at(w.Location, "with %s: rules cannot replace data, only tests can; pass the value to a function instead", ref)
		}
		return false
	})
}

func schemaRef(name string) ast.Ref {
	return ast.Ref{ast.SchemaRootDocument, ast.StringTerm(name)}
}

// compile builds what is evaluated: the modules as they are, and for each scope
// one set of the decisions of all its rules.
func (e *Engine) compile(ctx context.Context, modules []*module, data map[string]any) error {
	constants, err := ast.InterfaceToValue(data)
	if err != nil {
		return fmt.Errorf("read the parameters: %w", err)
	}
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
			e.sites = append(e.sites, newSite(m, r))
		}
		parsed[m.file] = mod
	}
	parsed[gatheredFile] = gatheredModule()
	e.compiler = ast.NewCompiler().WithCapabilities(capabilities()).
		WithStageAfterID(ast.StageResolveRefs, ast.CompilerStageDefinition{Name: "Gather", MetricName: "sluice_gather", Stage: gather}).
		WithStageAfterID(ast.StageResolveRefs, ast.CompilerStageDefinition{Name: "Inline", MetricName: "sluice_inline", Stage: inline(constants)}).
		WithStageAfterID(ast.StageResolveRefs, ast.CompilerStageDefinition{Name: "Fold", MetricName: "sluice_fold", Stage: fold(e.switchedOff)})
	e.compiler.SetErrorLimit(0)
	if e.compiler.Compile(parsed); e.compiler.Failed() {
		var ps problems
		ps.addErr("", e.compiler.Errors)
		return ps.err()
	}
	e.base = baseData{constants}
	e.store = inmem.NewFromObjectWithOpts(data, inmem.OptReturnASTValuesOnRead(true))
	if e.txn, err = e.store.NewTransaction(ctx); err != nil {
		return fmt.Errorf("read the parameters: %w", err)
	}
	for _, scope := range scopes {
		if err := e.prepare(scope); err != nil {
			return err
		}
	}
	return nil
}

// prepare makes the scope's one query. A set is never undefined, so it has a result
// whatever the input is.
func (e *Engine) prepare(scope Scope) error {
	schema, required, err := parsedSchema(scope)
	if err != nil {
		return err
	}
	j := &judge{words: wordsOf(schema)}
	for _, field := range required {
		j.required = append(j.required, ast.StringTerm(field))
	}
	sites := 0
	for _, r := range e.rules {
		if r.Scope == scope {
			j.rules = append(j.rules, r.ID)
		}
	}
	for _, s := range e.sites {
		if s.scope == scope && s.off == nil {
			sites++
		}
	}
	ref := gatheredRef(scope)
	if got := len(e.compiler.GetRulesExact(ref)); got != sites || len(j.rules) == 0 {
		return fmt.Errorf("%d of the %d decisions of scope %s are in force: a defect of the engine", got, sites, scope)
	}
	j.compiler = e.compiler.QueryCompiler()
	j.query, err = j.compiler.Compile(ast.NewBody(ast.Equality.Expr(ast.NewTerm(decisionsVar), ast.NewTerm(ref))))
	if err != nil {
		return fmt.Errorf("prepare the rules of scope %s: %w", scope, err)
	}
	e.judges[scope] = j
	return nil
}
