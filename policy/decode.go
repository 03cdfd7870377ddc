package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// longestDrain is EC2's limit of MaxDrainDurationSeconds.
const longestDrain = 4000

// decode reads the scope's set of [site, [entry, …]].
func (e *Engine) decode(entries ast.Set) ([]Decision, error) {
	decisions := []Decision{}
	for _, entry := range entries.Slice() {
		from, list, err := e.origin(entry.Value)
		if err != nil {
			return nil, err
		}
		if list.Len() == 0 {
			return nil, fmt.Errorf("%sthe condition of %s holds but its message is undefined: the message reads a value that is not there; test for it first, or use object.get with a default",
				e.place(from.at), from.kind)
		}
		for i := range list.Len() {
			d, err := decodeEntry(from, list.Elem(i).Value)
			if err != nil {
				return nil, fmt.Errorf("%s%w", e.place(from.at), err)
			}
			decisions = append(decisions, d)
		}
	}
	slices.SortFunc(decisions, byRule)
	return slices.Compact(decisions), nil
}

// origin takes a pair apart.
func (e *Engine) origin(v ast.Value) (site, *ast.Array, error) {
	unknown := errors.New("an entry has no origin: a defect of the engine")
	pair, ok := v.(*ast.Array)
	if !ok || pair.Len() != 2 {
		return site{}, nil, unknown
	}
	number, ok := pair.Elem(0).Value.(ast.Number)
	n, isInt := number.Int()
	list, isList := pair.Elem(1).Value.(*ast.Array)
	if !ok || !isInt || !isList || n < 0 || n >= len(e.sites) {
		return site{}, nil, unknown
	}
	return e.sites[n], list, nil
}

// decodeEntry accepts a string or {"msg": …, "path": …}, of which path may be left
// out; for cap with "maxDrainSeconds": … too.
func decodeEntry(from site, v ast.Value) (Decision, error) {
	d := Decision{Rule: from.rule, Kind: from.kind, Path: from.path}
	switch v := v.(type) {
	case ast.String:
		d.Msg = string(v)
	case ast.Object:
		for _, key := range v.Keys() {
			if err := d.set(key.Value, v.Get(key).Value); err != nil {
				return d, err
			}
		}
	default:
		return d, fmt.Errorf("an entry of %s is %s: it must be a string or an object with msg", d.Kind, v)
	}
	if strings.TrimSpace(d.Msg) == "" {
		return d, fmt.Errorf("an entry of %s has no message: it must say in words what is wrong", d.Kind)
	}
	if d.Kind == Cap && d.MaxDrainSeconds == 0 {
		return d, errors.New("an entry of cap has no maxDrainSeconds")
	}
	return d, nil
}

func (d *Decision) set(key, v ast.Value) error {
	switch {
	case key.Compare(ast.String("msg")) == 0:
		s, ok := v.(ast.String)
		if !ok {
			return fmt.Errorf("msg of an entry of %s is %s, not a string", d.Kind, v)
		}
		d.Msg = string(s)
	case key.Compare(ast.String("path")) == 0:
		s, ok := v.(ast.String)
		if !ok || !isPointer(string(s)) {
			return fmt.Errorf("path of an entry of %s is %s, not a JSON pointer into the document such as \"/spec/drain/maxDuration\"", d.Kind, v)
		}
		d.Path = string(s)
	case d.Kind == Cap && key.Compare(ast.String("maxDrainSeconds")) == 0:
		number, ok := v.(ast.Number)
		n, isInt := number.Int()
		if !ok || !isInt || n < 1 || n > longestDrain {
			return fmt.Errorf("maxDrainSeconds of an entry of cap is %s, not an integer from 1 to %d", v, longestDrain)
		}
		d.MaxDrainSeconds = n
	default:
		return fmt.Errorf("an entry of %s has the field %s, which means nothing here", d.Kind, key)
	}
	return nil
}
