package policy

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// Explanation says why one decision of a rule was made of an input, or was not.
type Explanation struct {
	Rule  string `json:"rule"`  // its id
	Kind  string `json:"kind"`  // deny, hold, warn or cap
	File  string `json:"file"`  // as in [Rule]
	Line  int    `json:"line"`  // of the decision, from 1
	Fired bool   `json:"fired"` // it was made
	// Conditions are those that were tried, in order. Of a decision that was not
	// made the last one does not hold; where a rule looks at several values, it is
	// the value that came furthest.
	Conditions []Condition `json:"conditions"`
}

// Condition is one condition of a rule with the values that it was tried with.
type Condition struct {
	Line   int     `json:"line"`             // of the rule's file
	Text   string  `json:"text"`             // as it is written, on one line, at most 200 characters
	Holds  bool    `json:"holds"`            // false also of what is undefined
	Values []Named `json:"values,omitempty"` // of what the condition names
}

// Named is a variable or a field of the input as rules write it, and its value as
// JSON; "undefined" when it has none.
type Named struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Explain judges one input as [Engine.Eval] does, and explains each decision of the
// scope's rules, those that were made and those that were not, by rule and line. The
// error is Eval's: of an input that cannot be judged nothing is explained.
func (e *Engine) Explain(ctx context.Context, scope Scope, input any, now time.Time) (list []Explanation, err error) {
	defer func() {
		if p := recover(); p != nil {
			list, err = nil, fmt.Errorf("policy, scope %s: the rule engine failed: %v", scope, p)
		}
	}()
	r := e.newRound(ctx, scope, now, new(atomic.Int64))
	t, err := r.read(input)
	if err == nil {
		r.explainer = newExplainer(t.Value)
		_, err = r.query(ctx, t)
	}
	r.end()
	if err != nil {
		return nil, fmt.Errorf("policy, scope %s: %w", scope, err)
	}
	for _, s := range e.sites {
		if s.scope != scope {
			continue
		}
		x := Explanation{Rule: s.rule, Kind: s.kind, File: s.at.File, Line: s.at.Row, Conditions: []Condition{}}
		if s.off != nil {
			x.Conditions = append(x.Conditions, Condition{Line: s.off.Location.Row, Text: written(s.off)})
		}
		if t := r.explainer.tries[placeOf(s.at)]; t != nil {
			x.Fired, x.Conditions = t.fired, t.conditions
		}
		list = append(list, x)
	}
	slices.SortFunc(list, func(a, b Explanation) int { return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Line, b.Line)) })
	return list, nil
}

// explainer is the tracer of an explanation. It follows the conditions of
// decisions, and leaves out what goes on inside of them.
type explainer struct {
	input ast.Value
	rules map[uint64]*ast.Rule // the decision that a query tries
	tries map[place]*try       // the best of each decision
}

// place is where a decision is written.
type place struct {
	file        string
	row, column int
}

func placeOf(l *ast.Location) place { return place{l.File, l.Row, l.Col} }

// try is an attempt to make a decision.
type try struct {
	fired      bool
	reached    int // expressions of the body that hold
	conditions []Condition
}

func newExplainer(input ast.Value) *explainer {
	return &explainer{input: input, rules: map[uint64]*ast.Rule{}, tries: map[place]*try{}}
}

// Enabled makes it, with the next two, a topdown.QueryTracer.
func (x *explainer) Enabled() bool { return true }

// Config asks for the names of variables.
func (x *explainer) Config() topdown.TraceConfig { return topdown.TraceConfig{PlugLocalVars: true} }

// TraceEvent is told of every step of the evaluation.
func (x *explainer) TraceEvent(evt topdown.Event) {
	switch node := evt.Node.(type) {
	case *ast.Rule:
		if !node.Module.Package.Path.Equal(gatheredPackage) {
			return
		}
		x.rules[evt.QueryID] = node
		if evt.Op == topdown.ExitOp {
			x.keep(node, evt, len(node.Body))
		}
	case *ast.Expr:
		if rule := x.rules[evt.QueryID]; rule != nil && evt.Op == topdown.FailOp {
			x.keep(rule, evt, node.Index)
		}
	}
}

// keep remembers the attempt that came furthest.
func (x *explainer) keep(rule *ast.Rule, evt topdown.Event, reached int) {
	if best := x.tries[placeOf(rule.Location)]; best != nil && (best.fired || best.reached >= reached) {
		return
	}
	x.tries[placeOf(rule.Location)] = &try{fired: reached == len(rule.Body), reached: reached, conditions: x.conditions(rule.Body, evt, reached)}
}

// conditions are the expressions of a body that were tried, as they are written:
// what the compiler split off an expression stands before it, and is part of it.
func (x *explainer) conditions(body ast.Body, evt topdown.Event, reached int) []Condition {
	list := []Condition{}
	var parts []*ast.Expr
	for i, expr := range body {
		parts = append(parts, expr)
		if expr.Generated && i+1 < len(body) {
			continue
		}
		text := written(expr)
		failed := i >= reached
		if text != "" && !expr.Generated {
			list = append(list, Condition{Line: expr.Location.Row, Text: text, Holds: !failed, Values: x.values(parts, evt)})
		}
		if failed {
			break
		}
		parts = nil
	}
	return list
}

// longestText bounds what is shown of an expression and of a value.
const longestText = 200

// written is an expression as it is written, on one line.
func written(expr *ast.Expr) string {
	if expr.Location == nil {
		return ""
	}
	return shorten(strings.Join(strings.Fields(string(expr.Location.Text)), " "))
}

func shorten(s string) string {
	if runes := []rune(s); len(runes) > longestText {
		return string(runes[:longestText]) + "…"
	}
	return s
}

// values are the variables and the fields that expressions name, without those
// that the compiler made and those that only a comprehension sees.
func (x *explainer) values(parts []*ast.Expr, evt topdown.Event) []Named {
	var list []Named
	add := func(name string, v ast.Value) {
		value := "undefined"
		if v != nil {
			value = shorten(v.String())
		}
		if n := (Named{name, value}); !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	for _, expr := range parts {
		ast.NewGenericVisitor(func(node any) bool {
			switch node := node.(type) {
			case *ast.ArrayComprehension, *ast.SetComprehension, *ast.ObjectComprehension, *ast.Every, *ast.SomeDecl:
				return true
			case ast.Ref:
				if name, value, ok := x.field(node, evt); ok {
					add(name, value)
				}
				return true
			case ast.Var:
				if name, ok := varName(node, evt); ok && evt.Locals.Get(node) != nil {
					add(name, evt.Locals.Get(node))
				}
			}
			return false
		}).Walk(expr)
	}
	return list
}

// field returns the name and the value of a field of the input or of a variable;
// the value is nil when it is undefined.
func (x *explainer) field(ref ast.Ref, evt topdown.Event) (name string, value ast.Value, ok bool) {
	root := x.input
	shown := ref.Copy()
	if v, isVar := ref[0].Value.(ast.Var); isVar && !ref[0].Equal(ast.InputRootDocument) {
		written, named := varName(v, evt)
		if root = evt.Locals.Get(v); root == nil || !named {
			return "", nil, false // data, a function, or not bound yet
		}
		shown[0] = ast.VarTerm(written)
	}
	for i, term := range shown[1:] {
		shown[i+1] = evt.Plug(term)
	}
	if root == nil || !shown[1:].IsGround() {
		return "", nil, false
	}
	value, err := root.Find(shown[1:])
	if err != nil {
		value = nil
	}
	return shown.String(), value, true
}

// varName is a variable as it is written.
func varName(v ast.Var, evt topdown.Event) (string, bool) {
	name := string(evt.LocalMetadata[v].Name)
	return name, name != "" && !strings.HasPrefix(name, "__local") && !strings.HasPrefix(name, "$")
}
