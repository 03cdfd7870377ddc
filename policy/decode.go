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

// decode reads the query's result: by rule, a set of [site, [entry, …]].
func (e *Engine) decode(j *judge, result *ast.Term) ([]Decision, error) {
	object, ok := result.Value.(ast.Object)
	if !ok || object.Len() != len(j.rules) {
		return nil, errors.New("the result is not one set of entries a rule: a defect of the engine")
	}
	decisions := []Decision{}
	for _, id := range j.rules {
		term := object.Get(ast.InternedTerm(id))
		if term == nil {
			return nil, fmt.Errorf("rule %s was not evaluated: a defect of the engine", id)
		}
		entries, ok := term.Value.(ast.Set)
		if !ok {
			return nil, fmt.Errorf("rule %s gave no set: a defect of the engine", id)
		}
		if entries.Len() == 0 {
			continue // the common case
		}
		var err error
		if decisions, err = e.decodeRule(decisions, entries); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(decisions, byRule)
	return slices.Compact(decisions), nil
}

func (e *Engine) decodeRule(decisions []Decision, entries ast.Set) ([]Decision, error) {
	for _, entry := range entries.Slice() {
		pair, ok := entry.Value.(*ast.Array)
		if !ok || pair.Len() != 2 {
			return nil, errors.New("an entry has no origin: a defect of the engine")
		}
		number, ok := pair.Elem(0).Value.(ast.Number)
		n, isInt := number.Int()
		list, isList := pair.Elem(1).Value.(*ast.Array)
		if !ok || !isInt || !isList || n < 0 || n >= len(e.sites) {
			return nil, errors.New("an entry has no origin: a defect of the engine")
		}
		from := e.sites[n]
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
	return decisions, nil
}

// decodeEntry accepts a string or {"msg": …}; for cap {"msg": …, "maxDrainSeconds": …}.
func decodeEntry(from site, v ast.Value) (Decision, error) {
	d := Decision{Rule: from.rule, Kind: from.kind}
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
