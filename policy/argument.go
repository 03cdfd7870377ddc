package policy

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// shape is what a variable of a function can be: the places in an input's JSON
// Schema that calls give it. OPA's type checker takes the arguments of functions
// for anything, so a misspelt field behind one would be undefined for ever.
type shape struct {
	nodes []map[string]any
	any   bool // some call gives it what no schema describes
}

// add reports whether the other shape brought anything new.
func (s *shape) add(other shape) bool {
	grown := other.any && !s.any
	s.any = s.any || other.any
	for _, n := range other.nodes {
		if !slices.ContainsFunc(s.nodes, func(have map[string]any) bool { return sameNode(have, n) }) {
			s.nodes, grown = append(s.nodes, n), true
		}
	}
	return grown
}

// sameNode compares places, not contents: a schema is a tree.
func sameNode(a, b map[string]any) bool {
	return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
}

// fields returns the names of all fields that the schema knows.
func (s shape) fields() (names []string) {
	for _, n := range s.nodes {
		properties, _ := n["properties"].(map[string]any)
		names = slices.AppendSeq(names, maps.Keys(properties))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// step is the shape of a field, or of an element where the key is not a fixed
// text. missing: the schema says that there is no such field.
func (s shape) step(key ast.Value) (next shape, missing bool) {
	next.any = s.any
	missing = !s.any && len(s.nodes) > 0
	for _, n := range s.nodes {
		properties, isObject := n["properties"].(map[string]any)
		name, isText := key.(ast.String)
		child, found := n["items"], !isText
		switch {
		case isObject && isText:
			child, found = properties[string(name)], properties[string(name)] != nil || n["additionalProperties"] != false
		case isText:
			child, found = n["additionalProperties"], true
		}
		if found {
			missing = false
			next.add(shapeOf(child))
		}
	}
	return next, missing
}

func shapeOf(schema any) shape {
	if n, ok := schema.(map[string]any); ok {
		return shape{nodes: []map[string]any{n}}
	}
	return shape{any: true}
}

// arguments follows inputs into the functions of rules that are compiled: names are
// resolved, and every call is an expression of its own.
type arguments struct {
	c         *ast.Compiler
	inputs    map[Scope]any          // JSON Schemas
	functions map[string][]*ast.Rule // by reference
	scopes    map[*ast.Rule]Scope
	vars      map[*ast.Rule]map[ast.Var]*shape
	last      bool // what is not known by now is anything
}

// checkArguments refuses fields that nothing has which a function is called with.
func (l *loader) checkArguments(c *ast.Compiler, modules []*module, inputs map[Scope]any) {
	a := &arguments{c: c, inputs: inputs, functions: map[string][]*ast.Rule{},
		scopes: map[*ast.Rule]Scope{}, vars: map[*ast.Rule]map[ast.Var]*shape{}}
	var rules []*ast.Rule
	for _, m := range modules {
		for _, r := range c.Modules[m.file].Rules {
			rules = append(rules, r)
			a.scopes[r], a.vars[r] = m.scope, map[ast.Var]*shape{}
			if len(r.Head.Args) > 0 {
				ref := r.Ref().String()
				a.functions[ref] = append(a.functions[ref], r)
			}
		}
	}
	a.follow(rules)
	a.last = true
	a.follow(rules)
	for _, r := range rules {
		if len(r.Head.Args) > 0 {
			l.checkFields(a, r)
		}
	}
}

// follow hands shapes on from variable to variable until nothing new comes.
func (a *arguments) follow(rules []*ast.Rule) {
	for grown := true; grown; {
		grown = false
		for _, r := range rules {
			ast.WalkExprs(r, func(expr *ast.Expr) bool {
				grown = a.followExpr(r, expr) || grown
				return false
			})
		}
	}
}

// followExpr hands on what one expression says of its variables, both ways of an
// equation, and reports whether anything is new: follow ends because shapes only grow.
func (a *arguments) followExpr(r *ast.Rule, expr *ast.Expr) bool {
	if every, ok := expr.Terms.(*ast.Every); ok {
		element, _ := a.shape(r, every.Domain).step(ast.Number("0"))
		return a.give(r, every.Value, element)
	}
	if !expr.IsCall() {
		return false
	}
	operands := expr.Operands()
	if expr.IsEquality() || expr.IsAssignment() {
		left := a.give(r, operands[0], a.shape(r, operands[1]))
		return a.give(r, operands[1], a.shape(r, operands[0])) || left
	}
	grown := false
	for _, f := range a.functions[expr.Operator().String()] {
		for i, arg := range f.Head.Args {
			given := a.shape(r, operands[i])
			given.any = given.any || a.last && len(given.nodes) == 0
			grown = a.give(f, arg, given) || grown
		}
	}
	return grown
}

// give lets a variable of a rule be one more thing.
func (a *arguments) give(r *ast.Rule, to *ast.Term, s shape) bool {
	v, ok := to.Value.(ast.Var)
	if !ok {
		return false
	}
	if a.vars[r][v] == nil {
		a.vars[r][v] = &shape{}
	}
	return a.vars[r][v].add(s)
}

// shape is what is known of a term by now.
func (a *arguments) shape(r *ast.Rule, t *ast.Term) (s shape) {
	path := ast.Ref{t}
	if ref, ok := t.Value.(ast.Ref); ok {
		path = ref
	}
	root, ok := path[0].Value.(ast.Var)
	schema, hasInput := a.inputs[a.scopes[r]]
	switch known := a.vars[r][root]; {
	case !ok || root == ast.DefaultRootDocument.Value:
		s.any = true
	case root == ast.InputRootDocument.Value && hasInput:
		s = shapeOf(schema)
	case root == ast.InputRootDocument.Value:
		s.any = true
	case known != nil:
		s = *known
	}
	for _, key := range path[1:] {
		s, _ = s.step(key.Value)
	}
	return s
}

// checkFields looks at the fields of one function's variables.
func (l *loader) checkFields(a *arguments, r *ast.Rule) {
	ast.WalkRefs(r, func(ref ast.Ref) bool {
		l.checkField(a, r, ref)
		return false
	})
	ast.WalkExprs(r, func(expr *ast.Expr) bool {
		if expr.IsCall() && expr.Operator().Equal(objectGetRef) {
			l.checkField(a, r, append(ast.Ref{expr.Operand(0)}, lookedUp(expr.Operand(1))...))
		}
		return false
	})
}

// checkField refuses a field that no call of the function could give its argument. What
// nothing is known of may have any field: a false alarm would stop a good rule.
func (l *loader) checkField(a *arguments, r *ast.Rule, ref ast.Ref) {
	v, ok := ref[0].Value.(ast.Var)
	if !ok || a.vars[r][v] == nil {
		return
	}
	s := *a.vars[r][v]
	for i, key := range ref[1:] {
		next, missing := s.step(key.Value)
		if missing {
			of := ref[:i+1].Copy()
			if written, ok := a.c.RewrittenVars[v]; ok {
				of[0] = ast.VarTerm(string(written))
			}
			valid := s.fields()
			l.at(ref[0].Location, "%s has no field %s in any call of the function%s, valid here: %s",
				of, key, didYouMean(strings.Trim(key.String(), `"`), valid), strings.Join(valid, ", "))
			return
		}
		s = next
	}
}
