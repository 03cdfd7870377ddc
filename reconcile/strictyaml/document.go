package strictyaml

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Document is one YAML document of a file.
type Document struct {
	File     string
	Line     int       // of its first key or value
	Problems []Problem // what Parse refused in it; its other values are as written

	root  *yaml.Node
	value any
}

// Position returns where the value at path begins. A path element is a key, or
// an index as a decimal number. Of a path that does not exist it is the position
// of the last part that does.
func (d Document) Position(path ...string) (line, column int) {
	n := d.root
	if n == nil {
		return d.Line, 1
	}
	for _, step := range path {
		_, next := child(n, step)
		if next == nil {
			break
		}
		n = next
	}
	return n.Line, n.Column
}

// Problemf makes a problem at the value at path.
func (d Document) Problemf(path []string, format string, args ...any) Problem {
	line, column := d.Position(path...)
	return Problem{File: d.File, Line: line, Column: column, Message: fmt.Sprintf(format, args...)}
}

// keyProblemf makes a problem at the key of a field of the mapping at path.
func (d Document) keyProblemf(path []string, field, format string, args ...any) Problem {
	p := d.Problemf(path, format, args...)
	n := d.root
	for _, step := range path {
		if _, n = child(n, step); n == nil {
			return p
		}
	}
	if key, _ := child(n, field); key != nil {
		p.Line, p.Column = key.Line, key.Column
	}
	return p
}

// child finds one step of a path. The key is nil in a list.
func child(n *yaml.Node, step string) (key, value *yaml.Node) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if k := n.Content[i]; k.Kind == yaml.ScalarNode && k.Value == step {
				return k, n.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(n.Content) && strconv.Itoa(i) == step {
			return nil, n.Content[i]
		}
	}
	return nil, nil
}

// JSON returns the document as it is written, as JSON on one line with sorted
// keys: equal documents are equal bytes. What Parse refused is null.
func (d Document) JSON() []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(d.value); err != nil {
		return []byte("null") // cannot happen: the value holds only what JSON has
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Fields returns the document as encoding/json would decode it, numbers as
// json.Number; nil when it is no mapping. The caller must not change it.
func (d Document) Fields() map[string]any {
	fields, _ := d.value.(map[string]any)
	return fields
}

// Decode stores the document in the value that into points to, by the rules of
// encoding/json. Unknown fields and values of a wrong type are an error; the
// other fields are stored all the same. Since encoding/json does not care for the
// case of a field's name, Validate comes first wherever that matters.
func (d Document) Decode(into any) error {
	dec := json.NewDecoder(bytes.NewReader(d.JSON()))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return Problem{File: d.File, Line: d.Line, Column: 1, Message: err.Error()}
	}
	return nil
}
