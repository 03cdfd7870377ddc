package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	yamlnode "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"
)

// document is one data file: the parameters that it sets, and where.
type document struct {
	file    string
	data    []byte
	shipped bool
	params  map[string]map[string]any // by rule and parameter
	lines   map[[2]string]int         // line of {rule, parameter}; {rule, ""} for the rule itself
}

// readDocument reads a data file strictly: one document, nothing but params, no
// key twice, no anchors.
func (l *loader) readDocument(file string, data []byte, shipped bool) {
	before := len(l.list)
	root := l.dataRoot(file, data)
	if root == nil || len(l.list) > before {
		return
	}
	d := &document{file: file, data: data, shipped: shipped, lines: map[[2]string]int{}}
	var body struct {
		Params map[string]map[string]any `json:"params"`
	}
	useNumber := func(dec *json.Decoder) *json.Decoder { dec.UseNumber(); return dec }
	if err := yaml.UnmarshalStrict(data, &body, useNumber); err != nil {
		l.add(file, 0, 0, "%s", oneLine(err.Error()))
		return
	}
	d.params = body.Params
	eachPair(root, func(_, params *yamlnode.Node) {
		eachPair(params, func(rule, values *yamlnode.Node) {
			d.lines[[2]string{rule.Value, ""}] = rule.Line
			eachPair(values, func(key, _ *yamlnode.Node) {
				d.lines[[2]string{rule.Value, key.Value}] = key.Line
			})
		})
	})
	l.data = append(l.data, d)
}

// dataRoot returns the mapping at the top of a data file, or nil after adding
// what is wrong with it.
func (l *loader) dataRoot(file string, data []byte) *yamlnode.Node {
	dec := yamlnode.NewDecoder(bytes.NewReader(data))
	var top, more yamlnode.Node
	switch err := dec.Decode(&top); {
	case errors.Is(err, io.EOF):
		l.add(file, 0, 0, "the file is empty: write \"params: {}\" to set nothing")
		return nil
	case err != nil:
		l.add(file, 0, 0, "%s", oneLine(err.Error()))
		return nil
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		l.add(file, max(1, more.Line), 0, "the file holds more than one document: only the first would count")
	}
	l.checkNodes(file, &top)
	if len(top.Content) == 0 || top.Content[0].Kind != yamlnode.MappingNode {
		l.add(file, 1, 0, "the file holds one mapping, params: {<rule>: {<parameter>: …}}")
		return nil
	}
	root := top.Content[0]
	eachPair(root, func(key, value *yamlnode.Node) {
		switch {
		case key.Value != "params":
			l.add(file, key.Line, key.Column, "%q is not known: a data file holds params and nothing else", key.Value)
		case value.Kind != yamlnode.MappingNode:
			l.add(file, value.Line, value.Column, "params is a mapping of rule names")
		default:
			eachPair(value, func(rule, values *yamlnode.Node) {
				if values.Kind != yamlnode.MappingNode {
					l.add(file, values.Line, values.Column, "params.%s is a mapping of parameters", rule.Value)
				}
			})
		}
	})
	return root
}

// checkNodes refuses what makes one value depend on another place in the file.
func (l *loader) checkNodes(file string, n *yamlnode.Node) {
	switch {
	case n.Kind == yamlnode.AliasNode:
		l.add(file, n.Line, n.Column, "aliases are not allowed: write the value out")
		return
	case n.Anchor != "":
		l.add(file, n.Line, n.Column, "anchors are not allowed: write the value where it is needed")
	case n.Tag == "!!merge":
		l.add(file, n.Line, n.Column, "merge keys are not allowed: write the values out")
	}
	for _, child := range n.Content {
		l.checkNodes(file, child)
	}
}

func eachPair(n *yamlnode.Node, f func(key, value *yamlnode.Node)) {
	if n.Kind != yamlnode.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		f(n.Content[i], n.Content[i+1])
	}
}
