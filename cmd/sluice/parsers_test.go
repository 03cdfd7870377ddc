package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// reads are the beginnings of the names of functions that make something of bytes.
var reads = regexp.MustCompile(`^(?i:parse|read|load|decode|unmarshal|unpack|split)([A-Z]|$)`)

// decoders are functions of libraries that do.
var decoders = []string{
	"json.Unmarshal", "json.NewDecoder", "xml.Unmarshal", "xml.NewDecoder", "yaml.UnmarshalStrict", "yaml.NewDecoder", "yamlnode.NewDecoder", "pem.Decode", "ssh.ParseKnownHosts",
}

// TestEveryParserIsFuzzed holds three lists together: functions that make something of bytes, the
// table that says which target feeds each, and the targets that there are.
func TestEveryParserIsFuzzed(t *testing.T) {
	targets := fuzzTargets(t)
	fed, named := map[string]bool{}, map[string]bool{}
	for _, p := range parsers {
		for _, name := range strings.Fields(p.functions) {
			fed[name] = true
		}
		for _, name := range strings.Fields(p.targets) {
			named[name] = true
			if !slices.Contains(targets, name) {
				t.Errorf("%s: there is no fuzz target %s", p.bytes, name)
			}
		}
		if p.targets == "" && p.why == "" {
			t.Errorf("%s: no target, and no reason why it needs none", p.bytes)
		}
	}
	for _, name := range targets {
		if !named[name] {
			t.Errorf("%s is in no row of the table", name)
		}
	}
	there := parsingFunctions(t)
	for _, name := range there {
		if !fed[name] {
			t.Errorf("%s makes something of bytes, and no row of the table says which target feeds it", name)
		}
	}
	for name := range fed {
		if !slices.Contains(there, name) {
			t.Errorf("the table names %s, which is no parser, or not there", name)
		}
	}
}

// parsingFunctions lists the functions that the names or the calls of which say that they make
// something of bytes, as folder.Function or folder.Type.Method.
func parsingFunctions(t *testing.T) (list []string) {
	for _, f := range sources(t) {
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil || !decodes(fn.Body) && (!reads.MatchString(fn.Name.Name) || !takesBytes(fn)) {
				continue
			}
			if fn.Recv != nil && slices.Contains([]string{"Read", "ReadAt"}, fn.Name.Name) { // an io.Reader gives bytes
				continue
			}
			name := fn.Name.Name
			if fn.Recv != nil {
				name = receiver(fn.Recv.List[0].Type) + "." + name
			}
			list = append(list, f.folder+"."+name)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// takesBytes reports whether a function is given bytes, text, or somewhere to read them from.
func takesBytes(fn *ast.FuncDecl) bool {
	return slices.ContainsFunc(fn.Type.Params.List, func(p *ast.Field) bool {
		given := p.Type
		if star, ok := given.(*ast.StarExpr); ok {
			given = star.X
		}
		switch of := given.(type) {
		case *ast.ArrayType:
			name, ok := of.Elt.(*ast.Ident)
			return ok && name.Name == "byte"
		case *ast.SelectorExpr:
			return slices.Contains([]string{"Reader", "ReaderAt", "Values"}, of.Sel.Name)
		case *ast.Ident:
			return of.Name == "string" || of.Name == "File"
		}
		return false
	})
}

func decodes(body *ast.BlockStmt) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && slices.Contains(decoders, x.Name+"."+sel.Sel.Name) {
				found = true
			}
		}
		return !found
	})
	return found
}

func receiver(of ast.Expr) string {
	switch of := of.(type) {
	case *ast.StarExpr:
		return receiver(of.X)
	case *ast.IndexExpr:
		return receiver(of.X)
	case *ast.Ident:
		return of.Name
	}
	return ""
}

// fuzzTargets lists the fuzz targets, as folder.Name.
func fuzzTargets(t *testing.T) (list []string) {
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Fuzz") {
				list = append(list, path.Dir(filepath.ToSlash(rel))+"."+fn.Name.Name)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}
