package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-6ca89210/sluice/cmd/sluice/config"
)

// advice is the name of a setting as messages write it: a dotted path that begins
// with one of these.
var advice = regexp.MustCompile(`(?:^|[\s("])((?:limits|policyLimits|auth|specs|clientCert|webhooks|drift|budget|verify)(?:\.[a-zA-Z]+)+)`)

// An error that tells people to raise or to set something would send them on a
// chase if that setting did not exist, or had another name.
func TestEverySettingThatAMessageNamesExists(t *testing.T) {
	known := settings(t)
	found := 0
	for _, message := range literals(t) {
		for _, match := range advice.FindAllStringSubmatch(message, -1) {
			name := match[1]
			found++
			// What a function puts behind the name is Env or File.
			if !slices.ContainsFunc(known, func(k string) bool {
				return k == name || strings.HasSuffix(k, "."+name) || strings.HasSuffix(k, "."+name+"File")
			}) {
				t.Errorf("%q names the setting %s, which sluice.yaml does not have", message, name)
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d names of settings were found in messages", found)
	}
}

// literals are all texts of the program without its tests.
func literals(t *testing.T) []string {
	t.Helper()
	var texts []string
	eachNode(t, "", func(n ast.Node) {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			text, _ := strconv.Unquote(lit.Value)
			texts = append(texts, text)
		}
	})
	return texts
}

// identifiers are the names that the program without its tests takes from other
// packages or values, and the fields that it sets.
func identifiers(t *testing.T) []string { return identifiersOf(t, "") }

func identifiersOf(t *testing.T, folder string) []string {
	t.Helper()
	var names []string
	eachNode(t, folder, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok {
				names = append(names, x.Name+"."+n.Sel.Name)
			}
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok {
				names = append(names, key.Name)
			}
		}
	})
	return names
}

// eachNode visits the syntax of what lies in a folder of the repository, without tests.
func eachNode(t *testing.T, folder string, visit func(ast.Node)) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join("..", "..", folder), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			visit(n)
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// settings are the dotted paths of all settings of the configuration: policies.url
// stands for those of each entry.
func settings(t *testing.T) []string {
	t.Helper()
	var root map[string]any
	if err := json.Unmarshal(config.Schema(), &root); err != nil {
		t.Fatal(err)
	}
	var paths []string
	var walk func(path string, node map[string]any)
	walk = func(path string, node map[string]any) {
		if ref, ok := node["$ref"].(string); ok {
			walk(path, resolve(root, ref))
			return
		}
		if items, ok := node["items"].(map[string]any); ok {
			walk(path, items)
		}
		fields, _ := node["properties"].(map[string]any)
		for name, field := range fields {
			field := field.(map[string]any)
			if _, refused := field["not"]; refused { // it is there for its message only
				continue
			}
			paths = append(paths, strings.TrimPrefix(path+"."+name, "."))
			walk(path+"."+name, field)
		}
	}
	walk("", root)
	slices.Sort(paths)
	return paths
}

func resolve(root map[string]any, ref string) map[string]any {
	node := root
	for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		node = node[step].(map[string]any)
	}
	return node
}
