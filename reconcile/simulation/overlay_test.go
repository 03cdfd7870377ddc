package simulation

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// plantedVariable names the bug that is switched on in a binary that has all of them.
const plantedVariable = "SLUICE_PLANTED"

// switches is added to each package that has a bug.
const switches = `package %s

import "os"

func planted(name string) bool { return os.Getenv(%q) == name }

func plantedOr[T any](name string, bad, good T) T {
	if planted(name) {
		return bad
	}
	return good
}

var _ = plantedOr[bool]
`

var packageClause = regexp.MustCompile(`(?m)^package (\w+)$`)

// apply puts an edit of a bug into a file's text.
func (e edit) apply(name, source string) (string, error) {
	if n := strings.Count(source, e.find); n != 1 {
		return "", fmt.Errorf("planted bug %s: its text stands %d times in %s, not once; find the place again:\n%s", name, n, e.file, e.find)
	}
	both := e.replace
	switch e.form {
	case expression:
		both = fmt.Sprintf("plantedOr(%q, %s, %s)", name, e.replace, e.find)
	case statement:
		both = fmt.Sprintf("if planted(%q) {\n%s\n} else {\n%s\n}", name, e.replace, e.find)
	}
	return strings.Replace(source, e.find, both, 1), nil
}

// module is the folder of go.mod, from here.
var module = filepath.Join("..", "..")

// mutate returns all files that have a bug, with their bugs in them, by their paths
// in the module; and the switches of their packages.
func mutate(bugs []plantedBug) (map[string]string, error) {
	files := map[string]string{}
	var wrong []error
	for _, bug := range bugs {
		for _, e := range bug.edits {
			if _, ok := files[e.file]; !ok {
				data, err := os.ReadFile(filepath.Join(module, filepath.FromSlash(e.file)))
				if err != nil {
					return nil, err
				}
				files[e.file] = string(data)
			}
			changed, err := e.apply(bug.name, files[e.file])
			if err != nil {
				wrong = append(wrong, err)
				continue
			}
			files[e.file] = changed
			name := packageClause.FindStringSubmatch(files[e.file])
			if name == nil {
				return nil, fmt.Errorf("%s has no package clause", e.file)
			}
			files[filepath.ToSlash(filepath.Join(filepath.Dir(e.file), "planted_switches.go"))] = fmt.Sprintf(switches, name[1], plantedVariable)
		}
	}
	return files, errors.Join(wrong...)
}

// overlay writes the files somewhere else, and what `go build -overlay` wants to know.
func overlay(dir string, bugs []plantedBug) (string, error) {
	files, err := mutate(bugs)
	if err != nil {
		return "", err
	}
	root, err := filepath.Abs(module)
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for name, text := range files {
		at := filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(root, filepath.FromSlash(name))] = at
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	at := filepath.Join(dir, "overlay.json")
	return at, os.WriteFile(at, data, 0o600)
}

func TestEveryPlantedBugHasItsPlaceInTheSource(t *testing.T) {
	if _, err := mutate(plantedBugs); err != nil {
		t.Error(err)
	}
	const least = 40
	if len(plantedBugs) < least {
		t.Errorf("%d bugs are planted; at least %d are wanted", len(plantedBugs), least)
	}
	seen := map[string]bool{}
	for _, bug := range plantedBugs {
		if seen[bug.name] || bug.means == "" || len(bug.edits) == 0 {
			t.Errorf("planted bug %s: it needs a name of its own, a meaning and a place", bug.name)
		}
		seen[bug.name] = true
	}
}

func TestAPlantedBugWhoseTextIsGoneIsAnError(t *testing.T) {
	e := edit{file: "x.go", find: "a == b", replace: "true"}
	for _, source := range []string{"package x", "package x; a == b; a == b"} {
		if _, err := e.apply("x", source); err == nil {
			t.Errorf("no error for %q", source)
		}
	}
	got, err := e.apply("x", "if a == b {")
	if want := `if plantedOr("x", true, a == b) {`; err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}
