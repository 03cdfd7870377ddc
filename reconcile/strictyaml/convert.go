package strictyaml

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

const aliasWords = "aliases (*name) are not allowed; write the value out"

// converter makes plain values (as encoding/json does, numbers as json.Number)
// of nodes, and notes what it refuses on the way. A refused value becomes nil.
type converter struct {
	file     string
	problems []Problem
}

func (c *converter) refuse(n *yaml.Node, format string, args ...any) any {
	c.problems = append(c.problems, Problem{File: c.file, Line: n.Line, Column: n.Column, Message: fmt.Sprintf(format, args...)})
	return nil
}

// convert goes down one node. What it refuses it still walks where it can, so that one
// look shows every problem; the depth is bounded, since the stack is not.
func (c *converter) convert(n *yaml.Node, depth int) any {
	if depth > MaxDepth {
		return c.refuse(n, "nested deeper than %d levels", MaxDepth)
	}
	if n.Kind == yaml.AliasNode {
		return c.refuse(n, aliasWords)
	}
	if n.Anchor != "" {
		c.refuse(n, "anchors (&%s) are not allowed; write the value where it is used", printable(n.Anchor))
	}
	if n.Style&yaml.TaggedStyle != 0 {
		return c.refuse(n, "tags (%s) are not allowed; put text in quotes, write other values plainly", printable(n.Tag))
	}
	switch n.Kind {
	case yaml.MappingNode:
		return c.mapping(n, depth)
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			list = append(list, c.convert(item, depth+1))
		}
		return list
	default:
		return c.scalar(n)
	}
}

// maxFields is how many fields one mapping may have. Problems are looked up field
// by field, so that more would let a small file take long.
const maxFields = 1000

// mapping refuses a key that is there twice: YAML's readers differ in which one counts.
func (c *converter) mapping(n *yaml.Node, depth int) any {
	if len(n.Content)/2 > maxFields {
		return c.refuse(n, "more than %d fields in one mapping", maxFields)
	}
	fields := make(map[string]any, len(n.Content)/2)
	lines := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		key, ok := c.key(k)
		value := c.convert(v, depth+1) // for its problems, even when the key is bad
		if !ok {
			continue
		}
		if line, twice := lines[key]; twice {
			c.refuse(k, "key %q is already set on line %d; remove one of the two", shorten(key), line)
			continue
		}
		fields[key], lines[key] = value, k.Line
	}
	return fields
}

// key returns the text of a key. Only text can be one: 1 and "1" would be
// different keys in YAML and the same one in JSON.
func (c *converter) key(k *yaml.Node) (string, bool) {
	if k.Kind == yaml.ScalarNode && k.Tag == "!!merge" && k.Style == 0 {
		c.refuse(k, "merge keys (<<) are not allowed; write the fields out")
		return "", false
	}
	if k.Kind != yaml.ScalarNode && k.Kind != yaml.AliasNode {
		c.refuse(k, "a key must be text, not %s", describeKind(k.Kind))
		return "", false
	}
	before := len(c.problems)
	key, ok := c.convert(k, 1).(string)
	if !ok && len(c.problems) == before {
		c.refuse(k, "key %s is not text; put it in quotes", cmp.Or(printable(k.Value), "(empty)"))
	}
	return key, ok
}

// jsonNumber is the grammar of numbers in JSON.
var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

// maxNumber is the length of the longest number that is read as one.
const maxNumber = 40

// scalar reads a plain scalar as JSON would, and everything in quotes as text.
func (c *converter) scalar(n *yaml.Node) any {
	if n.Style != 0 {
		return n.Value
	}
	plain := jsonNumber.MatchString(n.Value)
	switch {
	case n.Tag == "!!null":
		return nil
	case n.Tag == "!!bool":
		return strings.EqualFold(n.Value, "true")
	case plain && len(n.Value) <= maxNumber:
		f, err := strconv.ParseFloat(n.Value, 64)
		if err != nil {
			return c.refuse(n, "number %s is out of range", n.Value)
		}
		return canonicalNumber(n.Value, f)
	case plain || n.Tag == "!!int" || n.Tag == "!!float":
		return c.refuse(n, "%s is a number that not every reader understands alike; write a plain decimal number, or put text in quotes", printable(n.Value))
	default: // text, and what else YAML reads into it: dates
		return n.Value
	}
}

// canonicalNumber writes a whole number without fraction and exponent, so that
// 2, 2.0 and 2e0 are one value. Others stay as they are written.
func canonicalNumber(text string, f float64) json.Number {
	const exact = 1 << 53
	if f > -exact && f < exact && f == math.Trunc(f) {
		return json.Number(strconv.FormatInt(int64(f), 10))
	}
	return json.Number(text)
}

func describeKind(k yaml.Kind) string {
	if k == yaml.MappingNode {
		return "a mapping"
	}
	return "a list"
}

// shorten keeps hostile or pasted values from filling a report.
func shorten(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// printable is shorten for what a message shows without quotes: a tag can hold any byte,
// written as %00.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, shorten(s))
}
