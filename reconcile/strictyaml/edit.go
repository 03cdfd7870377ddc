package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// errByHand is an edit that would take more than a few words in place.
var errByHand = errors.New("it is written in a form that is not edited by a program; change it by hand")

// SetText returns the file's text with the plain scalar at path replaced. text must be
// what Parse read. Every other byte stays. Whoever edits reads the result back. The error
// names file:line and says that a person has to make the change: there is no such
// scalar, or it is quoted or of several lines.
func (d Document) SetText(text []byte, value string, steps ...string) ([]byte, error) {
	_, n := d.find(steps)
	at, ok := offset(text, n)
	if !ok || n.Kind != yaml.ScalarNode || !bytes.HasPrefix(text[at:], []byte(n.Value)) {
		return nil, d.byHand(steps)
	}
	return slices.Concat(text[:at], []byte(value), text[at+len(n.Value):]), nil
}

// SetList returns the file's text with the list at path holding these values: items
// that stay keep their lines and comments, others lose theirs, new ones come last. The
// values must need no quotes. text must be what Parse read. Whoever edits reads the
// result back. The error is as that of SetText, where there is no list, or one that
// cannot be written anew without losing what stands beside it.
func (d Document) SetList(text []byte, values []string, steps ...string) ([]byte, error) {
	key, n := d.find(steps)
	at, ok := offset(text, n)
	if !ok || n.Kind != yaml.SequenceNode {
		return nil, d.byHand(steps)
	}
	var out []byte
	if n.Style&yaml.FlowStyle != 0 {
		out, ok = d.setFlow(text, at, n, values)
	} else {
		out, ok = setBlock(text, key, n, values)
	}
	if !ok {
		return nil, d.byHand(steps)
	}
	return out, nil
}

func (d Document) byHand(steps []string) error {
	line, _ := d.Position(steps...)
	return fmt.Errorf("%s:%d: %s: %w", d.File, line, strings.Join(steps, "."), errByHand)
}

// find returns the key and the value at a path, or nil.
func (d Document) find(steps []string) (key, n *yaml.Node) {
	n = d.root
	for _, step := range steps {
		if n == nil {
			return nil, nil
		}
		key, n = child(n, step)
	}
	return key, n
}

// offset is where a node begins. The columns of nodes count characters.
func offset(text []byte, n *yaml.Node) (at int, ok bool) {
	if n == nil || n.Line < 1 {
		return 0, false
	}
	for range n.Line - 1 {
		end := bytes.IndexByte(text[at:], '\n')
		if end < 0 {
			return 0, false
		}
		at += end + 1
	}
	line := string(text[at:])
	column := 1
	for i := range line {
		if column == n.Column {
			return at + i, true
		}
		column++
	}
	return 0, false
}

// setFlow writes a list in brackets anew, on one line.
func (d Document) setFlow(text []byte, at int, n *yaml.Node, values []string) ([]byte, bool) {
	end := bytes.IndexByte(text[at:], ']')
	if end < 0 || text[at] != '[' || bytes.ContainsRune(text[at:at+end], '#') { // a comment would be lost
		return nil, false
	}
	quoted := strings.EqualFold(path.Ext(d.File), ".json")
	for _, item := range n.Content {
		quoted = quoted || item.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0
	}
	var items []string
	for _, v := range inPlace(n, values) {
		if quoted {
			v = strconv.Quote(v)
		}
		items = append(items, v)
	}
	return slices.Concat(text[:at], []byte("["+strings.Join(items, ", ")+"]"), text[at+end+1:]), true
}

// inPlace puts the values that are there already first, in their order.
func inPlace(n *yaml.Node, values []string) []string {
	var out []string
	for _, item := range n.Content {
		if slices.Contains(values, item.Value) {
			out = append(out, item.Value)
		}
	}
	for _, v := range values {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// setBlock takes away and adds lines of a list that has one item a line.
func setBlock(text []byte, key, n *yaml.Node, values []string) ([]byte, bool) {
	lines := bytes.SplitAfter(text, []byte("\n"))
	var lead, ending string // what stands before an item, and behind its line
	drop, have, last := map[int]bool{}, map[string]bool{}, 0
	for _, item := range n.Content {
		at, ok := offset(text, item)
		if !ok || item.Kind != yaml.ScalarNode || item.Line <= last {
			return nil, false
		}
		begin := bytes.LastIndexByte(text[:at], '\n') + 1
		if lead = string(text[begin:at]); strings.Trim(lead, " -") != "" || strings.Count(lead, "-") != 1 {
			return nil, false
		}
		last = item.Line
		have[item.Value] = true
		drop[item.Line-1] = !slices.Contains(values, item.Value)
	}
	if last == 0 {
		return nil, false
	}
	ending = "\n"
	if bytes.HasSuffix(lines[last-1], []byte("\r\n")) {
		ending = "\r\n"
	}
	if len(values) == 0 {
		at, ok := offset(text, key)
		if !ok || !bytes.HasPrefix(text[at:], []byte(key.Value+":")) {
			return nil, false
		}
		colon := len(bytes.Join(lines[:key.Line-1], nil)) // of the line that the key is on
		colon = at + len(key.Value) + 1 - colon
		lines[key.Line-1] = slices.Concat(lines[key.Line-1][:colon], []byte(" []"), lines[key.Line-1][colon:])
	}
	var out []byte
	for i, line := range lines {
		if !drop[i] {
			out = append(out, line...)
		}
		if i != last-1 {
			continue
		}
		for _, v := range values {
			if have[v] {
				continue
			}
			if len(out) > 0 && out[len(out)-1] != '\n' { // the file ended without one
				out = append(out, ending...)
			}
			out = append(out, lead+v+ending...)
		}
	}
	return out, true
}
