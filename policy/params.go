package policy

import (
	"cmp"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// params holds the values in force, by rule name and parameter.
type params map[string]map[string]any

// mergeParams lays the users' values over the library's defaults. Two documents
// that disagree are a problem, so their order never matters. Names of rules are
// checked only when all modules are known.
func (l *loader) mergeParams(modules []*module, complete bool) params {
	shipped, known := map[string]bool{}, map[string]bool{}
	for _, m := range modules {
		if m.scope != "" {
			known[m.name] = true
			shipped[m.name] = shipped[m.name] || m.shipped
		}
	}
	docs := slices.SortedFunc(slices.Values(l.data), func(a, b *document) int { return cmp.Compare(a.file, b.file) })
	out := params{}
	for _, d := range docs {
		if d.shipped {
			out.lay(d)
		}
	}
	defaults := params{}
	for rule, values := range out {
		defaults[rule] = maps.Clone(values)
	}
	setBy := map[[2]string]*document{}
	for _, d := range docs {
		if d.shipped {
			continue
		}
		for _, rule := range slices.Sorted(maps.Keys(d.params)) {
			if complete && !known[rule] {
				l.add(d.file, d.lines[[2]string{rule, ""}], 0, "params.%s: there is no rule of this name%s", rule,
					didYouMean(rule, slices.Sorted(maps.Keys(known))))
				continue
			}
			for _, key := range slices.Sorted(maps.Keys(d.params[rule])) {
				at := [2]string{rule, key}
				if shipped[rule] {
					l.checkParam(d, at, defaults[rule])
				}
				if first := setBy[at]; first != nil && !reflect.DeepEqual(first.params[rule][key], d.params[rule][key]) {
					l.add(d.file, d.lines[at], 0, "params.%s.%s is set to something else in %s: leave one of them", rule, key, first.file)
				}
				setBy[at] = d
			}
		}
		out.lay(d)
	}
	return out
}

func (p params) lay(d *document) {
	for rule, values := range d.params {
		if p[rule] == nil {
			p[rule] = map[string]any{}
		}
		maps.Copy(p[rule], values)
	}
}

// checkParam holds a value against the default of a shipped rule.
func (l *loader) checkParam(d *document, at [2]string, defaults map[string]any) {
	want, ok := defaults[at[1]]
	have := d.params[at[0]][at[1]]
	switch {
	case !ok && len(defaults) == 0:
		l.add(d.file, d.lines[at], 0, "params.%s.%s: this rule has no parameters", at[0], at[1])
	case !ok:
		valid := slices.Sorted(maps.Keys(defaults))
		l.add(d.file, d.lines[at], 0, "params.%s.%s: there is no such parameter%s, the rule has: %s", at[0], at[1],
			didYouMean(at[1], valid), strings.Join(valid, ", "))
	case typeName(want) == "a list" && typeName(have) == "a list" && !sameType(want, have):
		l.add(d.file, d.lines[at], 0, "params.%s.%s: every entry of the list is %s", at[0], at[1], typeName(want.([]any)[0]))
	case !sameType(want, have):
		l.add(d.file, d.lines[at], 0, "params.%s.%s is %s, the rule wants %s", at[0], at[1], typeName(have), typeName(want))
	}
}

// sameType compares JSON types, and the types of a list's entries.
func sameType(want, have any) bool {
	if typeName(want) != typeName(have) {
		return false
	}
	wants, _ := want.([]any)
	haves, _ := have.([]any)
	if len(wants) == 0 {
		return true
	}
	return !slices.ContainsFunc(haves, func(entry any) bool { return !sameType(wants[0], entry) })
}

func typeName(v any) string {
	switch v := v.(type) {
	case nil:
		return "empty"
	case bool:
		return "a boolean"
	case string:
		return "a string"
	case json.Number:
		if _, err := v.Int64(); err == nil {
			return "an integer"
		}
		return "a number"
	case []any:
		return "a list"
	default:
		return "a mapping"
	}
}

// schema describes the parameters to the type checker, so that a misspelt one is
// an error at load. Below a parameter anything goes.
func (p params) schema() any {
	rules := map[string]any{}
	for rule, values := range p {
		fields := map[string]any{}
		for key, v := range values {
			fields[key] = jsonType(v)
		}
		rules[rule] = map[string]any{"type": "object", "properties": fields, "additionalProperties": false}
	}
	return map[string]any{"type": "object", "properties": rules, "additionalProperties": false}
}

func jsonType(v any) any {
	switch v.(type) {
	case bool:
		return map[string]any{"type": "boolean"}
	case string:
		return map[string]any{"type": "string"}
	case json.Number:
		return map[string]any{"type": "number"}
	case []any:
		return map[string]any{"type": "array"}
	case map[string]any:
		return map[string]any{"type": "object"}
	}
	return map[string]any{}
}
