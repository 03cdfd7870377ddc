package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// reserved begins the names of the rules that the engine adds to a package.
const reserved = "__sluice"

// checkShapes refuses every module whose rules could be overlooked, and returns
// those that may be compiled.
func (l *loader) checkShapes() []*module {
	var good []*module
	byPackage := map[string]*module{}
	for _, m := range l.modules {
		before := len(l.list)
		switch {
		case m.test:
			l.checkTestFile(m)
		case m.lib:
			l.checkLib(m)
		default:
			l.checkRulePackage(m)
		}
		l.checkAnnotations(m)
		l.checkMetadata(m)
		if !m.test {
			pkg := m.parsed.Package.Path.String()
			if first := byPackage[pkg]; first != nil {
				l.at(m.parsed.Package.Location, "%s is already in %s: a package has one file, and a shipped one cannot be redefined",
					strings.TrimPrefix(m.parsed.Package.String(), "package "), first.file)
			} else {
				byPackage[pkg] = m
			}
		}
		if len(l.list) == before {
			good = append(good, m)
		}
	}
	return good
}

func isKind(name string) bool { return slices.Contains(kinds, name) }

// ruleName is the first part of a rule's name: deny of "deny contains x".
func ruleName(r *ast.Rule) string {
	return strings.Trim(r.Head.Ref()[0].Value.String(), `"`)
}

// isSet reports "name contains x", with a plain name.
func isSet(r *ast.Rule) bool { return r.Head.RuleKind() == ast.MultiValue }

// isDecision reports a well-formed rule of deny, hold, warn or cap.
func isDecision(r *ast.Rule) bool {
	return isKind(ruleName(r)) && isSet(r) && len(r.Head.Ref()) == 1
}

// checkRulePackage wants at least one decision, and no other rule that looks
// like one.
func (l *loader) checkRulePackage(m *module) {
	decisions := 0
	for _, r := range m.parsed.Rules {
		name := ruleName(r)
		keyed := isSet(r) || len(r.Head.Ref()) > 1
		switch {
		case strings.HasPrefix(name, reserved):
			l.at(r.Location, "names that start with %s are the engine's own", reserved)
		case isDecision(r) && !r.Default:
			decisions++
			if name == Cap && m.scope != ScopeAction {
				l.at(r.Location, "a cap shortens the drain of an action: in scope %s it would change nothing; write package sluice.action.%s", m.scope, m.name)
			}
		case isKind(name):
			l.at(r.Location, "%s must be a set of messages: write \"%s contains msg if { … }\"; as it stands nothing would be decided", name, name)
		case keyed && !strings.HasPrefix(name, "_"):
			l.at(r.Location, "%q is no decision%s: the sets of a rule package are %s; the name of a helper set or object starts with an underscore",
				name, didYouMean(name, kinds), strings.Join(kinds, ", "))
		case isKind(strings.ToLower(name)):
			l.at(r.Location, "%q is no decision%s: names are in lower case", name, didYouMean(name, kinds))
		}
		l.checkSprintf(r)
	}
	if decisions == 0 {
		l.at(m.parsed.Package.Location, "the package decides nothing: it needs a set %s, as in \"deny contains msg if { … }\"", strings.Join(kinds, ", "))
	}
	if a := m.annotations(); a == nil || strings.TrimSpace(a.Title) == "" {
		l.at(m.parsed.Package.Location, "the rule has no title: put \"# METADATA\" and \"# title: …\" on the lines above the package")
	} else if level, found := a.Custom["level"]; found && !slices.Contains(levels, fmt.Sprint(level)) {
		l.at(m.parsed.Package.Location, "custom.level %q is no level%s: it is %s", fmt.Sprint(level), didYouMean(fmt.Sprint(level), levels), strings.Join(levels, ", "))
	}
}

// level is the rule's custom.level.
func (m *module) level() Level {
	if a := m.annotations(); a != nil {
		if text, ok := a.Custom["level"].(string); ok {
			return Level(text)
		}
	}
	return Soft
}

// checkLib keeps helper packages to functions and constants: what they depend
// on must be visible where they are called.
func (l *loader) checkLib(m *module) {
	for _, r := range m.parsed.Rules {
		if name := ruleName(r); isKind(name) || strings.HasPrefix(name, reserved) {
			l.at(r.Location, "%s has no meaning in a helper package: decisions stand in sluice.<scope>.<name>", name)
		}
	}
	ast.WalkRefs(m.parsed, func(ref ast.Ref) bool {
		if ref[0].Equal(ast.InputRootDocument) || ref.HasPrefix(paramsRef) {
			l.at(ref[0].Location, "a helper package takes what it needs as arguments, it does not read %s", ref)
			return true
		}
		return false
	})
}

// checkTestFile refuses a rule that only looks like a test file, because the
// engine leaves those out.
func (l *loader) checkTestFile(m *module) {
	tests := 0
	for _, r := range m.parsed.Rules {
		name := ruleName(r)
		switch {
		case isKind(name):
			l.at(r.Location, "%s in a test file decides nothing: files that end in _test.rego hold tests only", name)
		case strings.HasPrefix(name, "test_"), strings.HasPrefix(name, "todo_test_"):
			tests++
		}
	}
	if tests == 0 {
		l.at(m.parsed.Package.Location, "the test file has no test: their names start with test_")
	}
}

// annotations returns the METADATA of the package, or nil.
func (m *module) annotations() *ast.Annotations {
	for _, a := range m.parsed.Annotations {
		if a.Scope == "package" {
			return a
		}
	}
	return nil
}

func (l *loader) checkAnnotations(m *module) {
	for _, a := range m.parsed.Annotations {
		if len(a.Schemas) > 0 {
			l.at(a.Location, "METADATA may not set schemas: what input looks like is fixed by the scope")
		}
		if a.Scope == "subpackages" {
			l.at(a.Location, "METADATA of scope subpackages has no meaning here: a rule is one package")
		}
	}
}
