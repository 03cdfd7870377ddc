package bundle

import (
	"bytes"
	"slices"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	opa "github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/compile"

	"github.com/seed-6ca89210/sluice/policy"
)

// TestWhatOPABuildsOfAFolderIsRead does what `opa build --bundle . --signing-key` does.
func TestWhatOPABuildsOfAFolderIsRead(t *testing.T) {
	for _, from := range []struct{ dir, path string }{{"../../examples/policies", "."}, {"../../examples", "policies"}} {
		t.Run(from.path, func(t *testing.T) {
			t.Chdir(from.dir)
			k := rsaPair(t, "RS256")
			var out bytes.Buffer
			builder := compile.New().WithRegoVersion(ast.RegoV1).WithTarget("rego").WithAsBundle(true).WithOutput(&out).
				WithPaths(from.path).WithBundleSigningConfig(opa.NewSigningConfig(k.private, k.alg, ""))
			if err := builder.Build(t.Context()); err != nil {
				t.Fatal(err)
			}
			b, err := read(t, out.Bytes(), trusting(k))
			if err != nil {
				t.Fatal(err)
			}
			engine, err := policy.Load(t.Context(), []policy.Source{{Name: "bundle", Files: b.Files}}, policy.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(engine.Rules(), func(r policy.Rule) bool {
				return r.ID == "spec.counted_from_pool" && r.Title != "" && len(r.Params) > 0
			}) {
				t.Errorf("the example's rule is not there, or without title and parameters: %+v", engine.Rules())
			}
		})
	}
}
