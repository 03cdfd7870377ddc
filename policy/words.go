package policy

import (
	"encoding/json"

	"github.com/open-policy-agent/opa/v1/ast"
)

// words are the terms of the fields and of the fixed values that inputs have: made
// once, they need not be made for each input.
type words map[string]*ast.Term

// wordsOf gathers the names of properties and the values of enumerations of a JSON
// Schema, however deep.
func wordsOf(schema any) words {
	w := words{}
	var walk func(any)
	walk = func(node any) {
		switch node := node.(type) {
		case []any:
			for _, element := range node {
				walk(element)
			}
		case map[string]any:
			if properties, ok := node["properties"].(map[string]any); ok {
				for name := range properties {
					w.add(name)
				}
			}
			if values, ok := node["enum"].([]any); ok {
				for _, v := range values {
					w.add(v)
				}
			}
			for _, child := range node {
				walk(child)
			}
		}
	}
	walk(schema)
	return w
}

func (w words) add(v any) {
	if s, ok := v.(string); ok {
		w[s] = ast.StringTerm(s)
	}
}

// term makes a value what rules see.
func (w words) term(v any) (*ast.Term, error) {
	switch v := v.(type) {
	case string:
		if t := w[v]; t != nil {
			return t, nil
		}
		return ast.StringTerm(v), nil
	case int:
		return ast.InternedTerm(v), nil
	case []any:
		list := make([]*ast.Term, len(v))
		for i, element := range v {
			t, err := w.term(element)
			if err != nil {
				return nil, err
			}
			list[i] = t
		}
		return ast.ArrayTerm(list...), nil
	case map[string]any:
		pairs := make([][2]*ast.Term, 0, len(v))
		for name, field := range v {
			key := w[name]
			if key == nil {
				key = ast.StringTerm(name)
			}
			t, err := w.term(field)
			if err != nil {
				return nil, err
			}
			pairs = append(pairs, [2]*ast.Term{key, t})
		}
		return ast.ObjectTerm(pairs...), nil
	}
	value, err := ast.InterfaceToValue(v)
	return ast.NewTerm(value), err
}

// Value returns v in the engine's own form. Inputs that have a part in common
// share it, and the work of reading it. The error is that v is nothing that JSON can hold.
func Value(v any) (any, error) { return ast.InterfaceToValue(v) }

// InputJSON writes an input as JSON, whatever it is made of, by [Value] too. The error is
// that it is nothing that JSON can hold.
func InputJSON(input any) ([]byte, error) {
	v, err := ast.InterfaceToValue(input)
	if err != nil {
		return nil, err
	}
	plain, err := ast.JSON(v)
	if err != nil {
		return nil, err
	}
	return json.Marshal(plain)
}
