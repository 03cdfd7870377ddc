package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// MustCompile compiles a JSON Schema that is part of the program. The fragment,
// such as "/$defs/NatGateway", selects a schema inside it; "" is the whole. It
// panics when the schema is wrong, and never fetches anything.
func MustCompile(schema []byte, fragment string) *jsonschema.Schema {
	const url = "mem:///schema.json"
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		panic(fmt.Sprintf("strictyaml: schema is no JSON: %v", err))
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(jsonschema.SchemeURLLoader{})
	if err := c.AddResource(url, parsed); err != nil {
		panic(fmt.Sprintf("strictyaml: %v", err))
	}
	s, err := c.Compile(url + "#" + fragment)
	if err != nil {
		panic(fmt.Sprintf("strictyaml: %v", err))
	}
	return s
}

// Validate returns everything in which the document differs from the schema,
// each at the key or value concerned.
func (d Document) Validate(s *jsonschema.Schema) []Problem {
	var failed *jsonschema.ValidationError
	err := s.Validate(d.value)
	if err == nil {
		return nil
	}
	if !errors.As(err, &failed) {
		return []Problem{d.Problemf(nil, "%v", err)}
	}
	e := explainer{doc: d, schemas: map[string]*jsonschema.Schema{}, misspelt: map[string]bool{}, least: map[string]*big.Rat{}}
	e.index(s)
	e.noteMisspelt(failed)
	e.noteLimits(failed)
	e.explain(failed)
	// What Parse refused became null: its problem is told already.
	e.problems = slices.DeleteFunc(e.problems, func(p Problem) bool {
		return slices.ContainsFunc(d.Problems, func(q Problem) bool { return q.Line == p.Line && q.Column == p.Column })
	})
	return limited(SortProblems(e.problems))
}

// explainer turns the validator's tree of failures into problems.
type explainer struct {
	doc      Document
	schemas  map[string]*jsonschema.Schema // by location
	misspelt map[string]bool               // path and name of fields that are there, misspelt
	least    map[string]*big.Rat           // by path and kind of limit, the one that counts
	problems []Problem
}

// limit is the limit that a failure is about, and its key in least.
func limit(f *jsonschema.ValidationError) (key string, most *big.Rat) {
	switch k := f.ErrorKind.(type) {
	case *kind.Maximum:
		return pathKey(f.InstanceLocation, "maximum"), k.Want
	case *kind.MaxItems:
		return pathKey(f.InstanceLocation, "maxItems"), big.NewRat(int64(k.Want), 1)
	}
	return "", nil
}

// noteLimits notes the lowest limit of each value: a schema may narrow one that it refers
// to, and a value over both is to be told the one that counts.
func (e *explainer) noteLimits(f *jsonschema.ValidationError) {
	if key, most := limit(f); most != nil && (e.least[key] == nil || most.Cmp(e.least[key]) < 0) {
		e.least[key] = most
	}
	for _, cause := range f.Causes {
		e.noteLimits(cause)
	}
}

// noteMisspelt notes which fields are only misspelt, so that they are not called
// missing too.
func (e *explainer) noteMisspelt(f *jsonschema.ValidationError) {
	if k, ok := f.ErrorKind.(*kind.AdditionalProperties); ok {
		names := fieldNames(e.schema(f).Properties)
		for _, field := range k.Properties {
			e.misspelt[pathKey(f.InstanceLocation, closest(field, names))] = true
		}
	}
	for _, cause := range f.Causes {
		e.noteMisspelt(cause)
	}
}

func (e *explainer) isMisspelt(path []string, field string) bool {
	return e.misspelt[pathKey(path, field)]
}

func pathKey(path []string, field string) string {
	return strings.Join(path, "\x00") + "\x00" + field
}

// index notes every schema below s, since failures name theirs by location only.
func (e *explainer) index(s *jsonschema.Schema) {
	if s == nil || e.schemas[s.Location] != nil {
		return
	}
	e.schemas[s.Location] = s
	below := []*jsonschema.Schema{s.Ref, s.Not, s.If, s.Then, s.Else, s.PropertyNames, s.Items2020, s.Contains}
	below = slices.Concat(below, s.AllOf, s.AnyOf, s.OneOf, s.PrefixItems)
	if a, ok := s.AdditionalProperties.(*jsonschema.Schema); ok {
		below = append(below, a)
	}
	for _, p := range s.Properties {
		below = append(below, p)
	}
	for _, p := range s.PatternProperties {
		below = append(below, p)
	}
	for _, p := range s.DependentSchemas {
		below = append(below, p)
	}
	for _, b := range below {
		e.index(b)
	}
}

// schema returns the schema that a failure is about, never nil.
func (e *explainer) schema(f *jsonschema.ValidationError) *jsonschema.Schema {
	if s := e.schemas[f.SchemaURL]; s != nil {
		return s
	}
	return &jsonschema.Schema{}
}

// explain makes a problem of a failure, or of those that caused it: of a schema within a
// schema only the innermost failure says anything to a person. Where a schema has a
// $comment, that is the words for what it wants.
func (e *explainer) explain(f *jsonschema.ValidationError) {
	if key, most := limit(f); most != nil && most.Cmp(e.least[key]) > 0 {
		return
	}
	path := f.InstanceLocation
	at := func(format string, args ...any) {
		e.problems = append(e.problems, e.doc.Problemf(path, format, args...))
	}
	atKey := func(field, format string, args ...any) {
		e.problems = append(e.problems, e.doc.keyProblemf(path, field, format, args...))
	}
	switch k := f.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		for _, field := range k.Properties {
			atKey(field, "%s", unknownField(field, fieldNames(e.schema(f).Properties)))
		}
	case *kind.Required:
		for _, field := range k.Missing {
			if !e.isMisspelt(path, field) {
				at("missing field %q%s", field, inside(path))
			}
		}
	case *kind.DependentRequired:
		atKey(k.Prop, "%q may stand only together with %s", k.Prop, quotedList(k.Missing, "and"))
	case *kind.PropertyNames:
		// The validator's location of these is overwritten by later ones.
		path = nil
		at("%q is no valid name of a field%s", shorten(k.Property), colon(e.schema(f).Comment))
	case *kind.OneOf:
		e.choice(f, e.schema(f).OneOf, k.Subschemas)
	case *kind.AnyOf:
		e.choice(f, e.schema(f).AnyOf, nil)
	case *kind.Not, *kind.FalseSchema:
		words := fieldName(path) + " is not allowed" + colon(e.schema(f).Comment)
		if len(path) == 0 {
			at("%s", words)
			return
		}
		field := path[len(path)-1]
		path = path[:len(path)-1]
		atKey(field, "%s", words)
	default:
		value := e.valueAt(path)
		if e.schema(f).WriteOnly && value != nil {
			value = secret{}
		}
		if words := valueWords(f.ErrorKind, fieldName(path), value, e.schema(f)); words != "" {
			at("%s", words)
			return
		}
		for _, cause := range f.Causes {
			e.explain(cause)
		}
	}
}

// choice explains a failed oneOf or anyOf. When its branches only require one
// field each, it is a choice between fields; matched are the branches that fit
// though only one may.
func (e *explainer) choice(f *jsonschema.ValidationError, branches []*jsonschema.Schema, matched []int) {
	path := f.InstanceLocation
	var fields []string
	for _, b := range branches {
		fields = append(fields, b.Required...)
	}
	between := len(fields) == len(branches)
	switch comment := e.schema(f).Comment; {
	case between && len(matched) > 0:
		second := fields[matched[len(matched)-1]]
		e.problems = append(e.problems, e.doc.keyProblemf(path, second, "give only one of %s%s", quotedList(fields, "and"), inside(path)))
	case between && slices.ContainsFunc(fields, func(field string) bool { return e.isMisspelt(path, field) }):
	case between:
		e.problems = append(e.problems, e.doc.Problemf(path, "missing field%s: give %s", inside(path), quotedList(fields, "or")))
	case comment != "":
		e.problems = append(e.problems, e.doc.Problemf(path, "%s must be %s", fieldName(path), comment))
	default:
		for _, cause := range f.Causes {
			e.explain(cause)
		}
	}
}

// valueAt returns the plain value at path.
func (e *explainer) valueAt(path []string) any {
	v := e.doc.value
	for _, step := range path {
		switch parent := v.(type) {
		case map[string]any:
			v = parent[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(parent) {
				return nil
			}
			v = parent[i]
		}
	}
	return v
}
