package ec2sim

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-6ca89210/sluice/reconcile/strictyaml"
)

// ParseWorld reads a world file: one YAML document of kind World. The error
// reports every problem, each with file, line and column. The result has its
// defaults filled in.
func ParseWorld(file string, data []byte) (World, error) {
	docs, problems := strictyaml.Parse(file, data)
	if len(problems) > 0 {
		return World{}, join(problems)
	}
	if len(docs) != 1 {
		return World{}, fmt.Errorf("%s: has %d documents; a world file has exactly one, of kind World", file, len(docs))
	}
	k := checker{doc: docs[0]}
	var value any
	if err := json.Unmarshal(docs[0].JSON(), &value); err != nil {
		return World{}, fmt.Errorf("%s: %w", file, err)
	}
	k.form(nil, value, reflect.TypeFor[World]())
	if len(k.problems) > 0 {
		return World{}, join(k.problems)
	}
	var w World
	if err := docs[0].Decode(&w); err != nil {
		return World{}, err
	}
	if k.header(w); len(k.problems) > 0 {
		return World{}, join(k.problems) // a file of another kind has no use for the rest
	}
	w.withDefaults()
	k.world(&w)
	return w, join(k.problems)
}

// join makes one error of all problems, by line.
func join(problems []strictyaml.Problem) error {
	var list []error
	for _, p := range strictyaml.SortProblems(problems) {
		list = append(list, p)
	}
	return errors.Join(list...)
}

// checker collects what is wrong with a world file.
type checker struct {
	doc      strictyaml.Document
	problems []strictyaml.Problem
}

// path names a place in the document.
type path []string

// at goes further down: keys, and indices as numbers.
func (p path) at(steps ...any) path {
	out := slices.Clone(p)
	for _, s := range steps {
		out = append(out, fmt.Sprint(s))
	}
	return out
}

// String writes the path the way a person would: natGateways[0].primary.
func (p path) String() string {
	var b strings.Builder
	for i, step := range p {
		if _, err := strconv.Atoi(step); err == nil {
			step = "[" + step + "]"
		} else if i > 0 {
			step = "." + step
		}
		b.WriteString(step)
	}
	return b.String()
}

// bad notes a problem at a place, and names the field beside the line.
func (k *checker) bad(at path, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if len(at) > 0 {
		message = at.String() + ": " + message
	}
	k.problems = append(k.problems, k.doc.Problemf(at, "%s", message))
}

// form holds a document's value against the Go type that it is to become, so that
// an unknown field or a wrong type is reported at its own line.
func (k *checker) form(at path, value any, t reflect.Type) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		k.textForm(at, value, t)
		return
	}
	switch v := value.(type) {
	case map[string]any:
		k.mapForm(at, v, t)
	case []any:
		if t.Kind() != reflect.Slice {
			k.bad(at, "must be %s, not a list", inWords(t))
			return
		}
		for i, item := range v {
			k.form(at.at(i), item, t.Elem())
		}
	default:
		// A scalar is what encoding/json can put into the type; null is nothing at all.
		raw, err := json.Marshal(value)
		if err == nil {
			err = json.Unmarshal(raw, reflect.New(t).Interface())
		}
		if err != nil || value == nil {
			k.bad(at, "must be %s", inWords(t))
		}
	}
}

// textForm checks a value that is written as text, such as a duration.
func (k *checker) textForm(at path, value any, t reflect.Type) {
	s, ok := value.(string)
	if !ok {
		k.bad(at, "must be a duration, like 3s or 5m")
		return
	}
	if err := reflect.New(t).Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s)); err != nil {
		k.bad(at, "%v", err)
	}
}

// mapForm checks a mapping. A struct's fields must be spelt exactly: encoding/json
// would take them in any case.
func (k *checker) mapForm(at path, value map[string]any, t reflect.Type) {
	var known map[string]reflect.Type
	switch t.Kind() {
	case reflect.Struct:
		known = jsonFields(t)
	case reflect.Map:
	default:
		k.bad(at, "must be %s, not a mapping", inWords(t))
		return
	}
	for _, key := range slices.Sorted(maps.Keys(value)) {
		field, ok := known[key]
		if t.Kind() == reflect.Map {
			field, ok = t.Elem(), true
		}
		if !ok {
			k.bad(at.at(key), "unknown field; known here: %s", strings.Join(slices.Sorted(maps.Keys(known)), ", "))
			continue
		}
		k.form(at.at(key), value[key], field)
	}
}

// jsonFields returns the fields of a struct by their names in JSON.
func jsonFields(t reflect.Type) map[string]reflect.Type {
	known := map[string]reflect.Type{}
	for f := range t.Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			known[name] = f.Type
		}
	}
	return known
}

// inWords names what a field takes, for people.
func inWords(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "a mapping"
	}
	return "text"
}
