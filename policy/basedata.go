package policy

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// baseData answers queries for parameters from memory, before the store is asked: a
// read of the store costs as much as a rule. Nothing in it ever changes, so all
// queries share it.
type baseData struct{ data ast.Value }

// Get and Put make it a topdown.BaseCache.
func (b baseData) Get(ref ast.Ref) ast.Value {
	if !ref.HasPrefix(paramsRef) || !ref.IsGround() {
		return nil
	}
	v, err := b.data.Find(ref[1:])
	if err != nil {
		return nil // the store says what that means
	}
	return v
}

// Put has nothing to keep.
func (b baseData) Put(ast.Ref, ast.Value) {}
