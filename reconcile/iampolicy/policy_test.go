package iampolicy

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-6ca89210/sluice/reconcile/inventory"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var fleet = []Target{
	{Partition: "aws", Region: "us-east-1", Account: "123456789012", Resources: []Resource{
		{Kind: inventory.KindNatGateway, ID: "nat-0ee3edd182361f662"},
		{Kind: inventory.KindNatGateway, ID: "nat-0b7c1d2e3f4a5b6c7"},
		{Kind: inventory.KindNatGateway, ID: "nat-0b7c1d2e3f4a5b6c7"},
		{Kind: inventory.KindNatGateway, Tags: map[string]string{"Name": "egress-b", "env": "${aws:username}"}},
		{Kind: inventory.KindNatGateway, Tags: map[string]string{"Name": "egress-c"}},
		{Kind: inventory.KindNatGateway}, // says nothing, and so allows nothing
		{Kind: inventory.KindNetworkInterface, ID: "eni-0065a61b324d1897a"},
	}},
	{Partition: "aws", Region: "eu-central-1", Account: "123456789012", Resources: []Resource{
		{Kind: inventory.KindNetworkInterface, Tags: map[string]string{"Name": "vip"}},
	}},
}

func TestPoliciesAreAsInTheGoldenFiles(t *testing.T) {
	china := []Target{{Partition: "aws-cn", Region: "cn-north-1", Account: "*", Resources: fleet[0].Resources[:1]}}
	for name, p := range map[string]Policy{
		"observe": For("observe", fleet), "dry-run": For("dry-run", fleet), "apply": For("apply", fleet), "china": For("apply", china), "nothing": For("apply", fleet[:0]),
	} {
		got, err := json.MarshalIndent(p, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, '\n')
		path := filepath.Join("testdata", name+".json")
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs (%v):\n%s", path, err, got)
		}
	}
}

// A call that is added to reconcile/ec2 or reconcile/dynamodb without a permission fails
// here, and so does a permission that nobody needs.
func TestThePolicyAllowsWhatTheCodeCallsAndNoMore(t *testing.T) {
	table := Policy{}
	table.AllowTable("arn:aws:dynamodb:us-east-1:123456789012:table/sluice")
	for folder, policy := range map[string]Policy{"ec2": For("apply", fleet), "dynamodb": table} {
		allowed := map[string]bool{}
		for _, s := range policy.Statement {
			for _, name := range s.Action {
				allowed[name] = true
			}
		}
		if called := calls(t, folder); !maps.Equal(called, allowed) {
			t.Errorf("reconcile/%s calls %v\nthe policy allows %v", folder, slices.Sorted(maps.Keys(called)), slices.Sorted(maps.Keys(allowed)))
		}
	}
}

// calls are the operations of the SDK that a package's source names, as IAM has them.
func calls(t *testing.T, folder string) map[string]bool {
	t.Helper()
	called := map[string]bool{}
	files, err := filepath.Glob(filepath.Join("..", folder, "*.go"))
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if method, ok := n.(*ast.SelectorExpr); ok { // c.api.DescribeSubnets
				if client, ok := method.X.(*ast.SelectorExpr); ok && client.Sel.Name == "api" && method.Sel.Name != "Options" {
					called[folder+":"+method.Sel.Name] = true
				}
			}
			return true
		})
	}
	return called
}

// What can change something is bounded by a resource or by tags, never by nothing.
func TestNoChangeIsAllowedEverywhere(t *testing.T) {
	for _, s := range For("apply", fleet).Statement {
		reads := strings.HasPrefix(s.Sid, "Read")
		for _, resource := range s.Resource {
			if !reads && (resource == "*" || strings.HasSuffix(resource, "/*") && len(s.Condition["StringEquals"]) == 0) {
				t.Errorf("%s allows %v on %s", s.Sid, s.Action, resource)
			}
		}
		if s.Effect != "Allow" || len(s.Resource) == 0 || len(s.Action) == 0 {
			t.Errorf("%+v", s)
		}
	}
}
