package policy

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
)

// Engine holds compiled rules. It does not change after [Load] and may be used by
// many goroutines at once.
type Engine struct {
	digest  string
	rules   []Rule // sorted by id, without Params
	params  map[string][]byte
	files   map[string]string // rule id by file
	sites   []site
	judges  map[Scope]*judge
	timeout time.Duration

	compiler *ast.Compiler
	store    storage.Store
	base     baseData
	txn      storage.Transaction // for reading, of all evaluations: nothing is ever written
}

// Load compiles the shipped library and the sources, which must be trusted: they
// decide. What is wrong with them comes back all at once as a [*LoadError]; any
// other error is the context's or a defect of this package.
func Load(ctx context.Context, sources []Source, opts Options) (e *Engine, err error) {
	defer func() {
		if r := recover(); r != nil {
			e, err = nil, fmt.Errorf("load the policies: the rule engine failed: %v", r)
		}
	}()
	l, modules, values, err := read(ctx, sources)
	if err != nil {
		return nil, err
	}
	e = &Engine{judges: map[Scope]*judge{}, files: map[string]string{}, params: map[string][]byte{}, timeout: opts.evalTimeout()}
	rulesOnly := slices.DeleteFunc(slices.Clone(modules), func(m *module) bool { return m.test })
	// One order, whatever the order of the sources.
	slices.SortFunc(rulesOnly, func(a, b *module) int { return cmp.Compare(a.file, b.file) })
	e.digest = digest(rulesOnly, l.data)
	if err := e.describe(rulesOnly, values); err != nil {
		return nil, err
	}
	if err := e.lower(opts.Levels); err != nil {
		return nil, err
	}
	if err := e.compile(ctx, rulesOnly, values.root()); err != nil {
		return nil, err
	}
	return e, ctx.Err()
}

// read parses and checks everything: what Load and Test have in common.
func read(ctx context.Context, sources []Source) (*loader, []*module, params, error) {
	l := &loader{caps: capabilities()}
	if err := l.readLibrary(); err != nil {
		return nil, nil, nil, err
	}
	for _, src := range sources {
		l.readSource(src, false)
		if err := ctx.Err(); err != nil {
			return nil, nil, nil, err
		}
	}
	parsedAll := len(l.list) == 0
	modules := l.checkShapes()
	values := l.mergeParams(l.modules, parsedAll)
	// A missing module would make its users wrong too, and hide what is. The library
	// alone is what it was when its tests passed.
	if parsedAll && len(modules) == len(l.modules) && len(sources) > 0 {
		rules := slices.DeleteFunc(slices.Clone(modules), func(m *module) bool { return m.test })
		if err := l.check(rules, values); err != nil {
			return nil, nil, nil, err
		}
	}
	if err := l.err(); err != nil {
		return nil, nil, nil, err
	}
	return l, modules, values, ctx.Err()
}

// root is the data document that rules read.
func (p params) root() map[string]any {
	rules := map[string]any{}
	for rule, values := range p {
		rules[rule] = values
	}
	return map[string]any{"params": rules}
}

// describe fills the list of rules.
func (e *Engine) describe(modules []*module, values params) error {
	for _, m := range modules {
		if m.lib {
			continue
		}
		a := m.annotations()
		e.rules = append(e.rules, Rule{
			ID: m.id(), Scope: m.scope, Title: strings.TrimSpace(a.Title), Description: strings.TrimSpace(a.Description),
			Level: m.level(), File: m.file, Line: m.parsed.Package.Location.Row, Shipped: m.shipped,
		})
		e.files[m.file] = m.id()
		if own := values[m.name]; len(own) > 0 {
			data, err := json.Marshal(own)
			if err != nil {
				return fmt.Errorf("the parameters of %s: %w", m.id(), err)
			}
			e.params[m.id()] = data
		}
	}
	slices.SortFunc(e.rules, func(a, b Rule) int { return cmp.Compare(a.ID, b.ID) })
	return nil
}

// Digest returns "sha256:…" over all modules and data documents in force, the
// library's included, and the rules that [Options] lowered. Tests do not count, nor
// do names, paths and order of files.
func (e *Engine) Digest() string { return e.digest }

// Rules returns the rules in force, sorted by id. The caller may keep them.
func (e *Engine) Rules() []Rule {
	out := slices.Clone(e.rules)
	for i := range out {
		if data := e.params[out[i].ID]; data != nil {
			// These bytes came from json.Marshal and always decode.
			_ = json.Unmarshal(data, &out[i].Params)
		}
	}
	return out
}

func digest(modules []*module, data []*document) string {
	var parts []string
	part := func(kind string, content []byte) {
		sum := sha256.Sum256(content)
		parts = append(parts, kind+" "+hex.EncodeToString(sum[:]))
	}
	for _, m := range modules {
		part("module", m.data)
	}
	for _, d := range data {
		part("data", d.data)
	}
	slices.Sort(parts)
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return "sha256:" + hex.EncodeToString(sum[:])
}
