package policy

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/seed-6ca89210/sluice/policy/library"
)

// Limits that keep the parser's time and stack small. No policy comes near them.
const (
	maxFileBytes = 1 << 20
	maxNesting   = 200
)

const libPart = "lib" // sluice.lib.<name> holds functions for every scope

// module is one Rego file.
type module struct {
	file    string // as problems name it
	data    []byte
	shipped bool
	test    bool
	parsed  *ast.Module
	scope   Scope // empty in a helper package
	name    string
	lib     bool
}

func (m *module) id() string { return string(m.scope) + "." + m.name }

// loader carries what Load gathers on its way.
type loader struct {
	problems
	caps    *ast.Capabilities
	modules []*module
	data    []*document
}

// readLibrary adds the embedded rules.
func (l *loader) readLibrary() error {
	src := Source{Name: "library"}
	entries, err := fs.ReadDir(library.Files, ".")
	if err != nil {
		return fmt.Errorf("read the shipped library: %w", err)
	}
	for _, entry := range entries {
		data, err := library.Files.ReadFile(entry.Name())
		if err != nil {
			return fmt.Errorf("read the shipped library: %w", err)
		}
		src.Files = append(src.Files, File{Path: entry.Name(), Data: data})
	}
	l.readSource(src, true)
	return nil
}

// readSource sorts a source's files into modules, tests and data.
func (l *loader) readSource(src Source, shipped bool) {
	rules, seen := 0, map[string]bool{}
	for _, f := range src.Files {
		file := f.Path
		if src.Name != "" {
			file = strings.TrimSuffix(src.Name, "/") + "/" + f.Path
		}
		kind := fileKind(f.Path)
		switch {
		case kind == "":
			continue
		case seen[f.Path]:
			l.add(file, 0, 0, "the file is listed twice")
			continue
		case len(f.Data) > maxFileBytes:
			l.add(file, 0, 0, "the file has %d bytes, the limit is %d", len(f.Data), maxFileBytes)
			continue
		case !utf8.Valid(f.Data):
			l.add(file, 0, 0, "the file is not valid UTF-8")
			continue
		}
		seen[f.Path] = true
		if kind == "data" {
			l.readDocument(file, f.Data, shipped)
			continue
		}
		m := &module{file: file, data: f.Data, shipped: shipped, test: kind == "test"}
		if !m.test {
			rules++
		}
		l.parse(m)
	}
	if rules == 0 {
		l.add(src.Name, 0, 0, "no rule found in %s: a policy source holds at least one .rego file that is not a test", src.label())
	}
}

func (s Source) label() string {
	if s.Name == "" {
		return "a policy source without a name"
	}
	return s.Name
}

// fileKind is "rule", "test", "data", or "" for a file that is not ours. Case is
// ignored, so that Data.YAML is not overlooked.
func fileKind(name string) string {
	base := strings.ToLower(path.Base(name))
	switch {
	case base == "data.yaml", base == "data.yml", base == "data.json":
		return "data"
	case strings.HasSuffix(base, "_test.rego"):
		return "test"
	case strings.HasSuffix(base, ".rego"):
		return "rule"
	}
	return ""
}

// parse keeps the module only when its package is one of ours.
func (l *loader) parse(m *module) {
	if line := tooDeep(m.data); line > 0 {
		l.add(m.file, line, 0, "brackets are nested more than %d deep", maxNesting)
		return
	}
	parsed, err := ast.ParseModuleWithOpts(m.file, string(m.data), ast.ParserOptions{
		ProcessAnnotation: true,
		RegoVersion:       ast.RegoV1,
		Capabilities:      l.caps,
	})
	if err != nil {
		l.addErr(m.file, err)
		return
	}
	m.parsed = parsed
	if problem := m.place(); problem != "" {
		l.at(parsed.Package.Location, "%s", problem)
		return
	}
	l.modules = append(l.modules, m)
}

var nameForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// place reads scope and name from the package, or says what is wrong with it.
func (m *module) place() string {
	var parts []string
	for _, term := range m.parsed.Package.Path[1:] {
		s, ok := term.Value.(ast.String)
		if !ok || !nameForm.MatchString(string(s)) {
			return "a package name is made of letters, digits and underscores"
		}
		parts = append(parts, string(s))
	}
	valid := []string{string(ScopeSpec), string(ScopeAction), string(ScopePlan), libPart}
	name := strings.Join(parts, ".")
	form := fmt.Sprintf("package %s is not known: ", name)
	switch {
	case len(parts) == 0 || parts[0] != "sluice":
		return form + "a package here is sluice.<scope>.<name>"
	case m.test && len(parts) > 1 && strings.HasSuffix(name, "_test"):
		return ""
	case len(parts) > 1 && !slices.Contains(valid, parts[1]):
		return form + fmt.Sprintf("the second part is %s%s", strings.Join(valid, ", "), didYouMean(parts[1], valid))
	case len(parts) != 3:
		return form + fmt.Sprintf("it has exactly three parts, sluice.<scope>.<name> with scope %s, or sluice.lib.<name>", strings.Join(valid[:3], ", "))
	}
	m.name = parts[2]
	if m.lib = parts[1] == libPart; !m.lib {
		m.scope = Scope(parts[1])
	}
	return ""
}

// tooDeep returns the line where brackets are nested too deep, or 0. It counts
// brackets in strings and comments as well: it is a limit, not a parser.
func tooDeep(data []byte) int {
	depth, line := 0, 1
	for _, c := range data {
		switch c {
		case '\n':
			line++
		case '(', '[', '{':
			if depth++; depth > maxNesting {
				return line
			}
		case ')', ']', '}':
			depth = max(0, depth-1)
		}
	}
	return 0
}
