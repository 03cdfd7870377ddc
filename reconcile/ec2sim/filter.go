package ec2sim

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// filter is one Filter of a Describe call: any of the values may match.
type filter struct {
	name   string
	values []string
}

// fields maps the names of an action's filters to the values of one item. Tags
// are reached as tag:KEY and tag-key.
type fields[T any] struct {
	byName map[string]func(T) []string
	tags   func(T) map[string]string
}

// filters reads the filters in the order of their numbers.
func (p params) filters() []filter {
	numbers := map[int]bool{}
	for key := range p.values {
		if rest, ok := strings.CutPrefix(key, "Filter."); ok {
			number, _, _ := strings.Cut(rest, ".")
			numbers[index(number)] = true
		}
	}
	var list []filter
	for _, n := range slices.Sorted(maps.Keys(numbers)) {
		at := "Filter." + strconv.Itoa(n)
		list = append(list, filter{p.one(at + ".Name"), p.list(at + ".Value")})
	}
	return list
}

// sift keeps the items that match every filter.
func (f fields[T]) sift(items []T, wanted []filter) ([]T, *failure) {
	for _, w := range wanted {
		get := f.getter(w.name)
		switch {
		case w.name == "":
			return nil, fail(codeMissingParameter, "The request must contain the name of each filter")
		case get == nil:
			return nil, fail(codeInvalidValue, "The filter '%s' is invalid", quote(w.name))
		case len(w.values) == 0:
			return nil, fail(codeMissingParameter, "The filter '%s' has no value", quote(w.name))
		}
		items = slices.DeleteFunc(items, func(item T) bool {
			return !slices.ContainsFunc(get(item), func(v string) bool {
				return slices.ContainsFunc(w.values, func(pattern string) bool { return glob(pattern, v) })
			})
		})
	}
	return items, nil
}

// getter returns what a filter looks at, or nil when there is no such filter.
func (f fields[T]) getter(name string) func(T) []string {
	if name == "tag-key" {
		return func(item T) []string { return slices.Collect(maps.Keys(f.tags(item))) }
	}
	if key, ok := strings.CutPrefix(name, "tag:"); ok {
		return func(item T) []string {
			if v, ok := f.tags(item)[key]; ok {
				return []string{v}
			}
			return nil
		}
	}
	return f.byName[name]
}

// glob matches s against EC2's wildcards: * for any characters, ? for one, and a
// backslash that takes away a wildcard's meaning. It needs time in proportion to
// the product of both lengths at worst.
func glob(pattern, s string) bool {
	p, t := []rune(pattern), []rune(s)
	i, j, star, mark := 0, 0, -1, 0
	for j < len(t) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i+1 < len(p) && p[i] == '\\' && p[i+1] == t[j]:
			i, j = i+2, j+1
		case i < len(p) && p[i] != '\\' && (p[i] == '?' || p[i] == t[j]):
			i, j = i+1, j+1
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}
