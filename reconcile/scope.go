package reconcile

import (
	"fmt"
	"maps"
	"slices"

	"github.com/seed-6ca89210/sluice/reconcile/spec"
)

// scope is which documents a loop works for.
type scope struct {
	only    string   // empty: all
	targets []string // of the configuration, sorted
}

// narrow leaves a configuration with the one target that it is for.
func (c *Config) narrow() error {
	c.scope = scope{c.Only, slices.Sorted(maps.Keys(c.Targets))}
	if c.Only == "" {
		return nil
	}
	target, known := c.Targets[c.Only]
	if !known {
		return fmt.Errorf("reconcile: there is no target %q to work for alone", c.Only)
	}
	c.Targets = map[string]Target{c.Only: target}
	return nil
}

// concerns reports whether a document is the loop's.
//
//	the document…                       is the business of
//	is a file that cannot be read       every loop
//	names a target of the configuration that target's loop
//	names another                       the loop of the first target
func (s scope) concerns(doc spec.Document) bool {
	_, known := slices.BinarySearch(s.targets, doc.Target)
	switch {
	case s.only == "" || doc.Target == "" || doc.Target == s.only:
		return true
	case known:
		return false
	}
	return s.only == s.targets[0]
}

func (s scope) narrow(docs []spec.Document) []spec.Document {
	if s.only == "" {
		return docs
	}
	var mine []spec.Document
	for _, doc := range docs {
		if s.concerns(doc) {
			mine = append(mine, doc)
		}
	}
	return mine
}
