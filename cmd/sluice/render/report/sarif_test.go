package report

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"net/url"
	"path/filepath"
	"strconv"
	"testing"

	official "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/seed-6ca89210/sluice/cmd/sluice/render"
)

// sarifValidator compiles the standard's own JSON Schema. The library that is a
// dependency of this test holds it as a constant, from whose source it is read: the
// library's own check would see only what its types have kept of our bytes.
func sarifValidator(t rapid.TB) *jsonschema.Schema {
	t.Helper()
	pkg, err := build.Import("github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif", ".", build.FindOnly)
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(pkg.Dir, "schema.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var text string
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			text, err = strconv.Unquote(lit.Value)
		}
		return true
	})
	if err != nil || len(text) < 100_000 {
		t.Fatalf("the schema is %d bytes long: %v", len(text), err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// validSARIF fails unless data is SARIF 2.1.0.
func validSARIF(t rapid.TB, schema *jsonschema.Schema, data []byte) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
}

func TestSARIFIsValidByTheStandardsSchema(t *testing.T) {
	schema := sarifValidator(t)
	for _, r := range []render.AuditReport{mixed(), clean(), {}, changed(), unchanged(), lively()} {
		validSARIF(t, schema, written(t, SARIF, r))
	}
	for _, bad := range []string{
		`{"version":"2.1.0"}`,
		`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[{"ruleId":"x"}]}]}`,
		`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[{"message":{"text":"x"},"level":"grave"}]}]}`,
		`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"columnkind":"x"}]}`,
	} {
		doc, _ := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(bad)))
		if schema.Validate(doc) == nil {
			t.Errorf("the schema lets %s pass: it checks nothing", bad)
		}
	}
}

func TestALibraryReadsSARIFBack(t *testing.T) {
	data := written(t, SARIF, mixed())
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var log official.Report
	if err := d.Decode(&log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	levels := map[string]int{}
	for _, res := range run.Results {
		levels[res.Level]++
		if id := run.Tool.Driver.Rules[res.RuleIndex].ID; *id != *res.RuleID {
			t.Errorf("a result of %s points to the rule %s", *res.RuleID, *id)
		}
		if len(res.Locations) != 1 {
			t.Errorf("%s has %d locations; GitHub refuses a file where one has none", *res.RuleID, len(res.Locations))
		}
	}
	if levels["error"] != 10 || levels["warning"] != 1 || levels["note"] != 1 || len(levels) != 3 {
		t.Errorf("levels are %v", levels)
	}
	inv := run.Invocations[0]
	if *inv.ExecutionSuccessful || len(inv.ToolExecutionNotifications) != 1 {
		t.Errorf("a problem of no file makes no failed run: %+v", inv)
	}
	if *run.Tool.Driver.Rules[5].ID != "spec.min_serving" {
		t.Errorf("a rule that only passed is not named: %v", *run.Tool.Driver.Rules[5].ID)
	}
}

func TestAPathBecomesAURIOfItself(t *testing.T) {
	for _, path := range []string{"a.yaml", "my vip.yaml", "a:b.yaml", "ü/%41.yaml", "a#b?c.yaml", "\xff\x1b.yaml", "/tmp/x y.yaml", "./a", "..", "a\\b"} {
		file := sarifFile(path)
		u, err := url.Parse(file.URI)
		if err != nil {
			t.Errorf("%q: %v", path, err)
			continue
		}
		if filepath.Clean(u.Path) != filepath.Clean(path) || u.RawQuery+u.Fragment+u.Host != "" {
			t.Errorf("%q becomes %q, which means %q", path, file.URI, u.Path)
		}
		if absolute := path[0] == '/'; absolute != (u.Scheme == "file") || absolute == (file.BaseID != "") {
			t.Errorf("%q: %+v", path, file)
		}
	}
}
