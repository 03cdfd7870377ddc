package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// The limits of a file. Nothing that people write by hand comes near them.
const (
	MaxBytes = 256 << 10 // of one file, looked at before anything is parsed
	MaxDepth = 64        // of nested mappings and lists
)

// maxDocuments is how many documents a file may have: about as many of the
// shortest useful ones as fit into MaxBytes.
const maxDocuments = 2500

var errTooMany = fmt.Errorf("the file has more than %d documents; split it", maxDocuments)

// Parse reads all documents of a file. JSON files are YAML files; a byte order
// mark and CRLF are tolerated; a document that holds only comments is skipped.
//
// The problems are all those of the file, in order. A problem of one document is
// in that document's Problems too, so that the others can be used. When the text
// itself cannot be read (size, encoding, syntax) there are no documents at all:
// where one ends and the next begins is then unknown.
func Parse(file string, data []byte) ([]Document, []Problem) {
	if len(data) > MaxBytes {
		return nil, []Problem{{File: file, Message: fmt.Sprintf(
			"the file has %d bytes, more than the limit of %d; split it", len(data), MaxBytes)}}
	}
	text := bytes.TrimPrefix(data, []byte("\ufeff"))
	if p, ok := checkText(text); !ok {
		p.File = file
		return nil, []Problem{p}
	}
	nodes, err := readNodes(bytes.NewReader(text))
	if errors.Is(err, errTooMany) {
		return nil, []Problem{{File: file, Message: err.Error()}}
	}
	if err != nil {
		p := syntaxProblem(text, err)
		p.File = file
		return nil, []Problem{p}
	}
	var docs []Document
	var problems []Problem
	for _, root := range nodes {
		if isEmpty(root) {
			continue
		}
		c := converter{file: file}
		value := c.convert(root, 1)
		doc := Document{File: file, Line: root.Line, Problems: limited(SortProblems(c.problems)), root: root, value: value}
		docs = append(docs, doc)
		problems = append(problems, doc.Problems...)
	}
	return docs, SortProblems(problems)
}

// readNodes returns the root of every document in r.
func readNodes(r io.Reader) (roots []*yaml.Node, err error) {
	// The library reports errors by panics of its own. It recovers those that it
	// knows; a hostile file must not end the process by one that it does not.
	defer func() {
		if p := recover(); p != nil {
			roots, err = nil, fmt.Errorf("the YAML reader failed: %v", p)
		}
	}()
	decoder := yaml.NewDecoder(r)
	for range maxDocuments {
		var doc yaml.Node
		err := decoder.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return roots, nil
		}
		if err != nil {
			return nil, err
		}
		if len(doc.Content) > 0 {
			roots = append(roots, doc.Content[0])
		}
	}
	return nil, errTooMany
}

// isEmpty tells a document without any content from one that says null: the
// library makes up a node for what is not there.
func isEmpty(root *yaml.Node) bool {
	return root.Kind == yaml.ScalarNode && root.Value == "" && root.Style == 0 && root.Anchor == ""
}
