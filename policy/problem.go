package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Problem is one thing that is wrong with a source. Line and Column count from 1
// and are 0 where they are unknown.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
}

// String returns "file:line:column: message".
func (p Problem) String() string {
	var at strings.Builder
	at.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&at, ":%d", p.Line)
		if p.Column > 0 {
			fmt.Fprintf(&at, ":%d", p.Column)
		}
	}
	if at.Len() == 0 {
		return p.Message
	}
	return at.String() + ": " + p.Message
}

// LoadError holds all problems that [Load] found, by file and line.
type LoadError struct{ Problems []Problem }

// Error lists the problems, one a line.
func (e *LoadError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// problems collects what is wrong while loading goes on.
type problems struct{ list []Problem }

func (ps *problems) add(file string, line, column int, format string, args ...any) {
	ps.list = append(ps.list, Problem{file, line, column, fmt.Sprintf(format, args...)})
}

func (ps *problems) at(loc *ast.Location, format string, args ...any) {
	if loc == nil {
		loc = &ast.Location{}
	}
	ps.add(loc.File, loc.Row, loc.Col, format, args...)
}

// addErr adds what OPA reported; file stands in where OPA gives no place.
func (ps *problems) addErr(file string, err error) {
	var many ast.Errors
	var one *ast.Error
	switch {
	case errors.As(err, &many):
		for _, e := range many {
			ps.addOPA(file, e)
		}
	case errors.As(err, &one):
		ps.addOPA(file, one)
	default:
		ps.add(file, 0, 0, "%s", oneLine(err.Error()))
	}
}

func (ps *problems) addOPA(file string, e *ast.Error) {
	p := Problem{File: file, Message: oneLine(e.Message) + detail(e)}
	if e.Location != nil {
		p.File, p.Line, p.Column = cmp.Or(e.Location.File, file), e.Location.Row, e.Location.Col
	}
	ps.list = append(ps.list, p)
}

// detail says in a few words what OPA draws under the source line.
func detail(e *ast.Error) string {
	switch d := e.Details.(type) {
	case *ast.RefErrInvalidDetail:
		if len(d.OneOf) == 0 {
			return ""
		}
		valid := make([]string, len(d.OneOf))
		for i, v := range d.OneOf {
			valid[i] = strings.Trim(v.String(), `"`)
		}
		slices.Sort(valid)
		have := ""
		if d.Pos < len(d.Ref) {
			have = strings.Trim(d.Ref[d.Pos].String(), `"`)
		}
		return fmt.Sprintf(": there is no %s%s, valid here: %s", have, didYouMean(have, valid), strings.Join(valid, ", "))
	case *ast.ArgErrDetail:
		return ": " + oneLine(strings.Join(d.Lines(), ", "))
	}
	if name, ok := strings.CutPrefix(e.Message, "undefined function "); ok && isKnownBuiltin(name) {
		return " (it exists in Rego, but policies may not use it: they judge their input and nothing else)"
	}
	return ""
}

// err returns all problems sorted and without repetition, or nil.
func (ps *problems) err() error {
	if len(ps.list) == 0 {
		return nil
	}
	slices.SortStableFunc(ps.list, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
	return &LoadError{Problems: slices.Compact(ps.list)}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
